import Kernels
import Testing

/// Trainable convolutions against their slow twin.
@Suite struct ConvolutionTests {
  /// Rounding of f32: some 3e-7 of the terms of a sum.
  static let tolerance = 5e-6

  /// A convolution, what it is given, and the slow twin's answers.
  struct Problem {
    let shape: ConvolutionShape
    let count: Int
    let input, kernel, bias, outputGradient: [Float]

    init(_ shape: ConvolutionShape, count: Int, _ values: inout Values) {
      self.shape = shape
      self.count = count
      input = values.floats(count * shape.inputCount)
      kernel = values.floats(shape.kernelCount)
      bias = values.floats(shape.outputChannels)
      outputGradient = values.floats(count * shape.outputCount)
    }

    /// Compares all results with the twin's.
    func check(_ convolution: Convolution, _ comment: String, tolerance: Double) throws {
      let twin = ReferenceTraining(shape: shape)
      let (x, w) = (input.map(Double.init), kernel.map(Double.init))
      let (b, dy) = (bias.map(Double.init), outputGradient.map(Double.init))
      for relu in [false, true] {
        compare(
          try convolution.forward(input, count: count, kernel: kernel, bias: bias, relu: relu),
          twin.forward(x, count: count, kernel: w, bias: b, relu: relu),
          "\(comment): output, relu \(relu)", tolerance)
      }
      compare(
        try convolution.forward(input, count: count, kernel: kernel),
        twin.forward(x, count: count, kernel: w, bias: b.map { _ in 0 }, relu: false),
        "\(comment): output without bias", tolerance)
      compare(
        try convolution.inputGradient(outputGradient, count: count, kernel: kernel),
        twin.inputGradient(dy, count: count, kernel: w), "\(comment): input gradient", tolerance)
      let found = try convolution.weightGradients(
        input: input, outputGradient: outputGradient, count: count)
      let expected = twin.weightGradients(x, dy, count: count)
      compare(found.kernel, expected.kernel, "\(comment): kernel gradient", tolerance)
      compare(found.bias, expected.bias, "\(comment): bias gradient", tolerance)
    }

    private func compare(
      _ found: [Float], _ expected: [Double], _ comment: String, _ tolerance: Double
    ) {
      #expect(found.count == expected.count, "\(comment)")
      let error = relativeError(found, expected)
      #expect(error < tolerance, "\(comment)")
    }
  }

  static func window(_ values: inout Values, largest: Int, height: Int, width: Int) throws
    -> WindowShape
  {
    let (kh, kw) = (values.integer(1...largest), values.integer(1...largest))
    let padding = values.integer(0...2)
    if padding == 2 {
      return try WindowShape(
        height: height, width: width, windowHeight: kh, windowWidth: kw,
        strideY: values.integer(1...3), strideX: values.integer(1...3),
        padTop: values.integer(0...(kh - 1)), padBottom: values.integer(0...(kh - 1)),
        padLeft: values.integer(0...(kw - 1)), padRight: values.integer(0...(kw - 1)))
    }
    return try WindowShape(
      height: height, width: width, windowHeight: kh, windowWidth: kw,
      strideY: values.integer(1...4), strideX: values.integer(1...4),
      padding: padding == 0 ? .same : .valid)
  }

  @Test func anyKernelStrideAndPadding() throws {
    var values = Values(seed: 20)
    let pools = (1...3).map { ThreadPool(threads: $0) }
    for trial in 0..<120 {
      let (height, width) = (values.integer(5...14), values.integer(5...14))
      let window = try Self.window(&values, largest: 5, height: height, width: width)
      let shape = try ConvolutionShape(
        window: window, inputChannels: values.integer(1...9),
        outputChannels: values.integer(1...9))
      let problem = Problem(shape, count: values.integer(1...4), &values)
      let convolution = try Convolution(shape, pool: pools[trial % 3])
      try problem.check(convolution, "\(shape)", tolerance: Self.tolerance)
    }
  }

  @Test(arguments: instructionSets, [ConvolutionAlgorithm.matrix, .direct])
  func everyAlgorithmOnAnyShape(set: InstructionSet, algorithm: ConvolutionAlgorithm) throws {
    var values = Values(seed: 24)
    let pools = (1...3).map { ThreadPool(threads: $0) }
    for trial in 0..<60 {
      let (height, width) = (values.integer(5...19), values.integer(5...33))
      let window = try Self.window(&values, largest: 5, height: height, width: width)
      let shape = try ConvolutionShape(
        window: window, inputChannels: values.integer(1...8),
        outputChannels: values.integer(1...70))
      let convolution = try Convolution(
        shape, pool: pools[trial % 3], instructionSet: set, algorithm: algorithm)
      try Problem(shape, count: values.integer(1...5), &values).check(
        convolution, "\(set) \(algorithm) \(shape)", tolerance: Self.tolerance)
    }
  }

  /// Sizes at which the work is cut into several chunks, slices and partial sums; in the last one
  /// the narrower piece of the channels takes the most memory.
  @Test(arguments: [
    (3, 3, 7, 11, 70, 66), (1, 1, 23, 9, 130, 40), (7, 7, 60, 61, 3, 16), (1, 1, 92, 46, 65, 2),
  ])
  func largeOnes(size: (Int, Int, Int, Int, Int, Int)) throws {
    var values = Values(seed: 21)
    let window = try WindowShape(
      height: size.2, width: size.3, windowHeight: size.0, windowWidth: size.1, strideY: 1,
      strideX: 2, padding: .same)
    let shape = try ConvolutionShape(
      window: window, inputChannels: size.4, outputChannels: size.5)
    let convolution = try Convolution(shape, pool: ThreadPool(threads: 2))
    try Problem(shape, count: 2, &values).check(
      convolution, "\(shape)", tolerance: Self.tolerance)
  }

  /// The loss Σ r·y is linear in input, kernel and bias, so differences are exact but for rounding.
  @Test func gradientsAgreeWithDifferences() throws {
    var values = Values(seed: 22)
    let shape = try ConvolutionShape(
      window: WindowShape(
        height: 9, width: 7, windowHeight: 3, windowWidth: 2, strideY: 2, padding: .same),
      inputChannels: 3, outputChannels: 4)
    let problem = Problem(shape, count: 2, &values)
    let convolution = try Convolution(shape, pool: ThreadPool(threads: 2))
    func loss(_ input: [Float], _ kernel: [Float], _ bias: [Float]) throws -> Double {
      let y = try convolution.forward(input, count: 2, kernel: kernel, bias: bias)
      return zip(y, problem.outputGradient).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    func difference(_ array: [Float], _ index: Int, _ loss: ([Float]) throws -> Double) rethrows
      -> Double
    {
      var (more, less) = (array, array)
      more[index] += 1
      less[index] -= 1
      return try (loss(more) - loss(less)) / 2
    }
    let dx = try convolution.inputGradient(
      problem.outputGradient, count: 2, kernel: problem.kernel)
    let dw = try convolution.weightGradients(
      input: problem.input, outputGradient: problem.outputGradient, count: 2)
    for _ in 0..<50 {
      let i = values.integer(0...(dx.count - 1))
      let byInput = try difference(problem.input, i) {
        try loss($0, problem.kernel, problem.bias)
      }
      #expect(abs(byInput - Double(dx[i])) < 1e-5)
      let k = values.integer(0...(dw.kernel.count - 1))
      let byKernel = try difference(problem.kernel, k) {
        try loss(problem.input, $0, problem.bias)
      }
      #expect(abs(byKernel - Double(dw.kernel[k])) < 1e-5)
      let b = values.integer(0...3)
      let byBias = try difference(problem.bias, b) {
        try loss(problem.input, problem.kernel, $0)
      }
      #expect(abs(byBias - Double(dw.bias[b])) < 1e-5)
    }
  }

  @Test(arguments: [(5, 40), (3, 40), (3, 3)])
  func sameBitsAtAnyNumberOfThreadsAndInAnyBatch(kernel: (size: Int, channels: Int)) throws {
    var values = Values(seed: 23)
    let shape = try ConvolutionShape(
      window: WindowShape(
        height: 23, width: 18, windowHeight: kernel.size, windowWidth: kernel.size,
        padding: .same),
      inputChannels: kernel.channels, outputChannels: 48)
    let problem = Problem(shape, count: 5, &values)
    var all: [[Float]]?
    for threads in 1...3 {
      let convolution = try Convolution(shape, pool: ThreadPool(threads: threads))
      let output = try convolution.forward(
        problem.input, count: 5, kernel: problem.kernel, bias: problem.bias, relu: true)
      let dx = try convolution.inputGradient(
        problem.outputGradient, count: 5, kernel: problem.kernel)
      let dw = try convolution.weightGradients(
        input: problem.input, outputGradient: problem.outputGradient, count: 5)
      if let all { #expect(all == [output, dx, dw.kernel, dw.bias], "\(threads) threads") }
      all = [output, dx, dw.kernel, dw.bias]
      for n in 0..<5 {
        let alone = try convolution.forward(
          Array(problem.input[(n * shape.inputCount)..<((n + 1) * shape.inputCount)]), count: 1,
          kernel: problem.kernel, bias: problem.bias, relu: true)
        #expect(alone == Array(output[(n * shape.outputCount)..<((n + 1) * shape.outputCount)]))
      }
    }
  }

  /// Convolutions of one pool compute in the same memory: nothing of one may show in another.
  @Test func convolutionsOfOnePool() throws {
    var values = Values(seed: 25)
    let pool = ThreadPool(threads: 2)
    let problems = try [
      (40, 12, ConvolutionAlgorithm.matrix), (40, 12, .winograd(m: 4)), (3, 12, .direct),
      (70, 5, .winograd(m: 2)), (5, 33, .direct), (8, 8, .matrix),
    ].map { input, output, algorithm in
      let shape = try ConvolutionShape(
        window: WindowShape(
          height: 9, width: 8, windowHeight: 3, windowWidth: 3, padding: .same),
        inputChannels: input, outputChannels: output)
      return (
        try Convolution(
          shape, pool: pool, instructionSet: .widest, algorithm: algorithm),
        Problem(shape, count: 3, &values)
      )
    }
    for (convolution, problem) in problems + problems.reversed() {
      let nothing = problem.input.map { _ in Float.nan }
      let gradient = problem.outputGradient.map { _ in Float.nan }
      _ = try convolution.forward(nothing, count: 3, kernel: problem.kernel)
      _ = try convolution.inputGradient(gradient, count: 3, kernel: problem.kernel)
      _ = try convolution.weightGradients(input: nothing, outputGradient: gradient, count: 3)
      for (convolution, problem) in problems {
        try problem.check(convolution, "\(problem.shape)", tolerance: Self.tolerance)
      }
    }
    let threads = try problems.map { convolution, problem in
      let alone = try convolution.forward(problem.input, count: 3, kernel: problem.kernel)
      return (convolution, problem, alone)
    }
    ThreadPool(threads: 4).parallelFor(40) { index in
      let (convolution, problem, alone) = threads[index % threads.count]
      let found = try? convolution.forward(problem.input, count: 3, kernel: problem.kernel)
      #expect(found == alone)
    }
  }

  @Test func noPictures() throws {
    let shape = try ConvolutionShape(
      window: WindowShape(height: 5, width: 5, windowHeight: 3, windowWidth: 3),
      inputChannels: 2, outputChannels: 3)
    let convolution = try Convolution(shape, pool: ThreadPool(threads: 2))
    let kernel = [Float](repeating: 1, count: 54)
    #expect(try convolution.forward([], count: 0, kernel: kernel) == [])
    #expect(try convolution.inputGradient([], count: 0, kernel: kernel) == [])
    let gradients = try convolution.weightGradients(input: [], outputGradient: [], count: 0)
    #expect(gradients.kernel == [Float](repeating: 0, count: 54))
    #expect(gradients.bias == [0, 0, 0])
  }

  @Test func whatIsRefused() throws {
    let sizes = [
      (0, 5, 3, 3, 1, 0), (5, -1, 3, 3, 1, 0), (5, 5, 0, 3, 1, 0), (5, 5, 6, 3, 1, 0),
      (5, 5, 3, 3, 0, 0), (5, 5, 3, 3, 1, 3), (5, 5, 3, 3, 1, -1), (.max, .max, 3, 3, 1, 0),
      (5, 5, .max, .max, .max, .max), (1 << 20, 1 << 20, 1, 1, 1, 0),
    ]
    for (height, width, kh, kw, stride, pad) in sizes {
      let error = KernelsError.invalidWindow(
        height: height, width: width, window: [kh, kw], strides: [stride, stride],
        padding: [pad, 0, 0, 0])
      #expect(error.description.hasSuffix("pixels."))
      #expect(throws: error) {
        try WindowShape(
          height: height, width: width, windowHeight: kh, windowWidth: kw, strideY: stride,
          strideX: stride, padTop: pad)
      }
    }
    for (height, window, stride) in [(Int.max, Int.max, Int.max), (.min, .min, .min), (5, 3, .max)]
    {
      #expect(throws: KernelsError.self) {
        try WindowShape(
          height: height, width: 5, windowHeight: window, windowWidth: 3, strideY: stride,
          padding: .same)
      }
    }
    let window = try WindowShape(height: 5, width: 5, windowHeight: 3, windowWidth: 3)
    for (input, output) in [(0, 1), (1, 0), (-1, 1), (.max, .max), (65536, 65536)] {
      #expect(
        throws: KernelsError.invalidChannels(
          layer: "A convolution", input: input, output: output)
      ) {
        try ConvolutionShape(window: window, inputChannels: input, outputChannels: output)
      }
    }
    let shape = try ConvolutionShape(window: window, inputChannels: 2, outputChannels: 3)
    let convolution = try Convolution(shape, pool: ThreadPool(threads: 1))
    let kernel = [Float](repeating: 0, count: 54)
    let input = [Float](repeating: 0, count: 50)
    #expect(throws: KernelsError.invalidPictures(count: .max, height: 5, width: 5)) {
      try convolution.forward(input, count: .max, kernel: kernel)
    }
    #expect(throws: KernelsError.invalidPictures(count: -1, height: 5, width: 5)) {
      try convolution.forward(input, count: -1, kernel: kernel)
    }
    func wrong(_ tensor: String, _ expected: Int, _ found: Int) -> KernelsError {
      .wrongTensorSize(layer: "a convolution", tensor: tensor, expected: expected, found: found)
    }
    #expect(throws: wrong("input", 100, 50)) {
      try convolution.forward(input, count: 2, kernel: kernel)
    }
    #expect(throws: wrong("kernel", 54, 53)) {
      try convolution.forward(input, count: 1, kernel: Array(kernel.dropLast()))
    }
    #expect(throws: wrong("bias", 3, 1)) {
      try convolution.forward(input, count: 1, kernel: kernel, bias: [0])
    }
    #expect(throws: wrong("output gradient", 27, 26)) {
      try convolution.inputGradient(
        [Float](repeating: 0, count: 26), count: 1, kernel: kernel)
    }
    #expect(throws: wrong("output gradient", 27, 28)) {
      try convolution.weightGradients(
        input: input, outputGradient: [Float](repeating: 0, count: 28), count: 1)
    }
  }
}

/// What a ReLU lets through.
@Suite struct ReluGradientTests {
  @Test(arguments: [0, 1, 7, 100_003]) func mask(count: Int) {
    var values = Values(seed: 60)
    let output = values.floats(count).map { max(0, $0) }
    let gradient = values.floats(count)
    var found = gradient
    ThreadPool(threads: 2).differentiateRelu(&found, output: output)
    #expect(found == zip(gradient, output).map { $1 > 0 ? $0 : 0 })
  }
}
