import CKernels

/// Zeroed floats for the kernels, on huge pages, given back when the last owner goes.
final class Memory: @unchecked Sendable {
  let floats: UnsafeMutablePointer<Float>
  let count: Int

  /// Throws `KernelsError.outOfMemory`.
  init(floats count: Int) throws(KernelsError) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow, bytes >= 0, let memory = ck_allocate(bytes) else {
      throw .outOfMemory(bytes: overflow ? Int.max : bytes)
    }
    floats = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
  }

  deinit { ck_deallocate(floats, count * MemoryLayout<Float>.stride) }
}

/// `a / b` rounded up.
func ceilingDivide(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }

/// `a` rounded up to a multiple of `b`.
func roundUp(_ a: Int, to b: Int) -> Int { ceilingDivide(a, b) * b }

/// Floats rounded up to an odd number of cache lines: strides between frequencies are such, lest
/// the (m+2)² streams of the transforms meet in the same sets of the cache.
func oddLines(_ floats: Int) -> Int { (ceilingDivide(floats, 16) | 1) * 16 }
