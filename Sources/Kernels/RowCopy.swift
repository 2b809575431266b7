import CKernels

/// Rows of pictures between the caller's arrays and activations.
struct RowCopy: @unchecked Sendable {
  let tight: UnsafeMutablePointer<Float>
  let padded: ck_activations
  let height, width, channels: Int

  private func addresses(_ row: Int) -> (
    tight: UnsafeMutablePointer<Float>, padded: UnsafeMutablePointer<Float>
  ) {
    (
      tight + row * width * channels,
      padded.origin + row / height * padded.picture + row % height * padded.row
    )
  }

  func load(_ row: Int) {
    let (source, destination) = addresses(row)
    if padded.pixel == channels {
      destination.update(from: source, count: width * channels)
    } else {
      for x in 0..<width {
        (destination + x * padded.pixel).update(from: source + x * channels, count: channels)
      }
    }
  }

  func unload(_ row: Int) {
    let (destination, source) = addresses(row)
    if padded.pixel == channels {
      destination.initialize(from: source, count: width * channels)
    } else {
      for x in 0..<width {
        (destination + x * channels).initialize(from: source + x * padded.pixel, count: channels)
      }
    }
  }
}
