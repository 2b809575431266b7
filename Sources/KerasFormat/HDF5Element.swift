import CHDF5

/// The type of a dataset's elements, as far as this library tells them apart.
public enum HDF5ElementType: Sendable, Equatable, CustomStringConvertible {
  case float(bits: Int)
  case integer(bits: Int, signed: Bool)
  case string
  /// Compound, enumeration, reference and so on; numbers of a layout that is no machine's.
  case other

  public var description: String {
    switch self {
    case .float(let bits): "float\(bits)"
    case .integer(let bits, let signed): "\(signed ? "int" : "uint")\(bits)"
    case .string: "string"
    case .other: "a type that is neither number nor string"
    }
  }
}

/// A number that datasets can hold.
public protocol HDF5Element: BitwiseCopyable, Sendable {
  static var hdf5Type: HDF5ElementType { get }
}

extension Float: HDF5Element {
  public static var hdf5Type: HDF5ElementType { .float(bits: 32) }
}
extension Double: HDF5Element {
  public static var hdf5Type: HDF5ElementType { .float(bits: 64) }
}
extension Float16: HDF5Element {
  public static var hdf5Type: HDF5ElementType { .float(bits: 16) }
}

extension HDF5Element where Self: FixedWidthInteger {
  public static var hdf5Type: HDF5ElementType { .integer(bits: bitWidth, signed: isSigned) }
}
extension Int8: HDF5Element {}
extension UInt8: HDF5Element {}
extension Int16: HDF5Element {}
extension UInt16: HDF5Element {}
extension Int32: HDF5Element {}
extension UInt32: HDF5Element {}
extension Int64: HDF5Element {}
extension UInt64: HDF5Element {}
extension Int: HDF5Element {}

extension HDF5ElementType {
  /// Describes the HDF5 datatype `type`.
  init(type: hid_t) {
    let bits = Int(clamping: H5Tget_size(type)).multipliedReportingOverflow(by: 8).partialValue
    switch H5Tget_class(type) {
    // Sizes and fields of a kind that nobody has are for libhdf5's conversion to go astray in.
    case H5T_FLOAT where CHDF5_is_IEEE(type) > 0: self = .float(bits: bits)
    case H5T_INTEGER
    where [8, 16, 32, 64].contains(bits) && H5Tget_precision(type) == bits
      && H5Tget_offset(type) == 0:
      self = .integer(bits: bits, signed: H5Tget_sign(type) == H5T_SGN_2)
    case H5T_STRING: self = .string
    default: self = .other
    }
  }

  /// Whether every value of this type can be read as `target` (floats may lose precision).
  func isReadable(as target: HDF5ElementType) -> Bool {
    switch (self, target) {
    case (.float, .float): true
    case (.integer(let bits, let signed), .integer(let targetBits, let targetSigned)):
      signed == targetSigned ? bits <= targetBits : !signed && bits < targetBits
    default: false
    }
  }

  /// A new HDF5 datatype in this machine's byte order.
  func makeNativeType(at place: HDF5Place) throws -> HDF5Handle {
    if self == .float(bits: 16) {
      return HDF5Handle(try check("H5Tcopy", at: place) { CHDF5_create_float16() })
    }
    return HDF5Handle(
      try check("H5Tcopy", at: place) {
        switch self {
        case .float(bits: 32): H5Tcopy(CHDF5_T_NATIVE_FLOAT())
        case .float(bits: 64): H5Tcopy(CHDF5_T_NATIVE_DOUBLE())
        case .integer(bits: 8, signed: true): H5Tcopy(CHDF5_T_NATIVE_INT8())
        case .integer(bits: 16, signed: true): H5Tcopy(CHDF5_T_NATIVE_INT16())
        case .integer(bits: 32, signed: true): H5Tcopy(CHDF5_T_NATIVE_INT32())
        case .integer(bits: 64, signed: true): H5Tcopy(CHDF5_T_NATIVE_INT64())
        case .integer(bits: 8, signed: false): H5Tcopy(CHDF5_T_NATIVE_UINT8())
        case .integer(bits: 16, signed: false): H5Tcopy(CHDF5_T_NATIVE_UINT16())
        case .integer(bits: 32, signed: false): H5Tcopy(CHDF5_T_NATIVE_UINT32())
        case .integer(bits: 64, signed: false): H5Tcopy(CHDF5_T_NATIVE_UINT64())
        default: hid_t(-1)
        }
      })
  }
}
