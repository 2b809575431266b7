import Synchronization

/// Scratch memory that all convolutions of a pool use in turns, kept from call to call: a network
/// needs as much as its largest layer, and finds it in the caches.
final class ScratchMemory: Sendable {
  private let blocks = Mutex(Blocks())

  /// The blocks of one call, which takes what it needs one after another.
  struct Blocks: ~Copyable {
    private var blocks: [Memory] = []
    fileprivate var taken = 0

    /// A block of at least so many floats, of any contents.
    mutating func take(floats: Int) throws(KernelsError) -> Memory {
      if taken == blocks.count {
        blocks.append(try Memory(floats: floats))
      } else if blocks[taken].count < floats {
        blocks[taken] = try Memory(floats: floats)
      }
      taken += 1
      return blocks[taken - 1]
    }
  }

  /// Calls `body` when no other call uses the memory.
  func use(_ body: (inout Blocks) throws(KernelsError) -> Void) throws(KernelsError) {
    try blocks.withLock { blocks throws(KernelsError) in
      blocks.taken = 0
      try body(&blocks)
    }
  }
}
