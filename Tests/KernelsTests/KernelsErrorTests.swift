import Kernels
import Testing

/// What is refused, and how it is said.
@Suite struct KernelsErrorTests {
  let pool = ThreadPool(threads: 1)

  private func layer(_ input: Int, _ output: Int, pool: Bool = false) -> ConvolutionLayer {
    var values = Values(seed: 1)
    return values.layer("conv", input, output, pool: pool)
  }

  @Test func noLayers() {
    #expect(throws: KernelsError.noLayers) { try ConvolutionStack(layers: [], pool: pool) }
  }

  @Test func wrongTensors() {
    var wrong = layer(3, 4)
    wrong.kernel.removeLast()
    #expect(
      throws: KernelsError.wrongTensorSize(
        layer: "conv", tensor: "kernel", expected: 108, found: 107)
    ) { try ConvolutionStack(layers: [wrong], pool: pool) }
    wrong = layer(3, 4)
    wrong.bias.append(0)
    #expect(
      throws: KernelsError.wrongTensorSize(layer: "conv", tensor: "bias", expected: 4, found: 5)
    ) { try ConvolutionStack(layers: [wrong], pool: pool) }
    wrong.inputChannels = 0
    #expect(throws: KernelsError.invalidChannels(layer: "conv", input: 0, output: 4)) {
      try ConvolutionStack(layers: [wrong], pool: pool)
    }
    wrong.inputChannels = .max
    #expect(throws: KernelsError.invalidChannels(layer: "conv", input: .max, output: 4)) {
      try ConvolutionStack(layers: [wrong], pool: pool)
    }
  }

  @Test func channelsThatDoNotMeet() {
    #expect(throws: KernelsError.mismatchedChannels(layer: "conv", expected: 4, found: 5)) {
      try ConvolutionStack(layers: [layer(3, 4), layer(5, 6)], pool: pool)
    }
  }

  @Test func impossiblePictures() throws {
    let stack = try ConvolutionStack(layers: [layer(3, 4, pool: true), layer(4, 4)], pool: pool)
    for (count, height, width) in [
      (-1, 8, 8), (1, 0, 8), (1, 8, 0), (1, -8, 8), (1, .max, 8), (.max, 8, 8),
      (1, 1 << 20, 1 << 20),
    ] {
      #expect(
        throws: KernelsError.invalidPictures(count: count, height: height, width: width)
      ) { try stack.forward([], count: count, height: height, width: width) }
    }
    #expect(throws: KernelsError.wrongPictureSize(expected: 192, found: 191)) {
      try stack.forward(Array(repeating: 0, count: 191), count: 1, height: 8, width: 8)
    }
    #expect(throws: KernelsError.vanished(layer: "conv", height: 8, width: 1)) {
      try stack.forward(Array(repeating: 0, count: 24), count: 1, height: 8, width: 1)
    }
    #expect(try stack.forward([], count: 0, height: 8, width: 8) == [])
  }

  @Test func instructionSets() throws {
    #expect(
      InstructionSet.selection(named: "sse9") == .failure(.unknownInstructionSet("sse9")))
    #expect(InstructionSet.selection(named: "portable") == .success(.portable))
    for set in InstructionSet.allCases where !set.isSupported {
      #expect(
        InstructionSet.selection(named: set.rawValue) == .failure(.missingInstructionSet(set)))
    }
    #expect(InstructionSet.portable.isSupported)
  }

  @Test(arguments: [InstructionSet.avx2, .portable]) func bf16WhereItIsNot(set: InstructionSet)
    throws
  {
    guard set.isSupported else { return }
    #expect(throws: KernelsError.unsupportedArithmetic(.bf16, set)) {
      try ConvolutionStack(
        layers: [layer(3, 4)], arithmetic: .bf16, pool: pool, instructionSet: set, tiles: nil)
    }
  }

  @Test func descriptionsAreSentences() {
    let errors: [KernelsError] = [
      .unknownInstructionSet("sse9"), .missingInstructionSet(.avx512),
      .unsupportedArithmetic(.bf16, .avx2), .noLayers,
      .wrongTensorSize(layer: "conv", tensor: "kernel", expected: 108, found: 107),
      .mismatchedChannels(layer: "conv", expected: 4, found: 5),
      .invalidChannels(layer: "conv", input: 0, output: 1),
      .invalidPictures(count: 1, height: 0, width: 1),
      .vanished(layer: "conv", height: 8, width: 1), .wrongPictureSize(expected: 2, found: 1),
      .outOfMemory(bytes: 1 << 50), .noThreads(1024),
    ]
    for error in errors {
      #expect(error.description.hasSuffix("."))
      #expect(!error.description.contains("Kernels."))
    }
  }
}
