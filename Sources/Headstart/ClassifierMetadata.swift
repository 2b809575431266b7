import Foundation

/// What a classifier's file says in the attribute `headstart`, as JSON: all that Keras has no place
/// for.
struct ClassifierMetadata: Codable {
  private var format = 1
  private var version = Release.version
  let classes: [String]
  let features: FeatureSettings
  /// The pictures that it was trained on, where known.
  let trainedOn: PictureSet
  let calibration: Calibration?

  init(
    classes: [String], features: FeatureSettings, trainedOn: PictureSet,
    calibration: Calibration? = nil
  ) {
    self.classes = classes
    self.features = features
    self.trainedOn = trainedOn
    self.calibration = calibration
  }

  init(_ classifier: Classifier) {
    self.init(
      classes: classifier.classes, features: classifier.settings, trainedOn: classifier.trainedOn,
      calibration: classifier.calibration)
  }

  /// - Parameter path: of the file that the text is from.
  /// - Throws: ``StageError/notAClassifier(path:expected:found:)``.
  init(_ text: String, path: String) throws {
    guard let metadata = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)),
      metadata.format == 1
    else {
      throw StageError.notAClassifier(
        path: path,
        expected: "a classifier written by headstart, with class names and preprocessing in the"
          + " root attribute `headstart`", found: "an attribute that does not hold them")
    }
    if let fault = metadata.calibration?.clipping.fault {
      throw StageError.notAClassifier(
        path: path, expected: "a calibration with clip levels", found: fault)
    }
    self = metadata
  }

  /// Keys sorted, so that equal values give equal text.
  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
