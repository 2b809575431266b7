import CHDF5

/// A dataset of an HDF5 file: an array of numbers in C order (the last axis varies fastest).
public final class HDF5Dataset: HDF5Object, Sendable {
  private let owner: HDF5OpenFile
  private let handle: HDF5Handle
  let place: HDF5Place
  /// The extent of each axis; empty for a single number.
  public let shape: [Int]
  /// The type of its values in the file.
  public let elementType: HDF5ElementType
  /// The number of elements.
  public let count: Int

  public var identifier: HDF5Identifier {
    HDF5Identifier(id: handle.id, place: place, owner: owner)
  }
  /// The dataset's path from the root.
  public var path: String { place.object ?? "/" }

  init(handle: consuming HDF5Handle, place: HDF5Place, owner: HDF5OpenFile) throws {
    let id = handle.id
    let space = HDF5Handle(try check("H5Dget_space", at: place) { H5Dget_space(id) })
    let type = HDF5Handle(try check("H5Dget_type", at: place) { H5Dget_type(id) })
    let shape = try Self.shape(ofSpace: space.id, at: place)
    let elementType = HDF5Library.locked { HDF5ElementType(type: type.id) }
    let count = try Shape.count(shape, at: place)
    self.shape = shape
    self.elementType = elementType
    self.count = count
    self.place = place
    self.owner = owner
    self.handle = handle
  }

  // MARK: Reading

  /// Reads all elements, in C order.
  ///
  /// - Throws: `KerasFormatError` if the elements are of another kind, if the file stores too
  ///   little for the shape it declares, or if the data is damaged.
  public func read<T: HDF5Element>(_ type: T.Type = T.self) throws -> [T] {
    try HDF5Library.locked {
      try checkReadable(as: type, count: count)
      return try transfer(into: count, memory: CHDF5_S_ALL(), file: CHDF5_S_ALL())
    }
  }

  /// Reads the elements of the given range of the first axis.
  public func read<T: HDF5Element>(_ type: T.Type = T.self, rows: Range<Int>) throws -> [T] {
    try HDF5Library.locked {
      let count = try self.count(ofRows: rows)
      try checkReadable(as: type, count: count)
      guard count > 0 else { return [] }
      let selection = try select(rows: rows)
      return try transfer(into: count, memory: selection.memory.id, file: selection.file.id)
    }
  }

  private func transfer<T: HDF5Element>(
    into count: Int, memory: hid_t, file: hid_t
  ) throws -> [T] {
    guard count > 0 else { return [] }
    let type = try T.hdf5Type.makeNativeType(at: place)
    return try [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      try check("H5Dread", at: place) {
        H5Dread(handle.id, type.id, memory, file, CHDF5_P_DEFAULT(), buffer.baseAddress)
      }
      initialized = count
    }
  }

  /// Deflate cannot shrink data by more than 1032 to 1, so a greater ratio is a false claim.
  private static let largestCompressionRatio = 1100

  /// Refuses element types that do not convert, data kept outside the file, and sizes that the
  /// bytes in the file cannot account for, before anything is allocated.
  private func checkReadable<T: HDF5Element>(as type: T.Type, count: Int) throws {
    guard elementType.isReadable(as: T.hdf5Type) else {
      throw place.error(
        .unexpected, expected: "elements of type \(T.hdf5Type)", found: "\(elementType)")
    }
    guard count > 0 else { return }
    let list = HDF5Handle(
      try check("H5Dget_create_plist", at: place) { H5Dget_create_plist(handle.id) })
    let layout = H5Pget_layout(list.id)
    let external = try check("H5Pget_external_count", at: place) {
      H5Pget_external_count(list.id)
    }
    guard external == 0, layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED
    else {
      throw place.error(
        .unsupported, expected: "data within the file", found: "data kept in other files")
    }
    let filters = try self.filters(of: list.id)

    let stored = min(Int(clamping: H5Dget_storage_size(handle.id)), try owner.size(at: place))
    let ratio = filters == 0 ? 1 : Self.largestCompressionRatio
    let capacity = stored.multipliedReportingOverflow(by: ratio)
    var sizes = [("elements", count)]
    if layout == H5D_CHUNKED {
      sizes.append(("a chunk", try Shape.count(try chunk(of: list.id), at: place)))
    }
    for (name, elements) in sizes {
      let bytes = elements.multipliedReportingOverflow(by: max(1, elementType.bytes))
      guard !bytes.overflow, capacity.overflow || bytes.partialValue <= capacity.partialValue else {
        throw place.error(
          .tooLarge, expected: "data for \(elements) values (\(name)) of \(elementType)",
          found: "\(stored) bytes stored")
      }
    }
  }

  private func chunk(of list: hid_t) throws -> [Int] {
    var dimensions = [hsize_t](repeating: 0, count: max(1, shape.count))
    let rank = try check("H5Pget_chunk", at: place) {
      H5Pget_chunk(list, Int32(dimensions.count), &dimensions)
    }
    return dimensions.prefix(Int(rank)).map { Int(clamping: $0) }
  }

  /// Deflate, shuffle and fletcher32. No others: libhdf5 has more, and loads what it finds.
  private static let knownFilters: Set<H5Z_filter_t> = [1, 2, 3]

  /// Checks that all filters of the dataset are known, and counts them.
  private func filters(of list: hid_t) throws -> Int {
    let count = try check("H5Pget_nfilters", at: place) { H5Pget_nfilters(list) }
    for index in 0..<UInt32(count) {
      var flags: UInt32 = 0
      var values = 0
      var configuration: UInt32 = 0
      let filter = try check("H5Pget_filter2", at: place) {
        H5Pget_filter2(list, index, &flags, &values, nil, 0, nil, &configuration)
      }
      guard Self.knownFilters.contains(filter), H5Zfilter_avail(filter) > 0 else {
        throw place.error(
          .unsupported, expected: "no compression, or deflate", found: "HDF5 filter \(filter)")
      }
    }
    return Int(count)
  }

  // MARK: Writing

  /// Writes all elements.
  public func write<T: HDF5Element>(_ values: [T]) throws {
    try HDF5Library.locked {
      try checkCount(values.count, count)
      guard count > 0 else { return }
      try transfer(from: values, memory: CHDF5_S_ALL(), file: CHDF5_S_ALL())
    }
  }

  /// Writes the elements of the given range of the first axis.
  public func write<T: HDF5Element>(_ values: [T], rows: Range<Int>) throws {
    try HDF5Library.locked {
      let count = try self.count(ofRows: rows)
      try checkCount(values.count, count)
      guard count > 0 else { return }
      let selection = try select(rows: rows)
      try transfer(from: values, memory: selection.memory.id, file: selection.file.id)
    }
  }

  private func transfer<T: HDF5Element>(from values: [T], memory: hid_t, file: hid_t) throws {
    guard T.hdf5Type.isReadable(as: elementType) else {
      throw place.error(
        .invalidArgument, expected: "values of type \(elementType)", found: "\(T.hdf5Type)")
    }
    let type = try T.hdf5Type.makeNativeType(at: place)
    try check("H5Dwrite", at: place, else: .cannotWrite) {
      values.withUnsafeBytes {
        H5Dwrite(handle.id, type.id, memory, file, CHDF5_P_DEFAULT(), $0.baseAddress)
      }
    }
  }

  private func checkCount(_ given: Int, _ needed: Int) throws {
    guard given == needed else {
      throw place.error(.invalidArgument, expected: "\(needed) values", found: "\(given)")
    }
  }

  // MARK: Rows

  private func count(ofRows rows: Range<Int>) throws -> Int {
    guard let length = shape.first, rows.lowerBound >= 0, rows.upperBound <= length else {
      throw place.error(
        .invalidArgument, expected: "rows within shape \(shape)", found: "rows \(rows)")
    }
    return shape.dropFirst().reduce(rows.count, *)
  }

  private struct RowSelection: ~Copyable {
    let memory: HDF5Handle
    let file: HDF5Handle
  }

  /// The data spaces, in memory and in the file, of a range of the first axis.
  private func select(rows: Range<Int>) throws -> RowSelection {
    let file = HDF5Handle(try check("H5Dget_space", at: place) { H5Dget_space(handle.id) })
    var start = [hsize_t](repeating: 0, count: shape.count)
    start[0] = hsize_t(rows.lowerBound)
    let extent = [hsize_t(rows.count)] + shape.dropFirst().map { hsize_t($0) }
    try check("H5Sselect_hyperslab", at: place) {
      H5Sselect_hyperslab(file.id, H5S_SELECT_SET, start, nil, extent, nil)
    }
    let memory = HDF5Handle(
      try check("H5Screate_simple", at: place) {
        H5Screate_simple(Int32(extent.count), extent, nil)
      })
    return RowSelection(memory: memory, file: file)
  }

  /// The extents of a data space; a null data space has none, which is one axis of extent 0.
  static func shape(ofSpace space: hid_t, at place: HDF5Place) throws -> [Int] {
    try HDF5Library.locked {
      if H5Sget_simple_extent_type(space) == H5S_NULL { return [0] }
      let rank = try check("H5Sget_simple_extent_ndims", at: place) {
        H5Sget_simple_extent_ndims(space)
      }
      guard rank > 0 else { return [] }
      var extents = [hsize_t](repeating: 0, count: Int(rank))
      try check("H5Sget_simple_extent_dims", at: place) {
        H5Sget_simple_extent_dims(space, &extents, nil)
      }
      return extents.map { Int(clamping: $0) }
    }
  }
}

extension HDF5ElementType {
  /// The bytes of one number; 0 for what is not a number.
  var bytes: Int {
    switch self {
    case .float(let bits), .integer(let bits, _): bits / 8
    case .string, .other: 0
    }
  }
}
