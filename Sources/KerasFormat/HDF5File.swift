import CHDF5
import Foundation

/// An HDF5 file, open for reading or just created.
///
/// Every call into libhdf5 is serialised by one lock of the process, so files, groups and datasets
/// may be used from any thread. Files from elsewhere are not trusted: sizes are checked against
/// the file before memory is allocated, and nothing outside the file is ever followed.
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
    try RegularFile.inspect(path)
    let place = HDF5Place(file: name, object: nil)
    let recognised = try check("H5Fis_hdf5", at: place, else: .cannotOpen) { H5Fis_hdf5(path) }
    guard recognised > 0 else {
      throw place.error(
        .wrongFormat, expected: "an HDF5 file", found: try RegularFile.describeContents(path))
    }
    let access = try Self.makeAccess(at: place)
    let id = try check("H5Fopen", at: place) {
      H5Fopen(path, CHDF5_F_ACC_RDONLY(), access.id)
    }
    try self.init(path: name, handle: HDF5Handle(id), isOurs: false, place: place)
  }

  /// Creates a file for writing, in place of any file of that name.
  public convenience init(creating path: String) throws {
    let place = HDF5Place(file: path, object: nil)
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
