/// The pictures of a data set while it is being put together.
package struct FoundPictures {
  struct Item {
    var path: String
    /// The class by name, nil if it is not known.
    var label: String?
    var split: Split
  }

  var items: [Item] = []
  var classes: [String] = []
  /// Whether the data leave it to us which training pictures validate.
  var wantsSplit = false
  var problems: [DataProblem] = []
  var skipped: [SkippedFile] = []
  /// Classes whose folders for validation hold no pictures, which has been said of each.
  var emptyValidation: Set<String> = []

  mutating func take(_ listing: PictureListing, label: String?, split: Split) {
    items += listing.pictures.map { Item(path: $0, label: label, split: split) }
    skipped += listing.skipped
    problems += listing.problems
  }

  /// Puts the classes in order and checks that every one has training pictures.
  mutating func checkClasses(_ root: String, _ options: DataSetOptions) throws(DataSetError) {
    guard !items.isEmpty else { throw .noPictures(path: root) }
    let found = classes.sorted(by: bytesPrecede)
    if let order = options.classOrder {
      guard Set(order).count == order.count else { throw .classOrder(given: order, found: found) }
      if let stranger = found.first(where: { !order.contains($0) }) {
        throw .unknownClass(name: stranger, expected: order, path: root)
      }
      classes = order
    } else {
      classes = found
    }
    let hasTraining = items.contains { $0.split == .train }
    guard hasTraining else { return }
    let trained = Set(items.lazy.filter { $0.split == .train }.compactMap(\.label))
    if options.minimumClasses > 1, let empty = classes.first(where: { !trained.contains($0) }) {
      throw .emptyClass(name: empty, path: root)
    }
    guard classes.count >= options.minimumClasses else {
      throw .tooFewClasses(found: classes, needed: options.minimumClasses, path: root)
    }
  }

  /// Notes the classes that are trained, but that no validation picture shows, where the data set
  /// sets such pictures apart. (The reverse is an error: ``checkClasses(_:_:)``.)
  mutating func noteUnjudgedClasses() {
    func labels(_ split: Split) -> Set<String> {
      Set(items.lazy.filter { $0.split == split }.compactMap(\.label))
    }
    let (trained, shown) = (labels(.train), labels(.validation))
    guard !wantsSplit, !shown.isEmpty else { return }
    for name in classes
    where trained.contains(name) && !shown.contains(name) && !emptyValidation.contains(name) {
      problems.append(
        DataProblem(
          .emptyClassFolder, [], "class \(name) has training pictures, but no validation pictures"))
    }
  }

  /// One part, sorted by class and path bytes, pictures without class last.
  func samples(_ split: Split) -> [Sample] {
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    return items.filter { $0.split == split }
      .map { Sample(path: $0.path, label: $0.label.flatMap { numbers[$0] }) }
      .sorted { a, b in
        let (first, second) = (a.label ?? .max, b.label ?? .max)
        return first == second ? bytesPrecede(a.path, b.path) : first < second
      }
  }
}
