import Foundation
import Pictures

/// What is written under a picture in a grid, to be understood without a key and without colour.
package enum PictureCaption {
  /// In one line and in two.
  package struct Choice {
    let line: String
    let lines: [String]
  }

  private static let length = Picture.captionLength(PictureGrid.cell)

  /// `cats, taken for dogs 97 %`.
  package static func mistake(_ prediction: Prediction, truth: Int, classes: [String]) -> Choice {
    let (name, share) = said(prediction, classes)
    return Choice(
      line: "\(classes[truth]), taken for \(name) \(share)",
      lines: [
        fitted("", classes[truth], ","), fitted("taken for ", name, " " + share),
      ])
  }

  /// All in one line each if they fit, else all in two.
  package static func inLines(_ captions: [Choice]) -> [[String]] {
    captions.allSatisfy { $0.line.count <= length }
      ? captions.map { [$0.line] } : captions.map(\.lines)
  }

  /// `dogs 97 %`; if that is known to be wrong, `wrong: dogs 97 %` and `it is: cats`.
  package static func sample(_ prediction: Prediction, truth: Int?, classes: [String]) -> [String] {
    let (name, share) = said(prediction, classes)
    guard let truth, truth != prediction.best else { return [fitted("", name, " " + share)] }
    return [fitted("wrong: ", name, " " + share), fitted("it is: ", classes[truth], "")]
  }

  private static func said(
    _ prediction: Prediction, _ classes: [String]
  ) -> (name: String, share: String) {
    (classes[prediction.best], percent(prediction.probabilities[prediction.best]))
  }

  /// Of a long name the end is cut, not what stands around it.
  private static func fitted(_ start: String, _ name: String, _ end: String) -> String {
    let room = max(3, length - start.count - end.count)
    return start + (name.count <= room ? name : name.prefix(room - 2) + "..") + end
  }

  /// `97 %`, `99.8 %`, `>99.9 %`: not rounded to certainty.
  package static func percent(_ value: Double) -> String {
    if value >= 0.9995 { return ">99.9 %" }
    return String(format: value >= 0.99 ? "%.1f %%" : "%.0f %%", 100 * value)
  }
}
