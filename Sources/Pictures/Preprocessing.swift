/// How 8-bit pixels become the floats that a network was trained on.
public enum Preprocessing: String, Sendable, CaseIterable {
  /// Channels in the order B, G, R, less their ImageNet means (103.939, 116.779, 123.68): what VGG's
  /// authors used, and `keras.applications.vgg16.preprocess_input`.
  case caffe
  /// R, G, B times 1/255, both in single precision, as Keras' `rescale=1./255` and
  /// `Rescaling(1./255)` compute it.
  case rescale
  /// R, G, B as they are, 0…255.
  case none

  /// The ImageNet means of B, G, R, in that order.
  public static let caffeMeans: [Float] = [103.939, 116.779, 123.68]

  /// Writes the picture as `height` × `width` × 3 floats to `values[offset...]`.
  ///
  /// For a batch in the layout N, H, W, C, the offset of picture `n` is `n * height * width * 3`.
  ///
  /// - Precondition: `values` has room for the picture behind `offset`.
  public func apply(_ picture: Picture, into values: inout [Float], at offset: Int = 0) {
    let count = picture.pixels.count
    precondition(offset >= 0 && offset + count <= values.count, "no room for the picture")
    values.withUnsafeMutableBufferPointer { values in
      apply(picture, into: UnsafeMutableBufferPointer(rebasing: values[offset..<offset + count]))
    }
  }

  /// The picture as `height` × `width` × 3 floats.
  public func apply(_ picture: Picture) -> [Float] {
    [Float](unsafeUninitializedCapacity: picture.pixels.count) { values, count in
      apply(picture, into: values)
      count = picture.pixels.count
    }
  }

  private func apply(_ picture: Picture, into values: UnsafeMutableBufferPointer<Float>) {
    picture.pixels.withUnsafeBufferPointer { pixels in
      switch self {
      case .caffe:
        let (blue, green, red) = (Self.caffeMeans[0], Self.caffeMeans[1], Self.caffeMeans[2])
        for i in stride(from: 0, to: pixels.count, by: 3) {
          values[i] = Float(pixels[i + 2]) - blue
          values[i + 1] = Float(pixels[i + 1]) - green
          values[i + 2] = Float(pixels[i]) - red
        }
      case .rescale:
        let scale = Float(1.0 / 255.0)
        for i in pixels.indices { values[i] = Float(pixels[i]) * scale }
      case .none:
        for i in pixels.indices { values[i] = Float(pixels[i]) }
      }
    }
  }
}
