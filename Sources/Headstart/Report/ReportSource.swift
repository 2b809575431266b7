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

  /// A folder within.
  func within(_ place: String) -> ReportSource {
    ReportSource(folder: (folder as NSString).appendingPathComponent(place), name: place)
  }

  /// Whether a path does not leave the folder through a link. What is not there leaves nothing.
  func isWithin(_ place: String) -> Bool {
    var path = folder
    for part in Folder.parts(of: place) {
      path = (path as NSString).appendingPathComponent(part)
      let type =
        try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      guard type == nil || type == .typeDirectory else { return false }
    }
    return true
  }

  /// Takes over what is missing or refused in a folder within.
  mutating func add(_ folder: ReportSource) {
    missing += folder.missing.map { "\(folder.name)/\($0)" }
    refused += folder.refused.map { ("\(folder.name)/\($0.name)", $0.reason) }
  }

  mutating func refuse(_ name: String, _ reason: String) {
    if !refused.contains(where: { $0.name == name }) { refused.append((name, reason)) }
  }

  /// - Parameter isOptional: whether nothing is missing if there is no such file.
  private mutating func bytes(
    _ name: String, limit: Int, isOptional: Bool = false
  ) -> [UInt8]? {
    if isOptional, !has(name) { return nil }
    do throws(FileError) {
      let file = try OpenFile((folder as NSString).appendingPathComponent(name))
      guard file.size <= limit else {
        refuse(name, "\(file.size) bytes are too many")
        return nil
      }
      return try file.bytes(0..<file.size)
    } catch {
      if !missing.contains(name) { missing.append(name) }
      return nil
    }
  }

  func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: (folder as NSString).appendingPathComponent(name))
  }

  /// A JSON object.
  mutating func json(_ name: String, isOptional: Bool = false) -> JSONValue? {
    guard let bytes = bytes(name, limit: Self.textLimit, isOptional: isOptional) else { return nil }
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
      case .object = value
    else {
      refuse(name, "it is not a JSON object")
      return nil
    }
    return value
  }

  mutating func decoded<Value: Decodable>(
    _ name: String, _: Value.Type, isOptional: Bool = false
  ) -> Value? {
    guard let bytes = bytes(name, limit: Self.textLimit, isOptional: isOptional) else { return nil }
    guard let value = try? JSONDecoder().decode(Value.self, from: Data(bytes)) else {
      refuse(name, "it does not say what a recipe's run does")
      return nil
    }
    return value
  }

  mutating func text(_ name: String) -> String? {
    guard let bytes = bytes(name, limit: Self.textLimit / 8) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      refuse(name, "it is not a text")
      return nil
    }
    return text
  }

  mutating func chart(_ name: String) -> String? {
    guard let bytes = bytes(name, limit: Self.textLimit) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self), let chart = InlineSVG.checked(text)
    else {
      refuse(name, "it is not a chart that headstart draws")
      return nil
    }
    return chart
  }

  /// A PNG, with its width and height.
  mutating func picture(
    _ name: String, isOptional: Bool = false
  ) -> (bytes: [UInt8], width: Int, height: Int)? {
    guard let bytes = bytes(name, limit: Self.pictureLimit, isOptional: isOptional) else {
      return nil
    }
    guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]),
      let picture = try? PictureDecoder.decode(bytes, name: name)
    else {
      refuse(name, "it is not a PNG that can be read")
      return nil
    }
    return (bytes, picture.width, picture.height)
  }

  mutating func table(_ name: String) -> [[String]]? {
    guard let bytes = bytes(name, limit: Self.pictureLimit) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self),
      let rows = try? CSVFile.parse(text, path: name), let first = rows.first
    else {
      refuse(name, "it is not a table")
      return nil
    }
    guard rows.allSatisfy({ $0.fields.count == first.fields.count }) else {
      refuse(name, "its rows are of unequal length")
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
