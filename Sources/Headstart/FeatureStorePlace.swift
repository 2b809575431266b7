import Foundation

extension FeatureStore {
  /// Whether stores can be kept in a folder, which need not be there yet.
  public static func isWritable(_ folder: String) -> Bool {
    var path = URL(fileURLWithPath: folder).standardizedFileURL.path
    while !FileManager.default.fileExists(atPath: path), path != "/" {
      path = (path as NSString).deletingLastPathComponent
    }
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue && FileManager.default.isWritableFile(atPath: path)
  }
}
