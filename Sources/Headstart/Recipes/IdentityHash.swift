import Crypto
import Foundation
import Pictures

/// A hash of what a result depends on, files told by their paths, sizes and dates: equal as long as
/// nothing has changed.
struct IdentityHash {
  private var hash = SHA256()

  mutating func add(_ text: String) { hash.update(data: Array((text + "\n").utf8)) }

  mutating func add(file path: String, as role: String = "") {
    let file = (path as NSString).resolvingSymlinksInPath
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    let size = attributes?[.size] as? Int ?? -1
    let date = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    add("\(role)\(size) \(date) \(path)")
  }

  /// The classes, and the pictures of some parts with their labels.
  mutating func add(_ data: DataSet, _ parts: [Split]) {
    add(data.classes.joined(separator: "\n"))
    for part in parts {
      for sample in data[part] {
        add(file: sample.path, as: "\(part.rawValue) \(sample.label ?? -1) ")
      }
    }
  }

  /// Hexadecimal.
  var text: String { Array(hash.finalize()).hexadecimal }
}
