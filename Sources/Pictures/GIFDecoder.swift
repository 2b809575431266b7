import CGIF

/// The first frame of a GIF through giflib, on the canvas that it belongs to.
///
/// As in PIL, what the frame leaves free of the canvas has the transparent colour if there is one,
/// else colour 0; transparency itself is dropped.
enum GIFDecoder {
  static func decode(_ file: EncodedPicture) throws(PictureError) -> (Picture, orientation: Int) {
    let result = file.bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(PictureError) in
        var cursor = Cursor(rest: bytes)
        return try withUnsafeMutablePointer(to: &cursor) { cursor throws(PictureError) in
          try decode(file, cursor)
        }
      }
    }
    return try result.get()
  }

  /// What giflib has not read yet.
  private struct Cursor {
    var rest: UnsafeBufferPointer<UInt8>
  }

  private static func decode(
    _ file: EncodedPicture, _ cursor: UnsafeMutablePointer<Cursor>
  ) throws(PictureError) -> (Picture, orientation: Int) {
    var code: Int32 = 0
    let read: InputFunc = { gif, target, count in
      let cursor = gif!.pointee.UserData.assumingMemoryBound(to: Cursor.self)
      let rest = cursor.pointee.rest
      let got = min(Int(count), rest.count)
      if got > 0 { target!.update(from: rest.baseAddress!, count: got) }
      cursor.pointee.rest = UnsafeBufferPointer(rebasing: rest.dropFirst(got))
      return Int32(got)
    }
    guard let gif = DGifOpen(cursor, read, &code) else { throw error(code, file) }
    defer { DGifCloseFile(gif, nil) }
    func check(_ status: Int32) throws(PictureError) {
      guard status == GIF_OK else { throw error(gif.pointee.Error, file) }
    }

    var transparent: UInt8?
    var record = UNDEFINED_RECORD_TYPE
    while record != IMAGE_DESC_RECORD_TYPE {
      try check(DGifGetRecordType(gif, &record))
      switch record {
      case EXTENSION_RECORD_TYPE:
        var kind: Int32 = 0
        var block: UnsafeMutablePointer<UInt8>?
        try check(DGifGetExtension(gif, &kind, &block))
        // A block is its length and as many bytes; a graphics control block is flags, delay (2) and
        // transparent colour.
        if kind == GRAPHICS_EXT_FUNC_CODE, let block, block[0] >= 4 {
          transparent = block[1] & 1 == 1 ? block[4] : transparent
        }
        while block != nil { try check(DGifGetExtensionNext(gif, &block)) }
      case IMAGE_DESC_RECORD_TYPE: break
      default: throw file.damaged("no picture in it")
      }
    }
    try check(DGifGetImageDesc(gif))
    let frame = gif.pointee.Image
    let (left, top) = (Int(frame.Left), Int(frame.Top))
    let (frameWidth, frameHeight) = (Int(frame.Width), Int(frame.Height))
    guard frameWidth > 0, frameHeight > 0 else {
      throw file.damaged("a frame of \(frameWidth)×\(frameHeight) pixels")
    }
    let width = max(Int(gif.pointee.SWidth), left + frameWidth)
    let height = max(Int(gif.pointee.SHeight), top + frameHeight)
    try file.checkSize(width: width, height: height)

    var indices = [UInt8](repeating: transparent ?? 0, count: width * height)
    for row in rowOrder(frameHeight, interlaced: frame.Interlace) {
      let start = (top + row) * width + left
      let status = indices.withUnsafeMutableBufferPointer {
        DGifGetLine(gif, $0.baseAddress! + start, Int32(frameWidth))
      }
      try check(status)
    }
    let colors = palette(frame.ColorMap ?? gif.pointee.SColorMap)
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      for (i, index) in indices.enumerated() {
        let color = colors[Int(index)]
        buffer[i * 3] = color.Red
        buffer[i * 3 + 1] = color.Green
        buffer[i * 3 + 2] = color.Blue
      }
      count = buffer.count
    }
    return (Picture(width: width, height: height, pixels: pixels), 1)
  }

  /// Interlaced frames hold every 8th row from 0, every 8th from 4, every 4th from 2, every 2nd from 1.
  private static func rowOrder(_ height: Int, interlaced: Bool) -> [Int] {
    guard interlaced else { return Array(0..<height) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { start, step in
      Array(stride(from: start, to: height, by: step))
    }
  }

  /// 256 colours: those of the map, then black; without a map, greys.
  private static func palette(_ map: UnsafeMutablePointer<ColorMapObject>?) -> [GifColorType] {
    guard let map, let entries = map.pointee.Colors else {
      return (0...255).map { GifColorType(Red: $0, Green: $0, Blue: $0) }
    }
    let colors = UnsafeBufferPointer(start: entries, count: min(Int(map.pointee.ColorCount), 256))
    let black = GifColorType(Red: 0, Green: 0, Blue: 0)
    return Array(colors) + Array(repeating: black, count: 256 - colors.count)
  }

  private static func error(_ code: Int32, _ file: EncodedPicture) -> PictureError {
    switch code {
    case D_GIF_ERR_READ_FAILED, D_GIF_ERR_EOF_TOO_SOON: file.truncated()
    case D_GIF_ERR_NOT_ENOUGH_MEM: .outOfMemory(name: file.name, width: 0, height: 0)
    default:
      file.damaged(GifErrorString(code).map { String(cString: $0) } ?? "giflib error \(code)")
    }
  }
}
