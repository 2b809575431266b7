/// What can be wrong with a request to the kernels.
public enum KernelsError: Error, Equatable, CustomStringConvertible {
  /// `HEADSTART_CPU` holds a word that names no instruction set.
  case unknownInstructionSet(String)
  /// This CPU (or this build) lacks the instruction set asked for.
  case missingInstructionSet(InstructionSet)
  /// This CPU, or the instruction set forced on it, lacks the instructions of this arithmetic.
  case unsupportedArithmetic(Arithmetic, InstructionSet)
  /// A stack of no layers.
  case noLayers
  /// A layer's tensor has the wrong number of values.
  case wrongTensorSize(layer: String, tensor: String, expected: Int, found: Int)
  /// A layer takes another number of channels than the one before it gives.
  case mismatchedChannels(layer: String, expected: Int, found: Int)
  /// A layer with a number of channels that cannot be.
  case invalidChannels(layer: String, input: Int, output: Int)
  /// Pictures of a size, or so many, that cannot be computed with.
  case invalidPictures(count: Int, height: Int, width: Int)
  /// Nothing is left of pictures of this size after this layer's pool.
  case vanished(layer: String, height: Int, width: Int)
  /// The array of pictures has the wrong number of values.
  case wrongPictureSize(expected: Int, found: Int)
  /// Windows that do not fit their pictures; padding is top, bottom, left, right.
  case invalidWindow(height: Int, width: Int, window: [Int], strides: [Int], padding: [Int])
  /// The system gives no more memory.
  case outOfMemory(bytes: Int)
  /// The system does not start so many threads.
  case noThreads(Int)

  public var description: String {
    switch self {
    case .unknownInstructionSet(let word):
      let known = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      return "HEADSTART_CPU is “\(word)”; it may be one of \(known)."
    case .missingInstructionSet(let set):
      return "HEADSTART_CPU asks for \(set.rawValue), which this CPU does not have."
    case .unsupportedArithmetic(let arithmetic, let set):
      return """
        The arithmetic \(arithmetic.rawValue) needs a CPU with AVX512-BF16; the kernels in use \
        here are \(set.rawValue) without it. Use f32 or f32-fast.
        """
    case .noLayers:
      return "A stack of convolutions needs at least one layer."
    case .wrongTensorSize(let layer, let tensor, let expected, let found):
      return "The \(tensor) of \(layer) has \(found) values where \(expected) are needed."
    case .mismatchedChannels(let layer, let expected, let found):
      return "\(layer) takes \(found) channels, but is given \(expected)."
    case .invalidChannels(let layer, let input, let output):
      return "\(layer) cannot have \(input) input and \(output) output channels."
    case .invalidPictures(let count, let height, let width):
      return "Cannot compute \(count) pictures of \(height)×\(width) pixels."
    case .vanished(let layer, let height, let width):
      return "Nothing is left of pictures of \(height)×\(width) pixels after the pool of \(layer)."
    case .wrongPictureSize(let expected, let found):
      return "The pictures have \(found) values where \(expected) are needed."
    case .invalidWindow(let height, let width, let window, let strides, let padding):
      return """
        A window of \(Self.product(window)) at strides of \(Self.product(strides)), padding \
        \(padding.map(String.init).joined(separator: ", ")), does not fit pictures of \
        \(height)×\(width) pixels.
        """
    case .outOfMemory(let bytes):
      return "The system refuses \(bytes) bytes of memory."
    case .noThreads(let count):
      return "The system refuses to start \(count) threads; fewer may do."
    }
  }

  private static func product(_ sizes: [Int]) -> String {
    sizes.map(String.init).joined(separator: "×")
  }
}
