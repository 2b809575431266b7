import Kernels
import Testing

/// Trainable 3×3 convolutions in Winograd's domain against their slow twin.
@Suite struct WinogradConvolutionTests {
  static func tolerance(m: Int) -> Double { m > 4 ? 2e-5 : 5e-6 }

  private func check(
    _ window: WindowShape, _ input: Int, _ output: Int, count: Int, m: Int, set: InstructionSet,
    threads: Int, _ values: inout Values
  ) throws {
    let shape = try ConvolutionShape(
      window: window, inputChannels: input, outputChannels: output)
    let convolution = try Convolution(
      shape, pool: ThreadPool(threads: threads), instructionSet: set,
      algorithm: .winograd(m: m))
    try ConvolutionTests.Problem(shape, count: count, &values).check(
      convolution,
      "\(set) m=\(m) \(count)×\(window.height)×\(window.width) \(input)→\(output) \(window)",
      tolerance: Self.tolerance(m: m))
  }

  @Test(arguments: instructionSets, 2...6)
  func everyTileSizeOnOddShapes(set: InstructionSet, m: Int) throws {
    var values = Values(seed: UInt64(40 + m))
    for (count, height, width) in [(1, 1, 1), (1, 2, 3), (3, 7, 5), (2, 13, 18), (17, 4, 3)] {
      for (input, output) in [(3, 5), (1, 33), (17, 1), (40, 64)] {
        for padding in [WindowShape.Padding.same, .valid]
        where padding == .same || min(height, width) > 2 {
          let window = try WindowShape(
            height: height, width: width, windowHeight: 3, windowWidth: 3, padding: padding)
          try check(
            window, input, output, count: count, m: m, set: set,
            threads: values.integer(1...3), &values)
        }
      }
    }
  }

  @Test(arguments: instructionSets)
  func everyPadding(set: InstructionSet) throws {
    var values = Values(seed: 50)
    for pads in 0..<81 {
      let window = try WindowShape(
        height: 3 + pads % 5, width: 8, windowHeight: 3, windowWidth: 3, padTop: pads % 3,
        padBottom: pads / 3 % 3, padLeft: pads / 9 % 3, padRight: pads / 27)
      try check(
        window, 4, 6, count: 2, m: 2 + pads % 5, set: set, threads: 2, &values)
    }
  }

  @Test(arguments: instructionSets)
  func everyNumberOfChannels(set: InstructionSet) throws {
    var values = Values(seed: 51)
    for channels in 1...70 {
      let window = try WindowShape(
        height: 7, width: 6, windowHeight: 3, windowWidth: 3,
        padding: channels % 2 == 0 ? .same : .valid)
      try check(
        window, channels, 71 - channels, count: 1 + channels % 3, m: 2 + channels % 5, set: set,
        threads: 1 + channels % 3, &values)
    }
  }

  /// Large enough for several blocks of tiles, in either order of the work.
  @Test(arguments: instructionSets, [(2, 40, 37, 16, 16, 4), (17, 9, 9, 96, 130, 3)])
  func manyTiles(set: InstructionSet, size: (Int, Int, Int, Int, Int, Int)) throws {
    var values = Values(seed: 52)
    let window = try WindowShape(
      height: size.1, width: size.2, windowHeight: 3, windowWidth: 3, padding: .same)
    try check(
      window, size.3, size.4, count: size.0, m: size.5, set: set, threads: 3, &values)
  }

  @Test(arguments: instructionSets, [(24, 30), (128, 160)])
  func sameBitsAtAnyNumberOfThreadsAndInAnyBatch(set: InstructionSet, channels: (Int, Int))
    throws
  {
    var values = Values(seed: 53)
    let shape = try ConvolutionShape(
      window: WindowShape(
        height: 13, width: 11, windowHeight: 3, windowWidth: 3, padding: .same),
      inputChannels: channels.0, outputChannels: channels.1)
    let problem = ConvolutionTests.Problem(shape, count: 9, &values)
    var all: [[Float]]?
    for threads in 1...3 {
      let convolution = try Convolution(
        shape, pool: ThreadPool(threads: threads), instructionSet: set,
        algorithm: .winograd(m: 4))
      let output = try convolution.forward(
        problem.input, count: 9, kernel: problem.kernel, bias: problem.bias, relu: true)
      let dx = try convolution.inputGradient(
        problem.outputGradient, count: 9, kernel: problem.kernel)
      let dw = try convolution.weightGradients(
        input: problem.input, outputGradient: problem.outputGradient, count: 9)
      if let all { #expect(all == [output, dx, dw.kernel, dw.bias], "\(threads) threads") }
      all = [output, dx, dw.kernel, dw.bias]
      let alone = try convolution.forward(
        Array(problem.input[(4 * shape.inputCount)..<(5 * shape.inputCount)]), count: 1,
        kernel: problem.kernel, bias: problem.bias, relu: true)
      #expect(alone == Array(output[(4 * shape.outputCount)..<(5 * shape.outputCount)]))
    }
  }

  @Test func whatIsNotANumberShowsAndStaysInItsPicture() throws {
    var values = Values(seed: 54)
    let shape = try ConvolutionShape(
      window: WindowShape(height: 9, width: 9, windowHeight: 3, windowWidth: 3, padding: .same),
      inputChannels: 5, outputChannels: 7)
    let problem = ConvolutionTests.Problem(shape, count: 3, &values)
    let convolution = try Convolution(
      shape, pool: ThreadPool(threads: 2), instructionSet: .widest, algorithm: .winograd(m: 3))
    func forward(_ input: [Float]) throws -> [Float] {
      try convolution.forward(
        input, count: 3, kernel: problem.kernel, bias: problem.bias, relu: true)
    }
    let clean = try forward(problem.input)
    var input = problem.input
    input[shape.inputCount + 10] = .nan
    let found = try forward(input)
    let size = shape.outputCount
    #expect(found[size..<(2 * size)].contains { $0.isNaN })
    #expect(found[..<size] == clean[..<size])
    #expect(found[(2 * size)...] == clean[(2 * size)...])
    // Nothing of it is left in the memory that later calls use.
    #expect(try forward(problem.input) == clean)
  }
}
