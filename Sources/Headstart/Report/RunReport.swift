import Foundation
import KerasFormat

/// `report.html`: everything that a run left in its folder, in one file that needs no other.
///
/// Of a recipe's run that is the recipe, what it came to, and each of its models. Only what is there
/// is shown; what is not is named at the end. There are no scripts, nothing is loaded from anywhere,
/// and names from files stand in it as text whatever they hold.
public struct RunReport: Sendable {
  /// The whole page.
  public let html: String
  /// What the report could have shown, and the folder does not hold.
  public let missing: [String]
  /// What the folder holds and the report does not show: `name: reason`.
  public let refused: [String]

  /// - Parameter folder: of a run, a recipe or an `evaluate --output`.
  /// - Throws: ``StageError/noResults(path:)`` if it holds neither figures nor pictures.
  public init(folder: String) throws(StageError) {
    let name = URL(fileURLWithPath: folder, isDirectory: true).lastPathComponent
    var source = ReportSource(folder: folder, name: name)
    let recipe = ReportRecipe(&source)
    var page = ReportPage(source)
    if let recipe { page.build(recipe) } else { page.build() }
    guard page.hasResults else { throw .noResults(path: folder) }
    (html, missing) = (page.html, page.source.missing)
    refused = page.source.refused.map { "\($0.name): \($0.reason)" }
  }

  /// Writes the file, atomically.
  public func write(to path: String) throws {
    let data = Data(html.utf8)
    try AtomicFile.write(data, to: path)
  }
}
