/// Elementwise work over arrays, shared out over the threads in fixed chunks.
extension ThreadPool {
  /// Calls `body` for each chunk of an array, with its range and the chunk itself to be written.
  ///
  /// Chunks depend on the count alone. `body` runs on several threads at once.
  ///
  /// - Parameter chunk: Elements a chunk; the last one may be shorter.
  public func forEachChunk<A>(
    of first: inout [A], chunk: Int = 1 << 14,
    _ body: @Sendable (_ range: Range<Int>, _ first: inout MutableSpan<A>) -> Void
  ) {
    let count = first.count
    first.withUnsafeMutableBufferPointer { first in
      // Safe to share: chunks do not overlap.
      nonisolated(unsafe) let first = first
      share(count, chunk) { range in
        var one = first.extracting(range).mutableSpan
        body(range, &one)
      }
    }
  }

  /// The same over two arrays of one count.
  public func forEachChunk<A, B>(
    of first: inout [A], _ second: inout [B], chunk: Int = 1 << 14,
    _ body:
      @Sendable (
        _ range: Range<Int>, _ first: inout MutableSpan<A>, _ second: inout MutableSpan<B>
      ) -> Void
  ) {
    let count = first.count
    precondition(second.count == count, "arrays chunked together have one count")
    first.withUnsafeMutableBufferPointer { first in
      second.withUnsafeMutableBufferPointer { second in
        nonisolated(unsafe) let (first, second) = (first, second)
        share(count, chunk) { range in
          var one = first.extracting(range).mutableSpan
          var two = second.extracting(range).mutableSpan
          body(range, &one, &two)
        }
      }
    }
  }

  private func share(_ count: Int, _ chunk: Int, _ body: @Sendable (Range<Int>) -> Void) {
    precondition(chunk > 0, "a chunk has at least one element")
    let chunks = (count + chunk - 1) / chunk
    LinearAlgebra.forEach(chunks, self) { index in
      body(index * chunk..<min((index + 1) * chunk, count))
    }
  }
}
