import Kernels

/// A weight of a layer: its value, the loss's gradient by it, and whether training changes it.
public struct Parameter: Sendable {
  /// Keras' name of the weight: `kernel`, `bias`, `gamma`, …
  public let name: String
  public var value: Tensor

  /// dL/dvalue, from the latest backward pass, in the layout of ``value``; empty before the first.
  public var gradient: [Float] = []

  /// Whether an optimizer changes the value, and a backward pass computes the gradient.
  public var isTrainable: Bool

  public init(name: String, value: Tensor, isTrainable: Bool = true) {
    self.name = name
    self.value = value
    self.isTrainable = isTrainable
  }
}

/// One step of a network: a value that holds its parameters and, while training, what its
/// backward pass needs.
///
/// A copy of a layer is a checkpoint of it. The first axis is the batch.
public protocol Layer: Sendable {
  /// The layer's name in the model; empty until ``Sequential`` gives one.
  var name: String { get set }

  /// Keras' name of the class.
  var className: String { get }

  /// All weights, in the order in which Keras stores them.
  var parameters: [Parameter] { get }

  /// Visits every weight, in the order of ``parameters``, for change in place.
  mutating func updateParameters(_ body: (inout Parameter) throws -> Void) rethrows

  /// The shape of the output for a shape of the input, both without the batch.
  ///
  /// - Throws: ``NeuralNetworkError/shape(layer:expected:found:)``.
  func outputShape(_ inputShape: [Int]) throws -> [Int]

  /// The state of the random numbers that training draws, part of a checkpoint; nil for a layer
  /// that draws none.
  ///
  /// Setting it does nothing in a layer that draws none.
  var randomState: Generator? { get set }

  /// The output in inference.
  ///
  /// The input is handed over, so that a layer may compute in its place.
  ///
  /// - Throws: ``NeuralNetworkError/shape(layer:expected:found:)`` for an input of another shape
  ///   than the layer takes; `KernelsError` for lack of memory.
  func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor

  /// The output in training; keeps what ``backward(_:needsInputGradient:pool:)`` needs.
  ///
  /// - Throws: As in inference.
  mutating func forward(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor

  /// Sets the gradients of the trainable parameters from the gradient by the output.
  ///
  /// - Parameter gradient: dL/doutput, of the shape of the output.
  /// - Returns: the gradient by the input, or nil if it was not asked for.
  /// - Throws: ``NeuralNetworkError/backwardBeforeForward(layer:)``; `KernelsError` for lack of
  ///   memory.
  mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor?

  /// Freezes the layer, or lets it train.
  mutating func setTrainable(_ isTrainable: Bool)

  /// Lets go of what the backward pass would need.
  mutating func forget()
}

extension Layer {
  public var parameters: [Parameter] { [] }
  public mutating func updateParameters(_ body: (inout Parameter) throws -> Void) rethrows {}

  public var randomState: Generator? {
    get { nil }
    set {}
  }

  /// Whether any parameter is trained.
  public var isTrainable: Bool { parameters.contains { $0.isTrainable } }

  public mutating func setTrainable(_ isTrainable: Bool) {
    updateParameters { $0.isTrainable = isTrainable }
  }

  /// The name, or the class if there is none yet: for messages.
  package var label: String { name.isEmpty ? className : "\(name) (\(className))" }

  /// Checks a batch against ``outputShape(_:)`` and returns the shape of its output.
  package func checkedOutputShape(_ input: borrowing Tensor) throws -> [Int] {
    let shape = input.shape
    guard let batch = shape.first else {
      throw NeuralNetworkError.shape(layer: label, expected: "a batch", found: [])
    }
    return [batch] + (try outputShape(Array(shape.dropFirst())))
  }

  /// Unwraps what `forward` kept.
  package func kept<T>(_ value: T?) throws -> T {
    guard let value else { throw NeuralNetworkError.backwardBeforeForward(layer: label) }
    return value
  }
}

/// A layer whose last step is an activation that can be taken off, so that a loss sees logits.
public protocol ActivatedLayer: Layer {
  var activation: Activation { get set }
}
