import Foundation

/// The pictures below some folders.
public struct PictureListing: Sendable {
  /// Paths, each beginning with the folder that was asked for.
  ///
  /// A file is taken for a picture if its name ends like one or, failing that, if its first bytes are
  /// those of one. Whether it can be read shows when it is decoded. Pictures of formats that are not
  /// read, such as HEIC and TIFF, are among the ``problems``.
  public var pictures: [String] = []
  /// Files that are no pictures.
  public var skipped: [SkippedFile] = []
  /// What could not be listed.
  public var problems: [DataProblem] = []

  static let extensions: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp",
  ]

  mutating func append(_ other: PictureListing) {
    pictures += other.pictures
    skipped += other.skipped
    problems += other.problems
  }

  /// The pictures in `folder` and below, symbolic links followed, in the order of path bytes.
  static func below(_ folder: String) throws(DataSetError) -> PictureListing {
    var walk = Walk()
    try walk.enter(folder)
    walk.listing.pictures.sort(by: bytesPrecede)
    return walk.listing
  }

  /// The pictures directly in `folder`, and the folders in it, in the order of path bytes.
  package static func level(
    _ folder: String
  ) throws(DataSetError) -> (listing: PictureListing, folders: [String]) {
    var walk = Walk()
    var folders = try walk.list(folder)
    walk.listing.pictures.sort(by: bytesPrecede)
    folders.sort(by: bytesPrecede)
    return (walk.listing, folders)
  }
}

/// One walk through a tree of folders.
private struct Walk {
  var listing = PictureListing()

  /// Folders entered so far, so that links that lead back are not followed for ever.
  private var visited: Set<[UInt64]> = []

  mutating func enter(_ root: String) throws(DataSetError) {
    _ = firstVisit(root)
    var pending = try list(root)
    while let folder = pending.popLast() {
      guard firstVisit(folder) else {
        listing.problems.append(
          DataProblem(.folderReachedTwice, [folder], "folder was entered already by another way"))
        continue
      }
      do {
        pending += try list(folder)
      } catch {
        let reason = if case .unreadable(_, let reason) = error { reason } else { "no folder" }
        listing.problems.append(DataProblem(.unreadableFolder, [folder], "not listed: \(reason)"))
      }
    }
  }

  private mutating func firstVisit(_ folder: String) -> Bool {
    var status = stat()
    guard stat(folder, &status) == 0 else { return true }
    return visited.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted
  }

  /// Notes the files in `folder`, and returns the folders in it.
  mutating func list(_ folder: String) throws(DataSetError) -> [String] {
    guard let stream = opendir(folder) else {
      if errno == ENOTDIR { throw .notAFolder(path: folder) }
      throw .unreadable(path: folder, reason: String(cString: strerror(errno)))
    }
    defer { closedir(stream) }
    var folders: [String] = []
    while let entry = readdir(stream) {
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard bytes != [0x2E], bytes != [0x2E, 0x2E] else { continue }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        let shown = FolderPath.join(folder, String(decoding: bytes, as: UTF8.self))
        listing.problems.append(
          DataProblem(.nameNotUTF8, [shown], "the name is not UTF-8; rename it to use it"))
        continue
      }
      note(name, in: folder, folders: &folders)
    }
    return folders
  }

  private mutating func note(_ name: String, in folder: String, folders: inout [String]) {
    let path = FolderPath.join(folder, name)
    if name.utf8.first == 0x2E || name == "__MACOSX" {
      listing.skipped.append(SkippedFile(path: path, reason: .hidden))
      return
    }
    let looksLikePicture = PictureListing.extensions.contains(
      FolderPath.fileExtension(name).lowercased())
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, status.st_mode & S_IFMT == S_IFDIR {
      if looksLikePicture {
        listing.problems.append(
          DataProblem(.folderNamedLikePicture, [path], "expected a picture, found a folder"))
      } else {
        folders.append(path)
      }
    } else if looksLikePicture {
      listing.pictures.append(path)
    } else {
      let head = try? FileBytes.head(path, count: PictureFormat.signatureLength)
      if let head, PictureFormat(firstBytes: head) != nil {
        listing.pictures.append(path)
      } else if let head, let format = PictureFormat.unread(firstBytes: head) {
        listing.problems.append(
          DataProblem(
            .unreadFormat, [path], "expected \(PictureFormat.list), found \(format)"))
      } else {
        listing.skipped.append(SkippedFile(path: path, reason: .notAPicture))
      }
    }
  }
}
