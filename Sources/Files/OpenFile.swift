import Foundation

/// A regular file, open for reading at any place by several threads at a time.
package final class OpenFile: Sendable {
  /// What tells a file from a later one of the same name, without reading it.
  package struct Stamp: Hashable, Sendable {
    package let device, inode, size: UInt64
    /// Nanoseconds since 1970. Unlike the time of modification, that of the last change of any
    /// kind cannot be set back.
    package let modified, changed: UInt64

    /// All of it, in the order above.
    package var words: [UInt64] { [device, inode, size, modified, changed] }

    /// - Precondition: Five words, as ``words`` gave them.
    package init(words: [UInt64]) {
      (device, inode, size, modified, changed) = (words[0], words[1], words[2], words[3], words[4])
    }

    /// Whether the file changed so recently (100 ms) that one more change might leave the same
    /// stamp: clocks of file systems tick a hundred times a second or more.
    package var isFresh: Bool {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      let (here, tick) = (UInt64(clamping: Self.nanoseconds(now)), UInt64(100_000_000))
      return changed > here || here - changed < tick
    }

    fileprivate static func nanoseconds(_ time: timespec) -> Int64 {
      Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
  }

  package let path: String
  /// Taken when the file was opened.
  package let stamp: Stamp
  /// For libraries that read by descriptors; closed with this object.
  package let descriptor: Int32

  /// In bytes, when the file was opened.
  package var size: Int { Int(stamp.size) }

  /// Opens the file, symbolic links followed.
  package init(_ path: String) throws(FileError) {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(reason: Self.reason(path, errno)) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = FileError.message(errno)
      close(descriptor)
      throw .unreadable(reason: reason)
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      close(descriptor)
      throw .notAFile(found: kind == S_IFDIR ? "a folder" : "a pipe or device")
    }
    self.path = path
    self.descriptor = descriptor
    stamp = Stamp(status)
  }

  deinit { close(descriptor) }

  /// The stamp of the regular file at `path`, symbolic links followed; nil if there is none.
  package static func stamp(of path: String) -> Stamp? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Stamp(status)
  }

  /// The bytes of a range of places.
  package func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
    try read(UInt8.self, at: range.lowerBound, count: range.count)
  }

  /// `count` values, as they lie in memory here, from a place, in bytes, on.
  package func read<T: BitwiseCopyable>(
    _ type: T.Type, at offset: Int, count: Int
  ) throws(FileError) -> [T] {
    let (length, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard offset >= 0, count >= 0, !overflow, length <= size, offset <= size - length else {
      throw .short(wanted: offset..<max(offset, offset &+ length), size: size)
    }
    var failure: FileError?
    let values = [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var done = 0
      while done < length {
        let got = pread(descriptor, bytes.baseAddress! + done, length - done, off_t(offset + done))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          failure =
            got == 0
            ? .short(wanted: offset..<offset + length, size: offset + done)
            : .unreadable(reason: FileError.message(errno))
          return
        }
        done += got
      }
      initialized = count
    }
    if let failure { throw failure }
    return values
  }

  private static func reason(_ path: String, _ code: Int32) -> String {
    var status = stat()
    if code == ENOENT, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      return "broken symbolic link"
    }
    return FileError.message(code)
  }
}

extension OpenFile.Stamp {
  fileprivate init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = UInt64(max(status.st_size, 0))
    modified = UInt64(bitPattern: Self.nanoseconds(status.st_mtim))
    changed = UInt64(bitPattern: Self.nanoseconds(status.st_ctim))
  }
}
