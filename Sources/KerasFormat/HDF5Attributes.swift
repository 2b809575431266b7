import CHDF5

/// The identifier behind a group or dataset; opaque outside this module.
public struct HDF5Identifier: Sendable {
  let id: hid_t
  let place: HDF5Place
  let owner: HDF5OpenFile
}

/// Something that carries attributes: a group (the root too) or a dataset.
public protocol HDF5Object: AnyObject, Sendable {
  var identifier: HDF5Identifier { get }
}

/// The largest attribute that is read, in bytes of its fixed-size part.
private let attributeLimit = 1 << 28

extension HDF5Object {
  private var id: hid_t { identifier.id }
  private var place: HDF5Place { identifier.place }

  /// Where it lies in its file: the same for one object reached by two names.
  var address: UInt64 { HDF5Library.locked { CHDF5_object_address(id) } }

  // MARK: Reading

  /// The names of all attributes, sorted.
  public var attributeNames: [String] {
    get throws {
      try HDF5Library.locked {
        let count = try check("H5Aget_num_attrs", at: place) { H5Aget_num_attrs(id) }
        return try (0..<hsize_t(count)).map { index in
          func name(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
            H5Aget_name_by_idx(
              id, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, size, CHDF5_P_DEFAULT())
          }
          let length = try check("H5Aget_name_by_idx", at: place) { name(nil, 0) }
          guard length <= 1 << 16 else {
            throw place.error(.tooLarge, expected: "an attribute name", found: "\(length) bytes")
          }
          var buffer = [CChar](repeating: 0, count: length + 1)
          try check("H5Aget_name_by_idx", at: place) { name(&buffer, buffer.count) }
          return String(
            decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
      }
    }
  }

  /// Whether there is an attribute of that name.
  public func hasAttribute(_ name: String) throws -> Bool {
    try check("H5Aexists", at: place.attribute(name)) { H5Aexists(id, name) } > 0
  }

  /// The attribute's text, of fixed or variable length.
  public func string(_ name: String) throws -> String {
    try single(try strings(name), name)
  }

  /// The attribute's texts, of fixed or variable length; an empty array of any type gives `[]`.
  public func strings(_ name: String) throws -> [String] {
    try withAttribute(name) { attribute, type, count, place in
      guard count > 0 else { return [] }
      guard H5Tget_class(type) == H5T_STRING else {
        throw place.error(
          .unexpected, expected: "text", found: "\(HDF5ElementType(type: type))")
      }
      return H5Tis_variable_str(type) > 0
        ? try readVariableStrings(attribute, type, count, place)
        : try readFixedStrings(attribute, type, count, place)
    }
  }

  /// The attribute's whole number.
  public func integer(_ name: String) throws -> Int {
    try single(try integers(name), name)
  }

  /// The attribute's whole numbers.
  public func integers(_ name: String) throws -> [Int] {
    try read(name)
  }

  /// The attribute's number.
  public func number(_ name: String) throws -> Double {
    try single(try numbers(name), name)
  }

  /// The attribute's numbers.
  public func numbers(_ name: String) throws -> [Double] {
    try read(name)
  }

  private func single<T>(_ values: [T], _ name: String) throws -> T {
    guard values.count == 1 else {
      throw place.attribute(name).error(
        .unexpected, expected: "one value", found: "\(values.count)")
    }
    return values[0]
  }

  private func read<T: HDF5Element>(_ name: String) throws -> [T] {
    try withAttribute(name) { attribute, type, count, place in
      guard count > 0 else { return [] }
      let found = HDF5ElementType(type: type)
      guard found.isReadable(as: T.hdf5Type) else {
        throw place.error(.unexpected, expected: "\(T.hdf5Type)", found: "\(found)")
      }
      let memory = try T.hdf5Type.makeNativeType(at: place)
      return try [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        try check("H5Aread", at: place) { H5Aread(attribute, memory.id, buffer.baseAddress) }
        initialized = count
      }
    }
  }

  /// Opens an attribute and checks its declared size before `body` allocates anything.
  private func withAttribute<R>(
    _ name: String,
    _ body: (_ attribute: hid_t, _ type: hid_t, _ count: Int, _ place: HDF5Place) throws -> R
  ) throws -> R {
    try HDF5Library.locked {
      let place = place.attribute(name)
      guard try hasAttribute(name) else {
        let names = try attributeNames
        throw place.error(
          .missing, expected: "an attribute of that name",
          found: names.isEmpty ? "no attributes" : names.prefix(12).joined(separator: ", "))
      }
      let attribute = HDF5Handle(
        try check("H5Aopen", at: place) { H5Aopen(id, name, CHDF5_P_DEFAULT()) })
      let type = HDF5Handle(
        try check("H5Aget_type", at: place) { H5Aget_type(attribute.id) })
      let space = HDF5Handle(
        try check("H5Aget_space", at: place) { H5Aget_space(attribute.id) })
      let count = try Shape.count(
        try HDF5Dataset.shape(ofSpace: space.id, at: place), at: place)
      let bytes = count.multipliedReportingOverflow(by: max(1, Int(clamping: H5Tget_size(type.id))))
      // A file just created may not have reached the disk, hence the allowance of 1 MB.
      let limit = min(attributeLimit, try identifier.owner.size(at: place) + 1 << 20)
      guard !bytes.overflow, bytes.partialValue <= limit else {
        throw place.error(
          .tooLarge, expected: "an attribute of at most \(limit) bytes",
          found: "\(count) values of \(H5Tget_size(type.id)) bytes")
      }
      return try body(attribute.id, type.id, count, place)
    }
  }

  private func readFixedStrings(
    _ attribute: hid_t, _ type: hid_t, _ count: Int, _ place: HDF5Place
  ) throws -> [String] {
    let size = Int(H5Tget_size(type))
    var bytes = [UInt8](repeating: 0, count: size * count)
    try check("H5Aread", at: place) { H5Aread(attribute, type, &bytes) }
    let padding: UInt8? = H5Tget_strpad(type) == H5T_STR_SPACEPAD ? 0x20 : nil
    return try (0..<count).map { index in
      var text = bytes[index * size..<(index + 1) * size].prefix { $0 != 0 }
      while let padding, text.last == padding { text.removeLast() }
      return try decode(Array(text), place)
    }
  }

  private func readVariableStrings(
    _ attribute: hid_t, _ type: hid_t, _ count: Int, _ place: HDF5Place
  ) throws -> [String] {
    if identifier.owner.isOurs { return try readOwnVariableStrings(attribute, type, count, place) }
    let size = Int(CHDF5_REFERENCE_SIZE)
    let reference = HDF5Handle(
      try check("H5Tcreate", at: place) { CHDF5_create_reference_type() })
    var bytes = [UInt8](repeating: 0, count: size * count)
    try check("H5Aread", at: place) { H5Aread(attribute, reference.id, &bytes) }
    var heap = try HDF5GlobalHeap(of: identifier.owner, at: place)
    return try stride(from: 0, to: bytes.count, by: size).map { start in
      let text = try heap.bytes(of: HDF5GlobalHeap.Reference(bytes[start..<start + size]))
      return try decode(Array(text.prefix { $0 != 0 }), place)
    }
  }

  /// Reads texts from a file that this process is writing, whose heap may still be in memory.
  private func readOwnVariableStrings(
    _ attribute: hid_t, _ type: hid_t, _ count: Int, _ place: HDF5Place
  ) throws -> [String] {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    try check("H5Aread", at: place) { H5Aread(attribute, type, &pointers) }
    defer {
      for pointer in pointers { H5free_memory(pointer) }
    }
    return try pointers.map { pointer in
      guard let pointer else { return "" }
      let text = UnsafeBufferPointer(start: pointer, count: strlen(pointer))
      return try decode(text.map { UInt8(bitPattern: $0) }, place)
    }
  }

  private func decode(_ bytes: [UInt8], _ place: HDF5Place) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw place.error(.unexpected, expected: "UTF-8 text", found: "other bytes")
    }
    return text
  }

  // MARK: Writing

  /// Sets an attribute to a text, of variable length so that it may exceed 64 KB.
  ///
  /// Text of ASCII alone is marked as such, which old h5py reads as bytes, as old Keras expects.
  public func set(_ name: String, _ value: String) throws {
    guard !value.utf8.contains(0) else {
      throw place.attribute(name).error(
        .invalidArgument, expected: "text without NUL", found: "a NUL character")
    }
    try HDF5Library.locked {
      let place = place.attribute(name)
      let type = try makeStringType(
        size: CHDF5_T_VARIABLE(), isASCII: value.utf8.allSatisfy { $0 < 0x80 }, at: place)
      try write(name, type: type.id, shape: [], at: place) { attribute in
        value.withCString { text in
          var pointer: UnsafePointer<CChar>? = text
          return H5Awrite(attribute, type.id, &pointer)
        }
      }
    }
  }

  /// Sets an attribute to an array of texts, of fixed length padded with NULs, as NumPy makes them.
  ///
  /// HDF5 holds an attribute of at most 64 KB here: longer lists are for the caller to split.
  public func set(_ name: String, _ values: [String]) throws {
    guard !values.isEmpty else { return try set(name, [Double]()) }
    try HDF5Library.locked {
      let place = place.attribute(name)
      let texts = values.map { Array($0.utf8) }
      let size = max(1, texts.map(\.count).max() ?? 1)
      let isASCII = texts.allSatisfy { $0.allSatisfy { $0 < 0x80 } }
      let type = try makeStringType(size: size, isASCII: isASCII, at: place)
      let bytes = texts.flatMap { $0 + [UInt8](repeating: 0, count: size - $0.count) }
      try write(name, type: type.id, shape: [values.count], at: place) {
        H5Awrite($0, type.id, bytes)
      }
    }
  }

  /// Sets an attribute to a whole number (int64).
  public func set(_ name: String, _ value: Int) throws {
    try write(name, [value], shape: [])
  }

  /// Sets an attribute to an array of whole numbers (int64).
  public func set(_ name: String, _ values: [Int]) throws {
    try write(name, values, shape: [values.count])
  }

  /// Sets an attribute to a number (float64).
  public func set(_ name: String, _ value: Double) throws {
    try write(name, [value], shape: [])
  }

  /// Sets an attribute to an array of numbers (float64).
  public func set(_ name: String, _ values: [Double]) throws {
    try write(name, values, shape: [values.count])
  }

  private func makeStringType(size: Int, isASCII: Bool, at place: HDF5Place) throws -> HDF5Handle {
    let type = HDF5Handle(try check("H5Tcopy", at: place) { H5Tcopy(CHDF5_T_C_S1()) })
    try check("H5Tset_size", at: place) { H5Tset_size(type.id, size) }
    try check("H5Tset_cset", at: place) {
      H5Tset_cset(type.id, isASCII ? H5T_CSET_ASCII : H5T_CSET_UTF8)
    }
    if size != CHDF5_T_VARIABLE() {
      try check("H5Tset_strpad", at: place) { H5Tset_strpad(type.id, H5T_STR_NULLPAD) }
    }
    return type
  }

  private func write<T: HDF5Element>(_ name: String, _ values: [T], shape: [Int]) throws {
    try HDF5Library.locked {
      let place = place.attribute(name)
      let type = try T.hdf5Type.makeNativeType(at: place)
      try write(name, type: type.id, shape: shape, at: place) {
        values.isEmpty ? 0 : H5Awrite($0, type.id, values)
      }
    }
  }

  /// Creates an attribute in place of any of that name, and lets `body` write it.
  private func write(
    _ name: String, type: hid_t, shape: [Int], at place: HDF5Place, _ body: (hid_t) -> herr_t
  ) throws {
    if try hasAttribute(name) {
      try check("H5Adelete", at: place, else: .cannotWrite) { H5Adelete(id, name) }
    }
    let extents = shape.map { hsize_t($0) }
    let space = HDF5Handle(
      try check("H5Screate_simple", at: place) {
        H5Screate_simple(Int32(extents.count), extents, nil)
      })
    let attribute = HDF5Handle(
      try check("H5Acreate2", at: place, else: .cannotWrite) {
        H5Acreate2(id, name, type, space.id, CHDF5_P_DEFAULT(), CHDF5_P_DEFAULT())
      })
    try check("H5Awrite", at: place, else: .cannotWrite) { body(attribute.id) }
  }
}
