import ArgumentParser
import Foundation
import Headstart
import KerasFormat
import Pictures

struct AugmentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "augment",
    abstract: "Contact sheet of a picture's augmented views.",
    discussion: """
      Writes a PNG of the original and so many views of it, as training would see them: resized \
      first, then changed, as Keras' ImageDataGenerator does. The parameters drawn are printed. The \
      same seed gives the same views of the same picture, anywhere.

        headstart augment cat.jpg
        headstart augment cat.jpg --zoom-range 0.4 --fill-mode reflect --views 5
        headstart augment cat.jpg --no-augmentation --random-resized-crop 0.3,1

      Ranges that are not given are those of fine-tune, whose views these are: rotation 10, zoom \
      0.2, horizontal flip; with --no-augmentation there are none.
      """)

  @Argument(help: "Picture to show views of.", completion: .file())
  var picture: String

  @Option(help: ArgumentHelp("Number of views beside the original.", valueName: "n"))
  var views = 11

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("PNG file to write; default: <picture>-views.png.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var output: String?

  @Option(
    help: ArgumentHelp("Pictures are resized to this many pixels square.", valueName: "pixels"))
  var size = 224

  @Option(help: "Resizing filter, as PIL computes it: bilinear, nearest, bicubic, lanczos.")
  var interpolation: Interpolation = .bilinear

  @Flag(
    name: .customLong("ignore-exif"),
    help: "Do not turn the picture upright by its EXIF orientation (Keras does not).")
  var ignoreEXIF = false

  @OptionGroup(title: "Augmentation options") var viewOptions: ViewOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    guard (1...4096).contains(size) else {
      throw ValidationError("--size must lie between 1 and 4096, not \(size).")
    }
    guard (1...999).contains(views), (views + 1) * (size + 8) * (size + 8) <= 100_000_000 else {
      throw ValidationError(
        "--views must lie between 1 and 999, and the sheet below 100 megapixels.")
    }
  }

  private struct Report: Encodable {
    struct View: Encodable {
      let view: Int
      let parameters: String
    }
    let picture, output: String
    let width, height, columns: Int
    let seed: UInt64
    let augmentation: String
    let views: [View]
  }

  func run() throws {
    let augmentation = try viewOptions.augmentation()
    let bytes = try PictureDecoder.bytes(ofFile: picture)
    let source = try PictureDecoder.decode(
      bytes, name: picture, options: DecodingOptions(ignoreEXIF: ignoreEXIF))
    let transforms = (0..<views).map { view in
      ViewTransform.draw(
        augmentation, seed: common.seed, picture: PictureHash(of: bytes).bytes, view: view,
        source: (source.width, source.height), target: (size, size))
    }
    let cells = ([.plain] + transforms).map { transform in
      Picture(
        width: size, height: size,
        levels: source.prepared(
          transform, width: size, height: size, interpolation, Preprocessing.none))
    }
    let columns = Picture.contactSheetColumns(cells.count)
    let sheet = Picture.contactSheet(cells, columns: columns)
    let path = output ?? defaultOutput
    try AtomicFile.write(Data(try sheet.png()), to: path)
    let report = Report(
      picture: picture, output: path, width: sheet.width, height: sheet.height,
      columns: columns, seed: common.seed, augmentation: augmentation.canonicalText,
      views: transforms.enumerated().map { .init(view: $0, parameters: $1.canonicalText) })
    if common.json {
      try Console.json(report)
    } else {
      for view in report.views { Console.result("view \(view.view): \(view.parameters)") }
      common.note(
        "\(path): the original and \(views) view\(views == 1 ? "" : "s"), \(columns) in a row")
    }
  }

  private var defaultOutput: String {
    let name = (picture as NSString).lastPathComponent
    return (name as NSString).deletingPathExtension + "-views.png"
  }
}
