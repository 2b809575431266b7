import Foundation
import Synchronization

/// Which pictures of a list are the same, byte by byte or by their looks.
struct SketchGroups {
  /// One for each picture, in order; nil for a file that cannot be read.
  let sketches: [PictureSketch?]
  /// For each picture the first picture of its group; its own index if it is alone or comes first.
  let representatives: [Int]

  /// Reads and sketches the files, on all cores; `progress` may be called from any thread.
  init(paths: [String], progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?) {
    let sketches = Mutex([PictureSketch?](repeating: nil, count: paths.count))
    let done = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: paths.count) { index in
      if let bytes = try? FileBytes.read(paths[index]) {
        let sketch = PictureSketch(of: bytes, name: paths[index])
        sketches.withLock { $0[index] = sketch }
      }
      let count = done.add(1, ordering: .relaxed).newValue
      progress?(count, paths.count)
    }
    self.init(sketches: sketches.withLock { $0 })
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
