import KerasFormat
import Synchronization

/// The shards that are held open, the most recently used ones: opening a file costs more than
/// reading a row of it, and a process may not hold thousands open.
final class OpenShards: Sendable {
  private struct Entry {
    let file: BinaryFile
    var lastUse: Int
  }
  private struct State {
    var entries: [String: Entry] = [:]
    var clock = 0
  }
  private let state = Mutex(State())
  private let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  func file(of shard: FeatureShard) throws -> BinaryFile {
    let name = shard.name
    let known = state.withLock { state in
      state.clock += 1
      state.entries[name]?.lastUse = state.clock
      return state.entries[name]?.file
    }
    if let known { return known }
    let file = try BinaryFile(opening: shard.path)
    state.withLock { state in
      if state.entries.count >= capacity,
        let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        state.entries[oldest.key] = nil
      }
      state.entries[name] = Entry(file: file, lastUse: state.clock)
    }
    return file
  }

  func close(_ name: String) {
    state.withLock { $0.entries[name] = nil }
  }
}
