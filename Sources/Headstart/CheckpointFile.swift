import Foundation
import KerasFormat
import NeuralNetwork

/// The file from which a killed training of a network goes on to the same bits: `checkpoint.h5`.
///
/// Groups `weights/<layer>/<parameter>`, `best/…` likewise and `slots/<parameter>/<slot>`, all
/// numbered; the root attribute `state` holds the rest as JSON. Written atomically after each
/// epoch.
struct CheckpointFile {
  /// What the run is: two runs of equal values would give the same bits.
  typealias Identity = [String: String]

  /// Seconds that the training took so far, of all its sessions, each up to its last checkpoint.
  struct TimeSpent: Codable {
    /// Pictures and features included.
    var all = 0.0
    /// Of the epochs.
    var training = 0.0
  }

  private struct State: Codable {
    var format = 1
    var identity: Identity
    var iterations: Int
    var order: Generator
    var randomStates: [Generator?]
    var history: [EpochRecord]
    var bestEpoch: Int?
    var bestLoss: Double?
    var slots: [Int]
    /// nil in files of earlier versions.
    var spent: TimeSpent?
  }

  let path: String

  var exists: Bool { FileManager.default.fileExists(atPath: path) }

  func remove() throws {
    try AtomicFile.remove(path)
  }

  func write(
    _ checkpoint: TrainingCheckpoint, identity: Identity, spent: TimeSpent
  ) throws {
    let state = State(
      identity: identity, iterations: checkpoint.iterations, order: checkpoint.order,
      randomStates: checkpoint.randomStates, history: checkpoint.history,
      bestEpoch: checkpoint.best?.epoch, bestLoss: checkpoint.best?.loss,
      slots: checkpoint.slots.map(\.count), spent: spent)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(state), as: UTF8.self)
    try AtomicFile.write(to: path) { temporary in
      let file = try HDF5File(creating: temporary)
      try file.root.set("state", text)
      try Self.write(checkpoint.weights, in: "weights", of: file)
      if let best = checkpoint.best { try Self.write(best.weights, in: "best", of: file) }
      for (parameter, slots) in checkpoint.slots.enumerated() {
        for (slot, values) in slots.enumerated() {
          try file.root.write("slots/\(parameter)/\(slot)", values, shape: [values.count])
        }
      }
      try file.close()
    }
  }

  /// - Parameters:
  ///   - model: a network of the checkpoint's layers.
  ///   - identity: of the run that wants to go on.
  /// - Throws: ``CheckpointError`` if the file belongs to another run or does not fit the network,
  ///   `KerasFormatError` if it cannot be read.
  func read(
    for model: Sequential, identity: Identity
  ) throws -> (checkpoint: TrainingCheckpoint, spent: TimeSpent) {
    let file = try HDF5File(opening: path)
    let text = try file.root.string("state")
    guard let state = try? JSONDecoder().decode(State.self, from: Data(text.utf8)),
      state.format == 1
    else { throw damaged("its attribute `state` does not say how far it is") }
    for (what, expected) in identity.sorted(by: { $0.key < $1.key }) {
      let found = state.identity[what] ?? "unknown"
      guard found == expected else {
        throw CheckpointError.otherRun(path: path, what: what, expected: expected, found: found)
      }
    }
    let words = ([state.order] + state.randomStates.compactMap { $0 }).map(\.state.count)
    guard state.randomStates.count == model.layers.count, words.allSatisfy({ $0 == 4 }),
      state.slots.allSatisfy({ (0...2).contains($0) }), state.iterations >= 0,
      !state.history.isEmpty, state.spent.map({ $0.all >= 0 && $0.training >= 0 }) ?? true,
      (state.bestEpoch == nil) == (state.bestLoss == nil)
    else { throw damaged("its attribute `state` contradicts itself or the network") }
    let best = try state.bestEpoch.map {
      TrainingCheckpoint.Best(
        epoch: $0, loss: state.bestLoss ?? .infinity,
        weights: try read("best", of: file, like: model))
    }
    let trainable = model.layers.flatMap(\.parameters).filter(\.isTrainable)
    guard state.slots.isEmpty || state.slots.count == trainable.count else {
      throw damaged("it has slots for \(state.slots.count) of \(trainable.count) parameters")
    }
    let slots = try state.slots.enumerated().map { parameter, count in
      try (0..<count).map { slot in
        try values(
          "slots/\(parameter)/\(slot)", of: file, count: trainable[parameter].value.values.count)
      }
    }
    let checkpoint = TrainingCheckpoint(
      weights: try read("weights", of: file, like: model), iterations: state.iterations,
      slots: slots, order: state.order, randomStates: state.randomStates, history: state.history,
      best: best)
    return (checkpoint, state.spent ?? TimeSpent())
  }

  private static func write(_ weights: [[Tensor]], in group: String, of file: HDF5File) throws {
    for (layer, tensors) in weights.enumerated() {
      for (index, tensor) in tensors.enumerated() {
        try file.root.write("\(group)/\(layer)/\(index)", tensor.values, shape: tensor.shape)
      }
    }
  }

  private func read(
    _ group: String, of file: HDF5File, like model: Sequential
  ) throws -> [[Tensor]] {
    try model.layers.enumerated().map { layer, shapes in
      try shapes.parameters.enumerated().map { index, parameter in
        Tensor(
          shape: parameter.value.shape,
          values: try values(
            "\(group)/\(layer)/\(index)", of: file, count: parameter.value.values.count))
      }
    }
  }

  /// A dataset's values, after a look at how many there are.
  private func values(_ name: String, of file: HDF5File, count: Int) throws -> [Float] {
    guard try file.root.contains(name) else { throw damaged("it has no \(name)") }
    let dataset = try file.root.dataset(name)
    guard dataset.count == count else {
      throw damaged("\(name) has \(dataset.count) values where \(count) were expected")
    }
    let values = try dataset.read(Float.self)
    guard values.allSatisfy(\.isFinite) else { throw damaged("\(name) is not finite") }
    return values
  }

  private func damaged(_ reason: String) -> CheckpointError {
    .damaged(path: path, reason: reason)
  }
}

/// Why a training cannot go on from a checkpoint.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  case otherRun(path: String, what: String, expected: String, found: String)
  case damaged(path: String, reason: String)

  public var description: String {
    switch self {
    case .otherRun(let path, let what, let expected, let found):
      "\(path) belongs to another run: its \(what) is \(found), this run's is \(expected)."
    case .damaged(let path, let reason):
      "\(path) is no checkpoint that training could go on from: \(reason)."
    }
  }
}
