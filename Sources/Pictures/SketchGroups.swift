import Files
import Kernels
import Synchronization

/// Which pictures of a list are the same, byte by byte or by their looks.
package struct SketchGroups {
  /// One for each picture, in order; nil for a file that cannot be read.
  let sketches: [PictureSketch?]
  /// For each picture the first picture of its group; its own index if it is alone or comes first.
  package let representatives: [Int]

  /// Reads and sketches the files that `known` does not have yet, and adds them to it.
  ///
  /// A file that cannot be read is alone.
  ///
  /// - Parameters:
  ///   - progress: told how many pictures have been looked at, of how many; never if all are known.
  ///   - check: asked in between whether to go on; what it throws ends the work.
  package init(
    paths: [String], known: inout SketchTable, pool: ThreadPool,
    progress: (_ done: Int, _ total: Int) -> Void, check: () throws -> Void
  ) throws {
    self = try withoutActuallyEscaping(check) { check in
      try withoutActuallyEscaping(progress) { progress in
        try SketchGroups(
          paths: paths, known: &known, pool: pool,
          attention: DataSetAttention(check: check, progress: progress))
      }
    }
  }

  /// Reads and sketches the files that `known` does not have yet, and adds them to it.
  ///
  /// - Parameter attention: Asked and told in between, on the calling thread.
  init(
    paths: [String], known: inout SketchTable, pool: ThreadPool, attention: DataSetAttention
  ) throws {
    var sketches = [PictureSketch?](repeating: nil, count: paths.count)
    var unknown: [Int] = []
    for (index, path) in paths.enumerated() {
      sketches[index] = OpenFile.stamp(of: path).flatMap { known[$0] }
      if sketches[index] == nil { unknown.append(index) }
    }
    let part = 16 * pool.threads
    for start in stride(from: 0, to: unknown.count, by: part) {
      try attention.check()
      let indices = Array(unknown[start..<min(start + part, unknown.count)])
      for (index, found) in zip(indices, Self.sketch(indices.map { paths[$0] }, pool: pool)) {
        guard let (sketch, stamp) = found else { continue }
        sketches[index] = sketch
        if !stamp.isFresh { known.insert(sketch, for: stamp) }
      }
      attention.progress(paths.count - unknown.count + start + indices.count, paths.count)
    }
    self.init(sketches: sketches)
  }

  private typealias Found = (sketch: PictureSketch, stamp: OpenFile.Stamp)

  private static func sketch(_ paths: [String], pool: ThreadPool) -> [Found?] {
    let found = Mutex([Found?](repeating: nil, count: paths.count))
    pool.parallelFor(paths.count) { index in
      guard let (bytes, stamp) = try? FileBytes.picture(paths[index]) else { return }
      let sketch = PictureSketch(of: bytes, name: paths[index])
      found.withLock { $0[index] = (sketch, stamp) }
    }
    return found.withLock { $0 }
  }

  init(sketches: [PictureSketch?]) {
    self.sketches = sketches
    var sets = DisjointSets(count: sketches.count)
    var firstOfContent: [UInt64: Int] = [:]
    for (index, sketch) in sketches.enumerated() {
      guard let sketch else { continue }
      if let first = firstOfContent[sketch.content] {
        sets.join(first, index)
      } else {
        firstOfContent[sketch.content] = index
      }
    }
    Self.joinLookalikes(sketches, firstOfContent.values.sorted(), &sets)
    representatives = sketches.indices.map { sets.first(of: $0) }
  }

  /// Joins pictures that resemble one another.
  ///
  /// Gradients that differ in at most 10 of 128 bits agree entirely in at least one of 11 bands of
  /// bits, so that only pictures that share a band need comparing.
  private static func joinLookalikes(
    _ sketches: [PictureSketch?], _ indices: [Int], _ sets: inout DisjointSets
  ) {
    let bands = PictureSketch.gradientTolerance + 1
    for band in 0..<bands {
      let bits = (128 * band / bands)..<(128 * (band + 1) / bands)
      var buckets: [UInt64: [Int]] = [:]
      for index in indices where sketches[index]?.thumbnail.isEmpty == false {
        buckets[sketches[index]!.gradients.bits(bits), default: []].append(index)
      }
      for key in buckets.keys.sorted() {
        let bucket = buckets[key]!
        for (position, one) in bucket.enumerated() {
          for other in bucket[(position + 1)...] where sets.first(of: one) != sets.first(of: other)
          {
            if sketches[one]!.resembles(sketches[other]!) { sets.join(one, other) }
          }
        }
      }
    }
  }

  /// For each picture the first one of equal bytes.
  package var equalBytes: [Int] {
    var firstOfContent: [UInt64: Int] = [:]
    return sketches.enumerated().map { index, sketch in
      guard let content = sketch?.content else { return index }
      let first = firstOfContent[content] ?? index
      firstOfContent[content] = first
      return first
    }
  }

  /// The groups with pictures that differ in their bytes, each in order.
  package var nearDuplicates: [[Int]] {
    groups.filter { group in Set(group.map { sketches[$0]?.content }).count > 1 }
  }

  /// The groups of more than one picture, each in order.
  var groups: [[Int]] {
    Dictionary(grouping: representatives.indices) { representatives[$0] }
      .values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }
}

extension SIMD2<UInt64> {
  /// Some of the 128 bits, at most 63.
  fileprivate func bits(_ range: Range<Int>) -> UInt64 {
    var result: UInt64 = 0
    for bit in range {
      let word = bit < 64 ? x : y
      result = result << 1 | (word >> UInt64(bit % 64) & 1)
    }
    return result
  }
}

/// Sets of numbers that can be united (Tarjan's union-find with path halving).
struct DisjointSets {
  private var parents: [Int]

  init(count: Int) {
    parents = Array(0..<count)
  }

  /// The smallest member of the set that `member` is in.
  mutating func first(of member: Int) -> Int {
    var member = member
    while parents[member] != member {
      parents[member] = parents[parents[member]]
      member = parents[member]
    }
    return member
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (first(of: a), first(of: b))
    parents[max(a, b)] = min(a, b)
  }
}
