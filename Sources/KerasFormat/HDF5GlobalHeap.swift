import CHDF5
import Foundation

/// The global heap of a file open for reading, in which texts of variable length lie.
///
/// Read here and not by libhdf5, which does not check references (see the shim). The layout is
/// that of the HDF5 File Format Specification, section III.E: collections of `GCOL`, version,
/// size, then objects of index, reference count, size and data padded to 8 bytes.
struct HDF5GlobalHeap {
  /// A stored value of variable length.
  struct Reference {
    let length: Int
    let address: Int
    let index: Int

    /// Parses the 16 bytes that stand in the file, little-endian.
    init(_ bytes: ArraySlice<UInt8>) {
      length = HDF5GlobalHeap.integer(bytes.prefix(4))
      address = HDF5GlobalHeap.integer(bytes.dropFirst(4).prefix(8))
      index = HDF5GlobalHeap.integer(bytes.dropFirst(12).prefix(4))
    }
  }

  private let descriptor: Int32
  private let base: Int
  private let size: Int
  private let place: HDF5Place
  /// Of each collection read so far, where the data of each object is.
  private var collections: [Int: [Int: Range<Int>]] = [:]
  /// Distinct objects cannot hold more than the file; more means that references repeat.
  private var remaining: Int

  init(of file: HDF5OpenFile, at place: HDF5Place) throws {
    var pointer: UnsafeMutableRawPointer?
    try check("H5Fget_vfd_handle", at: place) {
      H5Fget_vfd_handle(file.handle.id, CHDF5_P_DEFAULT(), &pointer)
    }
    guard let pointer else {
      throw place.error(.damaged, expected: "an open file", found: "none")
    }
    descriptor = pointer.load(as: Int32.self)
    let list = HDF5Handle(
      try check("H5Fget_create_plist", at: place) { H5Fget_create_plist(file.handle.id) })
    var userBlock: hsize_t = 0
    try check("H5Pget_userblock", at: place) { H5Pget_userblock(list.id, &userBlock) }
    var (addressSize, lengthSize) = (0, 0)
    try check("H5Pget_sizes", at: place) { H5Pget_sizes(list.id, &addressSize, &lengthSize) }
    guard addressSize == 8, lengthSize == 8 else {
      throw place.error(
        .unsupported, expected: "a file with addresses of 8 bytes", found: "\(addressSize)")
    }
    base = Int(clamping: userBlock)
    size = try file.size(at: place)
    remaining = size
    self.place = place
  }

  /// The bytes that a reference leads to.
  mutating func bytes(of reference: Reference) throws -> [UInt8] {
    guard reference.length > 0 else { return [] }
    let objects = try collection(at: reference.address)
    guard let object = objects[reference.index], reference.length <= object.count,
      reference.length <= remaining
    else {
      throw place.error(
        .damaged, expected: "text of \(reference.length) bytes",
        found: "no such object in the global heap")
    }
    remaining -= reference.length
    return try read(at: object.lowerBound, count: reference.length)
  }

  private mutating func collection(at address: Int) throws -> [Int: Range<Int>] {
    if let known = collections[address] { return known }
    let header = try read(at: address, count: 16)
    let end = address.addingReportingOverflow(Self.integer(header.suffix(8)))
    guard header.starts(with: Array("GCOL".utf8)), header[4] == 1, !end.overflow,
      end.partialValue <= size - base
    else {
      throw place.error(
        .damaged, expected: "a global heap at \(address)", found: "other bytes")
    }
    var objects: [Int: Range<Int>] = [:]
    var position = address + 16
    while position + 16 <= end.partialValue {
      let object = try read(at: position, count: 16)
      let index = Self.integer(object.prefix(2))
      let length = Self.integer(object.suffix(8))
      if index == 0 { break }
      let data = position + 16
      guard length <= end.partialValue - data else {
        throw place.error(
          .damaged, expected: "an object within its global heap", found: "\(length) bytes")
      }
      objects[index] = data..<data + length
      position = data + (length + 7) & ~7
    }
    collections[address] = objects
    return objects
  }

  private func read(at address: Int, count: Int) throws -> [UInt8] {
    let (offset, overflow) = address.addingReportingOverflow(base)
    guard address >= 0, !overflow, offset <= size, count <= size - offset else {
      throw place.error(
        .damaged, expected: "\(count) bytes at \(address)", found: "a file of \(size) bytes")
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let part = pread(
          descriptor, buffer.baseAddress! + initialized, count - initialized,
          off_t(offset + initialized))
        guard part > 0 else {
          throw place.error(
            .damaged, expected: "\(count) bytes at \(address)",
            found: part == 0 ? "the file's end" : RegularFile.systemMessage(errno))
        }
        initialized += part
      }
    }
  }

  /// A little-endian number; those beyond `Int.max` become `Int.max`.
  private static func integer(_ bytes: some BidirectionalCollection<UInt8>) -> Int {
    Int(clamping: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}
