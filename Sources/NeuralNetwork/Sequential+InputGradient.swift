import Kernels

extension Sequential {
  /// The gradient, by a batch of inputs, of a function of the outputs for it.
  ///
  ///     dF/dx = (dy/dx)ᵀ dF/dy,  y = f(x)
  ///
  /// It changes pictures where a training step changes weights. Freeze the layers first: one that is
  /// trainable computes the gradients by its weights as well, which nobody needs then.
  ///
  /// - Parameters:
  ///   - input: (batch, …) of ``inputShape``.
  ///   - outputGradient: dF/dy for the outputs y that it is given, of their shape.
  /// - Returns: dF/dx, of the shape of `input`.
  /// - Throws: ``NeuralNetworkError``, and whatever `outputGradient` throws.
  public mutating func inputGradient(
    _ input: consuming Tensor, pool: ThreadPool,
    outputGradient: (_ output: Tensor) throws -> Tensor
  ) throws -> Tensor {
    try checkInput(input)
    for index in layers.indices {
      input = try layers[index].forward(consume input, pool: pool)
    }
    var gradient = try outputGradient(input)
    for index in layers.indices.reversed() {
      let next = try layers[index].backward(
        consume gradient, needsInputGradient: true, pool: pool)
      layers[index].forget()
      gradient = try layers[index].kept(next)
    }
    return gradient
  }
}
