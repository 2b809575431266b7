import CPictures

extension Picture {
  /// The picture at another size, aspect ratio not kept; equal to PIL's `Image.resize` to the last
  /// bit.
  ///
  /// - Precondition: `width` and `height` are positive.
  public func resized(width: Int, height: Int, _ interpolation: Interpolation) -> Picture {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    if width == self.width && height == self.height { return self }
    if interpolation == .nearest { return nearest(width: width, height: height) }
    return resampled(width: width, height: height, interpolation)
  }

  /// As PIL's `ImagingScaleAffine`, which adds up positions in doubles.
  private func nearest(width: Int, height: Int) -> Picture {
    func positions(_ count: Int, of size: Int) -> [Int] {
      let step = Double(size) / Double(count)
      var position = step * 0.5
      return (0..<count).map { _ in
        defer { position += step }
        return min(Int(position), size - 1)
      }
    }
    let columns = positions(width, of: self.width)
    let rows = positions(height, of: self.height)
    let rowBytes = self.width * 3
    let picked = pixels.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
        for row in rows {
          for column in columns {
            let from = row * rowBytes + column * 3
            target[count] = source[from]
            target[count + 1] = source[from + 1]
            target[count + 2] = source[from + 2]
            count += 3
          }
        }
      }
    }
    return Picture(width: width, height: height, pixels: picked)
  }

  /// As PIL's `ImagingResample`: first along the rows, rounded to 8 bits, then along the columns.
  private func resampled(width: Int, height: Int, _ interpolation: Interpolation) -> Picture {
    let down = ResamplingFilter(interpolation, inputSize: self.height, outputSize: height)
    // Only rows that the second pass looks at are worth the first.
    let rows = height == self.height ? 0..<self.height : down.inputRange
    var middle = pixels
    if width != self.width {
      let across = ResamplingFilter(interpolation, inputSize: self.width, outputSize: width)
      middle = pixels.withUnsafeBufferPointer { source in
        [UInt8](unsafeUninitializedCapacity: rows.count * width * 3) { target, count in
          hsp_resample_rows(
            source.baseAddress! + rows.lowerBound * self.width * 3, Int32(self.width),
            Int32(rows.count), target.baseAddress, Int32(width), across.starts, across.lengths,
            across.coefficients, Int32(across.taps))
          count = rows.count * width * 3
        }
      }
    }
    if height == self.height { return Picture(width: width, height: height, pixels: middle) }
    let firstRow = width == self.width ? 0 : rows.lowerBound
    let starts = down.starts.map { $0 - Int32(firstRow) }
    let result = middle.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
        hsp_resample_columns(
          source.baseAddress, Int32(width * 3), target.baseAddress, Int32(height), starts,
          down.lengths, down.coefficients, Int32(down.taps))
        count = width * height * 3
      }
    }
    return Picture(width: width, height: height, pixels: result)
  }
}
