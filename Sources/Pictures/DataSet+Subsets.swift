extension DataSet {
  /// The same pictures dealt out otherwise.
  private init(_ other: DataSet, train: [Sample], validation: [Sample], test: [Sample]) {
    classes = other.classes
    self.train = train
    self.validation = validation
    self.test = test
    split = other.split
    sketches = other.sketches
    problems = other.problems
    skipped = other.skipped
  }

  /// At most so many pictures of each part, in turn from every class, for a quick look.
  public func limited(to count: Int) -> DataSet {
    DataSet(
      self, train: Self.first(count, of: train), validation: Self.first(count, of: validation),
      test: Self.first(count, of: test))
  }

  /// One fold: the pictures of that number validate, the others train.
  ///
  /// - Parameter folds: The fold of each training picture.
  public func fold(_ number: Int, of folds: [Int]) -> DataSet {
    precondition(folds.count == train.count, "a fold for each training picture")
    func pictures(_ isIncluded: (Int) -> Bool) -> [Sample] {
      zip(train, folds).filter { isIncluded($0.1) }.map(\.0)
    }
    return DataSet(
      self, train: pictures { $0 != number }, validation: pictures { $0 == number }, test: [])
  }

  private static func first(_ count: Int, of samples: [Sample]) -> [Sample] {
    guard count < samples.count else { return samples }
    var taken: [Int?: Int] = [:]
    // The n-th picture of every class comes before the next of any.
    let ranked = samples.indices.map { index -> (rank: Int, index: Int) in
      let label = samples[index].label
      defer { taken[label, default: 0] += 1 }
      return (taken[label, default: 0], index)
    }
    return ranked.sorted { $0 < $1 }.prefix(max(count, 0)).map(\.index).sorted()
      .map { samples[$0] }
  }
}
