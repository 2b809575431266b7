import Foundation
import Pictures

extension PictureGrid {
  /// What a layer's filters answer to: under each picture the filter's number and the activation it
  /// reached.
  ///
  /// - Precondition: there is a filter.
  /// - Throws: `PictureError` if memory runs out.
  public static func filters(_ filters: [MaximizedFilter]) throws -> Data {
    precondition(!filters.isEmpty, "there is nothing to show")
    let cells = filters.map { filter in
      let width = max(filter.picture.width, 96)
      return filter.picture.captioned(
        ["\(filter.index): " + String(format: "%.4g", filter.activation)], width: width,
        height: max(filter.picture.height, 96))
    }
    return Data(try Picture.contactSheet(cells).png())
  }
}
