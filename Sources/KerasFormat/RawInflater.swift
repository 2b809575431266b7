import CZlib

/// Unpacks a deflated stream without header (RFC 1951), as zip archives hold it, part by part.
final class RawInflater {
  /// What deflate can make of a byte at most.
  static let largestRatio = 1032

  enum Failure: Error {
    /// The stream is not deflated data, or goes on beyond its end.
    case damaged
  }

  // zlib's state points back at the stream, which therefore must not move.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private(set) var isAtEnd = false

  init() throws {
    stream.initialize(to: z_stream())
    guard
      inflateInit2_(stream, -15, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw Failure.damaged }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Unpacks the next part of the stream, at most 1 MB at a time.
  func unpack(_ packed: [UInt8], _ body: ([UInt8]) throws -> Void) throws {
    var packed = packed
    let count = packed.count
    try packed.withUnsafeMutableBufferPointer { input in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(count)
      var isFull = true
      while !isAtEnd, isFull || stream.pointee.avail_in > 0 {
        var status = Z_OK
        let part = [UInt8](unsafeUninitializedCapacity: 1 << 20) { output, initialized in
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(output.count)
          status = inflate(stream, Z_NO_FLUSH)
          initialized = output.count - Int(stream.pointee.avail_out)
        }
        isFull = stream.pointee.avail_out == 0
        isAtEnd = status == Z_STREAM_END
        // Without input there is nothing to unpack, and nothing wrong.
        guard status == Z_OK || isAtEnd || status == Z_BUF_ERROR else { throw Failure.damaged }
        if !part.isEmpty { try body(part) }
        if status == Z_BUF_ERROR { break }
      }
      guard stream.pointee.avail_in == 0 else { throw Failure.damaged }
    }
  }
}
