import Foundation
import KerasFormat

/// What can be said of a weight file: whether it is an official one, holds the official weights, or
/// is at least whole and finite.
public struct WeightsVerification: Sendable, Codable, Equatable {
  /// What a file of weights is.
  public enum Verdict: String, Sendable, Codable {
    /// Byte for byte the official file.
    case officialFile
    /// Another container, but the official weights, bit for bit.
    case officialWeights
    /// Not known; it could be read to its end, and all its values are finite.
    case sound
    /// Something is wrong; ``WeightsVerification/problems`` says what.
    case bad
  }

  public let path: String
  public let verdict: Verdict
  /// `vgg16` or `vgg19`, where the file holds one of them.
  public let architecture: String?
  public let parameters: Int
  /// ``VGGWeights/tensorSHA256()``, where it was computed: of a VGG that is not an official file.
  public let tensorSHA256: String?
  /// A sentence each; empty unless the verdict is ``Verdict/bad``.
  public let problems: [String]

  /// Whether it can be used, official or not.
  public var isSound: Bool { verdict != .bad }

  /// Checks any weight file. One that has the name of an official file must be it, or hold its
  /// weights.
  ///
  /// - Throws: ``Cancelled``. That the file is absent or broken is a verdict, not an error.
  public static func verify(
    _ path: String, cancellation: Cancellation = Cancellation()
  ) throws -> WeightsVerification {
    let name = URL(fileURLWithPath: path).lastPathComponent
    let expected = PretrainedWeights.all.first { $0.fileName == name }
    return try verify(path, expected: expected, cancellation: cancellation)
  }

  /// - Parameter expected: what the file must be; nil for anything sound.
  package static func verify(
    _ path: String, expected: PretrainedWeights?, cancellation: Cancellation
  ) throws -> WeightsVerification {
    do {
      return try check(path, expected: expected, cancellation: cancellation)
    } catch let cancelled as Cancelled {
      throw cancelled
    } catch {
      return WeightsVerification(
        path: path, verdict: .bad, architecture: nil, parameters: 0, tensorSHA256: nil,
        problems: [sentence(of: error)])
    }
  }

  private static func check(
    _ path: String, expected: PretrainedWeights?, cancellation: Cancellation
  ) throws -> WeightsVerification {
    let file = try WeightFile(path: path)

    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    let candidates = expected.map { [$0] } ?? PretrainedWeights.all
    if let candidate = candidates.first(where: { $0.byteCount == size }),
      try fileMD5(path, cancellation: cancellation) == candidate.md5
    {
      return WeightsVerification(
        path: path, verdict: .officialFile, architecture: candidate.architecture.rawValue,
        parameters: file.parameterCount, tensorSHA256: nil, problems: [])
    }

    var problems = try unreadableLayers(of: file, cancellation: cancellation)
    var weights: VGGWeights?
    if problems.isEmpty {
      do {
        weights = try VGGWeights.load(path)
      } catch {
        // Any other network is fine, unless a VGG was asked for or this means to be one.
        if expected != nil || file.layers.contains(where: { $0.name == "block1_conv1" }) {
          problems.append(sentence(of: error))
        }
      }
    }
    let hash = weights?.tensorSHA256()
    // A file that holds other layers besides is not what was published.
    let isWhole = weights.map { $0.parameterCount == file.parameterCount } ?? false
    let known =
      isWhole && candidates.contains { $0.tensorSHA256 != nil && $0.tensorSHA256 == hash }
    if let expected, !known, problems.isEmpty {
      problems.append(
        expected.tensorSHA256.map {
          "\(path) is not the official \(expected.fileName), nor does it hold its weights: their"
            + " SHA-256 should be \($0) and is \(hash ?? "unknown")."
        }
          ?? "\(path) is not the official \(expected.fileName), whose MD5 sum is \(expected.md5).")
    }
    return WeightsVerification(
      path: path, verdict: problems.isEmpty ? (known ? .officialWeights : .sound) : .bad,
      architecture: weights?.architecture.rawValue, parameters: file.parameterCount,
      tensorSHA256: hash,
      problems: problems)
  }

  /// A sentence for each layer that cannot be read to its end or holds NaN or infinity. Layer by
  /// layer, so that only one is in memory.
  private static func unreadableLayers(
    of file: WeightFile, cancellation: Cancellation
  ) throws -> [String] {
    var problems: [String] = []
    for layer in file.layers {
      try cancellation.check()
      do {
        _ = try file.tensors(of: layer)
      } catch {
        problems.append(sentence(of: error))
      }
    }
    return problems
  }
}
