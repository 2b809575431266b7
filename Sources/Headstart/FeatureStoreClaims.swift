import Foundation
import Synchronization

/// Which pictures a process has in hand, told to the others that fill the same store: each is then
/// computed by one of them.
///
/// A claim is a lock on one byte of the store's `key.json`, at the place that the picture's hash
/// names; nothing is written. The kernel keeps such locks (open file description locks, fcntl(2)) for
/// the open file, so a claim ends with its owner, however that dies. Byte 0 is shared by all who
/// compute.
///
/// Claims only save work. Where a file system or an operating system has no such locks, every claim is
/// granted, and two processes compute what both miss.
package final class FeatureStoreClaims: Sendable {
  private struct State {
    var descriptor: Int32 = -1
    /// Rows of each claimed picture that are not in the store yet.
    var rows: [PictureHash: Int] = [:]
    var ignoresOthers = false
    // True at first, for one that has just ended may have written after the store was opened.
    var sawOthers = true
  }

  private let file: String
  private let state = Mutex(State())

  /// - Parameter folder: a store's; it may not be there yet.
  package init(folder: String) {
    file = (folder as NSString).appendingPathComponent(StoreDescription.fileName)
    state.withLock { Self.open(file, &$0) }
  }

  deinit {
    state.withLock {
      guard $0.descriptor >= 0 else { return }
      // Told explicitly: a child process that is just being started has the file open, too.
      Self.lock($0.descriptor, .none, 0, length: 0)
      close($0.descriptor)
    }
  }

  /// Takes a picture in hand.
  ///
  /// - Parameter rows: how many of its rows are to be computed.
  /// - Returns: `false` if another process has it in hand.
  package func take(_ picture: PictureHash, rows: Int) -> Bool {
    state.withLock { state in
      Self.open(file, &state)
      if state.descriptor >= 0, !state.ignoresOthers {
        let isGranted = Self.lock(state.descriptor, .alone, Self.place(of: picture))
        if !isGranted, errno == EAGAIN || errno == EACCES { return false }
      }
      state.rows[picture, default: 0] += rows
      return true
    }
  }

  /// Whether another process has a picture in hand.
  package func isTaken(_ picture: PictureHash) -> Bool {
    state.withLock { state in
      guard state.descriptor >= 0, !state.ignoresOthers else { return false }
      return Self.holder(state.descriptor, Self.place(of: picture)) == .another
    }
  }

  /// Lets go of pictures when all of their rows are dealt with.
  ///
  /// - Parameter pictures: of each row that is stored, or will not be.
  package func settle(_ pictures: [PictureHash]) {
    state.withLock { state in
      for picture in pictures {
        guard let left = state.rows[picture] else { continue }
        state.rows[picture] = left > 1 ? left - 1 : nil
        if left == 1, state.descriptor >= 0 {
          Self.lock(state.descriptor, .none, Self.place(of: picture))
        }
      }
    }
  }

  /// Lets go of a picture that gives no rows.
  package func drop(_ picture: PictureHash) {
    state.withLock { $0.rows[picture] = $0.rows[picture] == nil ? nil : 1 }
    settle([picture])
  }

  /// From now on takes what others have in hand, too: they may have been stopped.
  package func ignoreOthers() { state.withLock { $0.ignoresOthers = true } }

  /// Whether others compute features for the store, or did when last asked; true where that cannot
  /// be known.
  package var othersAreThere: Bool {
    state.withLock { state in
      Self.open(file, &state)
      guard state.descriptor >= 0 else { return true }
      let before = state.sawOthers
      state.sawOthers = Self.holder(state.descriptor, Self.everyone) != .nobody
      return state.sawOthers || before
    }
  }

  // MARK: The system's locks

  private enum Lock {
    case shared, alone, none

    var type: Int16 {
      switch self {
      case .shared: Int16(F_RDLCK)
      case .alone: Int16(F_WRLCK)
      case .none: Int16(F_UNLCK)
      }
    }
  }

  /// The byte that all who compute share.
  private static let everyone: off_t = 0

  private static func place(of picture: PictureHash) -> off_t {
    // Two pictures may share a place, at worst for one to wait for the other.
    off_t(picture.firstWord >> 2) + 1
  }

  private static func open(_ file: String, _ state: inout State) {
    guard state.descriptor < 0 else { return }
    #if os(Linux)
      state.descriptor = Foundation.open(file, O_RDWR | O_CLOEXEC)
    #endif
    if state.descriptor >= 0 { lock(state.descriptor, .shared, everyone) }
  }

  // Linux' numbers of F_OFD_GETLK and F_OFD_SETLK, which are not imported: they are hidden behind
  // _GNU_SOURCE.
  private static let (getLock, setLock): (Int32, Int32) = (36, 37)

  /// - Parameter length: in bytes; 0: to the end of all places.
  /// - Returns: whether it was granted; `errno` tells why not.
  @discardableResult
  private static func lock(
    _ descriptor: Int32, _ kind: Lock, _ place: off_t, length: off_t = 1
  ) -> Bool {
    var request = Foundation.flock()
    request.l_type = kind.type
    request.l_whence = Int16(SEEK_SET)
    request.l_start = place
    request.l_len = length
    return fcntl(descriptor, setLock, &request) == 0
  }

  private enum Holder { case nobody, another, unknown }

  /// Who else has locked a place.
  private static func holder(_ descriptor: Int32, _ place: off_t) -> Holder {
    var request = Foundation.flock()
    request.l_type = Lock.alone.type
    request.l_whence = Int16(SEEK_SET)
    request.l_start = place
    request.l_len = 1
    guard fcntl(descriptor, getLock, &request) == 0 else { return .unknown }
    return request.l_type == Lock.none.type ? .nobody : .another
  }
}
