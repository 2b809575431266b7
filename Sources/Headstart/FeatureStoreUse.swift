import Files
import Foundation

/// The sign that a process uses a store: an advisory lock on the store's folder, shared by all who
/// read or fill it and taken alone by who deletes it. It ends with the object, or the process.
final class FeatureStoreUse: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    // Told explicitly: a child process that is just being started has the descriptor, too.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Takes part in the use of a store; waits while it is being deleted.
  ///
  /// - Returns: `nil` if the folder was deleted meanwhile, or is not there.
  static func shared(_ folder: String) throws -> FeatureStoreUse? {
    guard let use = try open(folder) else { return nil }
    // A file system without locks, or a disk that may only be read: go on without.
    while flock(use.descriptor, LOCK_SH) != 0, errno == EINTR {}
    var held = stat()
    var there = stat()
    guard fstat(use.descriptor, &held) == 0, stat(folder, &there) == 0,
      held.st_ino == there.st_ino, held.st_dev == there.st_dev
    else { return nil }
    return use
  }

  /// Makes a store's folder where there is none, and takes part in its use.
  static func make(
    _ folder: String, _ wanted: StoreDescription
  ) throws -> FeatureStoreUse {
    var taken: FeatureStoreUse?
    // Again if it is deleted between the two steps.
    for _ in 0..<100 where taken == nil {
      do {
        try Folder.create(folder)
      } catch {
        throw FeatureStoreError.cannotWrite(path: folder, reason: error.reason)
      }
      taken = try shared(folder)
    }
    guard let use = taken else {
      throw FeatureStoreError.cannotWrite(path: folder, reason: "it is deleted all the time")
    }
    switch try StoreDescription.read(from: folder) {
    case nil: try wanted.write(to: folder)
    case let found? where found == wanted: break
    case let found?:
      throw FeatureStoreError.foreign(folder: folder, expected: wanted.key, found: found.key)
    }
    return use
  }

  /// Keeps everybody else from a store.
  ///
  /// - Returns: `nil` if somebody uses it.
  static func alone(_ folder: String) throws -> FeatureStoreUse? {
    guard let use = try open(folder) else { return nil }
    while flock(use.descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      if errno == EWOULDBLOCK { return nil }
      break
    }
    return use
  }

  private static func open(_ folder: String) throws -> FeatureStoreUse? {
    let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw FeatureStoreError.cannotRead(path: folder, reason: SystemReason.plain(errno))
    }
    return FeatureStoreUse(descriptor)
  }
}
