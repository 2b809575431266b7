import Files
import Foundation

/// Keeps two processes from writing to one folder: an advisory lock on the folder itself, which ends
/// with the process.
public struct FolderLock: Sendable {
  private let descriptor: Int32

  /// - Returns: nil if another process has it; on a file system without locks, a lock of no effect.
  init?(tryingOn folder: String) {
    descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else {
      return
    }
    close(descriptor)
    return nil
  }

  /// To be called once.
  public func release() {
    if descriptor >= 0 { close(descriptor) }
  }

  static func withLock<Result>(
    on folder: String, cancellation: Cancellation, whenWaiting: () -> Void,
    body: () throws -> Result
  ) throws -> Result {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw WeightsError.cannotWrite(
        path: folder, reason: SystemReason.text(errno, writing: folder))
    }
    defer { close(descriptor) }
    var waits = false
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // A file system without locks: go on without.
      guard errno == EWOULDBLOCK else { break }
      if !waits { whenWaiting() }
      waits = true
      try cancellation.check()
      usleep(200_000)
    }
    return try body()
  }
}
