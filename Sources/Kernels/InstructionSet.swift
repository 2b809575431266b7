import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The instructions the kernels are built for, from the widest to the most common.
///
/// The best one of the CPU is chosen once, at the first use. The environment variable
/// `HEADSTART_CPU` (`avx2` or `portable`) forces a lower one, for tests and bug reports.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// AVX-512 F, VL, DQ and BW: 16 floats at a time.
  case avx512
  /// AVX2 and FMA: 8 floats at a time.
  case avx2
  /// Plain C: 4 floats at a time, on any processor.
  case portable

  /// The instruction set in use: the widest of this CPU that `HEADSTART_CPU` allows.
  ///
  /// A variable that cannot be honoured is ignored here and an error where kernels are asked for.
  public static var current: InstructionSet {
    if case .success(let set) = selected { return set }
    return widest
  }

  /// The widest instruction set of this CPU.
  public static var widest: InstructionSet { allCases.first { $0.isSupported }! }

  /// Whether this CPU has these instructions.
  public var isSupported: Bool { kernels(bf16: false) != nil }

  /// Whether this CPU has AVX512-BF16 and `self` allows to use it.
  package var hasBF16: Bool { kernels(bf16: true) != nil }

  /// The choice of `HEADSTART_CPU` as the environment had it at the first use.
  static let selected: Result<InstructionSet, KernelsError> = {
    guard let word = getenv("HEADSTART_CPU").map({ String(cString: $0) }), !word.isEmpty else {
      return .success(widest)
    }
    return selection(named: word)
  }()

  package static func selection(named word: String) -> Result<InstructionSet, KernelsError> {
    guard let set = InstructionSet(rawValue: word) else {
      return .failure(.unknownInstructionSet(word))
    }
    return set.isSupported ? .success(set) : .failure(.missingInstructionSet(set))
  }

  /// The table of kernels, nil where the CPU lacks the instructions.
  func kernels(bf16: Bool) -> UnsafePointer<ck_kernels>? {
    switch self {
    case .avx512: bf16 ? ck_avx512_bf16() : ck_avx512()
    case .avx2: bf16 ? nil : ck_avx2()
    case .portable: bf16 ? nil : ck_portable()
    }
  }
}
