import CHDF5
import CZlib

extension BinaryFile {
  /// `count` little-endian IEEE 754 half-precision numbers from a place, in bytes, on.
  ///
  /// - Throws: `KerasFormatError` of kind `damaged` if the file is shorter.
  public func halves(at offset: Int, count: Int) throws -> [Float] {
    Half.floats(try read(UInt16.self, at: offset, count: count))
  }

  /// `count` little-endian floats that lie deflated (zlib, RFC 1950) in a range of places.
  ///
  /// - Throws: `KerasFormatError` of kind `damaged` if they do not inflate to so many, exactly.
  public func deflatedFloats(_ range: Range<Int>, count: Int) throws -> [Float] {
    let values = try inflate(Float.self, range, count: count)
    #if _endian(big)
      return values.map { Float(bitPattern: $0.bitPattern.byteSwapped) }
    #else
      return values
    #endif
  }

  /// As ``deflatedFloats(_:count:)``, of half-precision numbers.
  public func deflatedHalves(_ range: Range<Int>, count: Int) throws -> [Float] {
    Half.floats(try inflate(UInt16.self, range, count: count))
  }

  /// Deflate cannot shrink data by more than 1032 to 1: a greater ratio is a false claim.
  private static let largestRatio = 1032

  private func inflate<T: BitwiseCopyable>(
    _ type: T.Type, _ range: Range<Int>, count: Int
  ) throws -> [T] {
    let (length, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    func damage(_ found: String) -> KerasFormatError {
      KerasFormatError(
        .damaged, file: path, expected: "\(length) bytes, deflated, at \(range.lowerBound)",
        found: found)
    }
    guard count >= 0, !overflow, length / Self.largestRatio <= range.count + 64 else {
      throw damage("only \(range.count)")
    }
    let packed = try bytes(range)
    return try [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      var done = uLongf(length)
      let status = uncompress(
        UnsafeMutableRawBufferPointer(buffer).bindMemory(to: UInt8.self).baseAddress, &done,
        packed, uLong(packed.count))
      guard status == Z_OK, Int(done) == length else {
        throw damage(status == Z_OK ? "\(done) bytes" : "other data (zlib's error \(status))")
      }
      initialized = count
    }
  }
}

/// IEEE 754 half precision in software, a form that compilers vectorise: not every CPU that this
/// runs on has instructions for it, and one call a number would take longer than reading it.
enum Half {
  /// The numbers with these bits, little-endian, exactly; infinities and NaN are not provided for.
  static func floats(_ halves: [UInt16]) -> [Float] {
    // The exponent is biased by 15 in one format and by 127 in the other.
    let scale = Float(sign: .plus, exponent: 127 - 15, significand: 1)
    return halves.withUnsafeBufferPointer { halves in
      [Float](unsafeUninitializedCapacity: halves.count) { floats, count in
        for i in halves.indices {
          let bits = UInt32(UInt16(littleEndian: halves[i]))
          let size = Float(bitPattern: (bits & 0x7FFF) << 13) * scale
          floats[i] = Float(bitPattern: size.bitPattern | (bits & 0x8000) << 16)
        }
        count = halves.count
      }
    }
  }
}

extension HDF5Dataset {
  /// Where a chunk lies in the file, in bytes from its beginning, once the file was flushed.
  ///
  /// - Parameter element: The place of its first element.
  /// - Throws: `KerasFormatError` if it was not written, or not through all filters.
  public func chunkPlace(_ element: [Int]) throws -> Range<Int> {
    try HDF5Library.locked {
      guard element.count == shape.count, zip(element, shape).allSatisfy({ (0..<$1).contains($0) })
      else {
        throw place.error(
          .invalidArgument, expected: "a place within \(shape)", found: "\(element)")
      }
      let place = element.map { hsize_t($0) }
      var filters: UInt32 = 0
      var address: haddr_t = 0
      var size: hsize_t = 0
      try check("H5Dget_chunk_info_by_coord", at: self.place) {
        H5Dget_chunk_info_by_coord(identifier.id, place, &filters, &address, &size)
      }
      guard let start = Int(exactly: address), let length = Int(exactly: size), length > 0,
        start > 0, start <= Int.max - length, filters == 0
      else {
        throw self.place.error(
          .unexpected, expected: "a chunk at \(element)", found: "none, or one without its filters")
      }
      return start..<start + length
    }
  }
}
