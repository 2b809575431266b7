import Files
import Foundation
import KerasFormat
import NeuralNetwork
import Pictures

/// What a run's folder holds, read with care: every file may be missing, damaged or hostile.
struct ReportSource {
  let folder: String
  let name: String
  /// Files that a report shows, and that are not there; and those that are, but cannot be shown,
  /// with the reason.
  private(set) var missing: [String] = []
  private(set) var refused: [(name: String, reason: String)] = []

  init(folder: String, name: String) {
    self.folder = folder
    self.name = name
  }

  private static let textLimit = 8 << 20
  private static let pictureLimit = 64 << 20

  private mutating func bytes(_ name: String, limit: Int) -> [UInt8]? {
    do throws(FileError) {
      let file = try OpenFile((folder as NSString).appendingPathComponent(name))
      guard file.size <= limit else {
        refused.append((name, "\(file.size) bytes are too many"))
        return nil
      }
      return try file.bytes(0..<file.size)
    } catch {
      missing.append(name)
      return nil
    }
  }

  func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: (folder as NSString).appendingPathComponent(name))
  }

  /// A JSON object.
  mutating func json(_ name: String) -> JSONValue? {
    guard let bytes = bytes(name, limit: Self.textLimit) else { return nil }
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
      case .object = value
    else {
      refused.append((name, "it is not a JSON object"))
      return nil
    }
    return value
  }

  mutating func chart(_ name: String) -> String? {
    guard let bytes = bytes(name, limit: Self.textLimit) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self), let chart = InlineSVG.checked(text)
    else {
      refused.append((name, "it is not a chart that headstart draws"))
      return nil
    }
    return chart
  }

  /// A PNG in base64, with its width and height.
  mutating func picture(_ name: String) -> (base64: String, width: Int, height: Int)? {
    guard let bytes = bytes(name, limit: Self.pictureLimit) else { return nil }
    guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]),
      let picture = try? PictureDecoder.decode(bytes, name: name)
    else {
      refused.append((name, "it is not a PNG that can be read"))
      return nil
    }
    return (Data(bytes).base64EncodedString(), picture.width, picture.height)
  }

  mutating func table(_ name: String) -> [[String]]? {
    guard let bytes = bytes(name, limit: Self.pictureLimit) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self),
      let rows = try? CSVFile.parse(text, path: name), let first = rows.first
    else {
      refused.append((name, "it is not a table"))
      return nil
    }
    guard rows.allSatisfy({ $0.fields.count == first.fields.count }) else {
      refused.append((name, "its rows are of unequal length"))
      return nil
    }
    return rows.map(\.fields)
  }

  /// The epochs of `history.csv`; none of the solver `newton`, which has none.
  mutating func history() -> [EpochRecord] {
    guard let table = table("history.csv") else { return [] }
    return HistoryFile.records(table)
  }

  /// Folders in the folder that hold `metrics.json`, by natural order of their paths.
  func models() -> [ReportSource] {
    Self.models(in: folder, prefix: "", depth: 0)
      .sorted { NaturalOrder.precedes($0.name, $1.name) }
  }

  private static func models(in folder: String, prefix: String, depth: Int) -> [ReportSource] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    var found: [ReportSource] = []
    for name in names where !name.hasPrefix(".") && found.count < 200 {
      let path = (folder as NSString).appendingPathComponent(name)
      // Not through links: they may lead in circles.
      let type =
        try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      guard type == .typeDirectory else { continue }
      let metrics = (path as NSString).appendingPathComponent("metrics.json")
      if FileManager.default.fileExists(atPath: metrics) {
        found.append(ReportSource(folder: path, name: prefix + name))
      }
      if depth < 2 { found += models(in: path, prefix: prefix + name + "/", depth: depth + 1) }
    }
    return found
  }
}
