/// Paths as strings; Foundation's URL percent-encodes and normalises what file systems take as it is.
enum FolderPath {
  static func join(_ folder: String, _ name: String) -> String {
    if name.utf8.first == 0x2F || folder.isEmpty { return name }
    return folder.utf8.last == 0x2F ? folder + name : folder + "/" + name
  }

  /// What follows the last slash.
  static func name(_ path: String) -> String {
    let path = withoutTrailingSlashes(path)
    guard let slash = path.utf8.lastIndex(of: 0x2F), path.utf8.count > 1 else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// The folder that the file lies in, `.` for a bare name.
  static func parent(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// What follows the last dot of a name, empty if there is none but at the beginning.
  static func fileExtension(_ name: String) -> String {
    guard let dot = name.utf8.lastIndex(of: 0x2E), dot > name.startIndex else { return "" }
    return String(name[name.utf8.index(after: dot)...])
  }

  /// A name without its extension.
  static func stem(_ name: String) -> String {
    guard let dot = name.utf8.lastIndex(of: 0x2E), dot > name.startIndex else { return name }
    return String(name[..<dot])
  }

  static func withoutTrailingSlashes(_ path: String) -> String {
    var bytes = Substring(path).utf8
    while bytes.count > 1, bytes.last == 0x2F { bytes.removeLast() }
    return String(Substring(bytes))
  }

  /// `path` as seen from `folder`: without it in front if it begins with it.
  static func relative(_ path: String, to folder: String) -> String {
    let prefix = folder.utf8.last == 0x2F ? folder : folder + "/"
    return path.utf8.starts(with: prefix.utf8)
      ? String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : path
  }
}
