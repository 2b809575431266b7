import CHDF5
import Files

/// An HDF5 file, open for reading or just created.
///
/// Every call into libhdf5 is serialised by one lock of the process, so files, groups and datasets
/// may be used from any thread. Files from elsewhere are not trusted: sizes are checked against
/// the file before memory is allocated, and a file that is read is read through one descriptor by a
/// driver that opens no other.
public final class HDF5File: Sendable {
  public let path: String
  /// The group at the top.
  public let root: HDF5Group
  private let file: HDF5OpenFile

  /// Opens an existing file for reading.
  ///
  /// - Throws: `KerasFormatError` if the path is no readable regular file, or no whole HDF5 file.
  public convenience init(opening path: String) throws {
    try self.init(opening: path, named: path)
  }

  /// Opens a file that messages call by another name, such as that of an archive it came from.
  convenience init(opening path: String, named name: String) throws {
    let file = try RegularFile.open(path)
    let place = HDF5Place(file: name, object: nil)
    try Self.checkSuperblock(of: file, at: place)
    let access = try Self.makeAccess(at: place)
    let driver = try HDF5Library.started(at: place).driver
    try check("H5Pset_driver", at: place) {
      CHDF5_set_source(access.id, driver, file.descriptor)
    }
    // The name is for libhdf5's messages; its driver duplicates the descriptor.
    let id = try withExtendedLifetime(file) {
      try check("H5Fopen", at: place) { H5Fopen(path, CHDF5_F_ACC_RDONLY(), access.id) }
    }
    try self.init(path: name, handle: HDF5Handle(id), isOurs: false, place: place)
  }

  /// Creates a file for writing, in place of any file of that name.
  public convenience init(creating path: String) throws {
    let place = HDF5Place(file: path, object: nil)
    _ = try HDF5Library.started(at: place)
    let access = try Self.makeAccess(at: place)
    let id = try check("H5Fcreate", at: place, else: .cannotWrite) {
      H5Fcreate(path, CHDF5_F_ACC_TRUNC(), CHDF5_P_DEFAULT(), access.id)
    }
    try self.init(path: path, handle: HDF5Handle(id), isOurs: true, place: place)
  }

  private init(
    path: String, handle: consuming HDF5Handle, isOurs: Bool, place: HDF5Place
  ) throws {
    let id = handle.id
    let group = try check("H5Gopen2", at: place) { H5Gopen2(id, "/", CHDF5_P_DEFAULT()) }
    self.path = path
    self.file = HDF5OpenFile(handle: handle, isOurs: isOurs)
    self.root = HDF5Group(handle: HDF5Handle(group), place: place.member(""), owner: file)
  }

  /// Writes what HDF5 still holds to the file, and the file to the disk (`fsync`).
  public func flush() throws {
    let place = HDF5Place(file: path, object: nil)
    try check("H5Fflush", at: place, else: .cannotWrite) {
      H5Fflush(file.handle.id, H5F_SCOPE_GLOBAL)
    }
    try AtomicFile.synchronize(path)
  }

  /// Writes everything out and closes the file with all its groups and datasets.
  ///
  /// A file that is never closed so is closed when nothing refers to it or its groups and datasets
  /// any more, but then a failure to write goes unseen.
  public func close() throws {
    let place = HDF5Place(file: path, object: nil)
    try HDF5Library.locked {
      guard H5Iis_valid(file.handle.id) > 0 else { return }
      try check("H5Fclose", at: place, else: .cannotWrite) { H5Fclose(file.handle.id) }
    }
  }

  /// Looks for the superblock at 0, 512, 1024, 2048, …, as libhdf5 does, and refuses files whose
  /// addresses and lengths have other than 8 bytes, which nobody writes.
  private static func checkSuperblock(of file: OpenFile, at place: HDF5Place) throws {
    var offset = 0
    while offset <= file.size - 8 {
      let end = min(file.size, offset + 16)
      let bytes: [UInt8]
      do { bytes = try file.bytes(offset..<end) } catch {
        throw KerasFormatError(error, file: place.file)
      }
      if bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
        // A part of a superblock is for libhdf5 to refuse.
        guard bytes.count == 16 else { return }
        let sizes = bytes[8] < 2 ? bytes[13...14] : bytes[9...10]
        guard sizes.allSatisfy({ $0 == 8 }) else {
          throw place.error(
            .unsupported, expected: "addresses and lengths of 8 bytes",
            found: "\(sizes.map(String.init).joined(separator: " and "))")
        }
        return
      }
      offset = offset == 0 ? 512 : offset * 2
    }
    throw place.error(
      .wrongFormat, expected: "an HDF5 file", found: try RegularFile.describeContents(file.path))
  }

  private static func makeAccess(at place: HDF5Place) throws -> HDF5Handle {
    let access = HDF5Handle(
      try check("H5Pcreate", at: place) { H5Pcreate(CHDF5_P_FILE_ACCESS()) })
    try check("H5Pset_fclose_degree", at: place) {
      H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG)
    }
    // Network file systems without locks would otherwise refuse to open anything.
    try check("H5Pset_file_locking", at: place) { H5Pset_file_locking(access.id, true, true) }
    return access
  }
}

/// The open file itself, which its groups and datasets keep open.
final class HDF5OpenFile: Sendable {
  let handle: HDF5Handle
  /// Whether this process created the file.
  let isOurs: Bool

  init(handle: consuming HDF5Handle, isOurs: Bool) {
    self.handle = handle
    self.isOurs = isOurs
  }

  /// The size of the file in bytes.
  func size(at place: HDF5Place) throws -> Int {
    var size: hsize_t = 0
    try check("H5Fget_filesize", at: place) { H5Fget_filesize(handle.id, &size) }
    return Int(clamping: size)
  }
}
