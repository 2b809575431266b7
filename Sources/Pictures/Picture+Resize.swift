import CPictures

extension Picture {
  /// The picture at another size, aspect ratio not kept; equal to PIL's `Image.resize` to the last
  /// bit.
  ///
  /// - Precondition: `width` and `height` are positive.
  public func resized(width: Int, height: Int, _ interpolation: Interpolation) -> Picture {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    if width == self.width && height == self.height { return self }
    guard let kernel = interpolation.kernel else { return nearest(width: width, height: height) }
    return resampled(width: width, height: height, kernel)
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

  /// As PIL's `ImagingResample`: one pass along the rows, rounded to 8 bits, and one along the columns.
  ///
  /// Rows come first, unless the height shrinks by more than twice as many pixels as the width: so
  /// since Pillow 13, and the order shows in the last bits. (Pillow 12 always took rows first.)
  private func resampled(width: Int, height: Int, _ kernel: ResamplingKernel) -> Picture {
    let (narrower, shorter) = (self.width - width, self.height - height)
    if shorter > 0, shorter > 2 * narrower {
      return withHeight(height, kernel).withWidth(width, kernel)
    }
    return withWidth(width, kernel).withHeight(height, kernel)
  }

  private func withWidth(_ width: Int, _ kernel: ResamplingKernel) -> Picture {
    if width == self.width { return self }
    let filter = ResamplingFilter(kernel, inputSize: self.width, outputSize: width)
    let result = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
      hsp_resample_rows(
        pixels, Int32(self.width), Int32(height), target.baseAddress, Int32(width),
        filter.starts, filter.lengths, filter.coefficients, Int32(filter.taps))
      count = width * height * 3
    }
    return Picture(width: width, height: height, pixels: result)
  }

  private func withHeight(_ height: Int, _ kernel: ResamplingKernel) -> Picture {
    if height == self.height { return self }
    let filter = ResamplingFilter(kernel, inputSize: self.height, outputSize: height)
    let result = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
      hsp_resample_columns(
        pixels, Int32(width * 3), target.baseAddress, Int32(height),
        filter.starts, filter.lengths, filter.coefficients, Int32(filter.taps))
      count = width * height * 3
    }
    return Picture(width: width, height: height, pixels: result)
  }
}
