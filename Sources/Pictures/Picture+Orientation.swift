extension Picture {
  /// The picture as it is to be seen, given the Exif orientation that it is stored in (1…8).
  ///
  /// | orientation | what is done | PIL's name |
  /// |---|---|---|
  /// | 2 | mirrored left to right | `FLIP_LEFT_RIGHT` |
  /// | 3 | turned by 180° | `ROTATE_180` |
  /// | 4 | mirrored top to bottom | `FLIP_TOP_BOTTOM` |
  /// | 5 | rows become columns | `TRANSPOSE` |
  /// | 6 | turned by 90° clockwise | `ROTATE_270` |
  /// | 7 | mirrored along the other diagonal | `TRANSVERSE` |
  /// | 8 | turned by 90° anticlockwise | `ROTATE_90` |
  public func upright(from orientation: Int) -> Picture {
    // Where the pixel at (0, 0) of the result lies in the stored picture, and how far apart, in
    // pixels, its neighbours to the right and below lie.
    let (w, h) = (width, height)
    let (origin, right, down, turned): (Int, Int, Int, Bool)
    switch orientation {
    case 2: (origin, right, down, turned) = (w - 1, -1, w, false)
    case 3: (origin, right, down, turned) = (w * h - 1, -1, -w, false)
    case 4: (origin, right, down, turned) = (w * (h - 1), 1, -w, false)
    case 5: (origin, right, down, turned) = (0, w, 1, true)
    case 6: (origin, right, down, turned) = (w * (h - 1), -w, 1, true)
    case 7: (origin, right, down, turned) = (w * h - 1, -w, -1, true)
    case 8: (origin, right, down, turned) = (w - 1, w, -1, true)
    default: return self
    }
    let (newWidth, newHeight) = turned ? (h, w) : (w, h)
    let moved = pixels.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
        var at = 0
        for y in 0..<newHeight {
          var from = (origin + y * down) * 3
          for _ in 0..<newWidth {
            target[at] = source[from]
            target[at + 1] = source[from + 1]
            target[at + 2] = source[from + 2]
            at += 3
            from += right * 3
          }
        }
        count = at
      }
    }
    return Picture(width: newWidth, height: newHeight, pixels: moved)
  }
}
