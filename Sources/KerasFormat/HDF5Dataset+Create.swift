import CHDF5

extension HDF5Group {
  /// Creates a dataset, all zeros until written.
  ///
  /// - Parameters:
  ///   - path: Its path; groups above it are made where missing. No dataset may be there already.
  ///   - shape: The extent of each axis; empty for a single number.
  ///   - options: Chunks, compression and checksums.
  @discardableResult
  public func createDataset<T: HDF5Element>(
    _ path: String, shape: [Int], of type: T.Type, options: HDF5DatasetOptions = .contiguous
  ) throws -> HDF5Dataset {
    try HDF5Library.locked {
      var components = try self.components(of: path)
      let name = components.removeLast()
      let parent = components.isEmpty ? self : try createGroup(components.joined(separator: "/"))
      let place = parent.place.member(name)
      guard shape.allSatisfy({ $0 >= 0 }), shape.count <= 32 else {
        throw place.error(
          .invalidArgument, expected: "at most 32 extents, none negative", found: "\(shape)")
      }
      _ = try Shape.count(shape, at: place)
      let extents = shape.map { hsize_t($0) }
      let space = HDF5Handle(
        try check("H5Screate_simple", at: place) {
          H5Screate_simple(Int32(extents.count), extents, nil)
        })
      let list = try options.makePropertyList(rank: shape.count, at: place)
      let element = try T.hdf5Type.makeNativeType(at: place)
      let id = try check("H5Dcreate2", at: place, else: .cannotWrite) {
        H5Dcreate2(
          parent.handle.id, name, element.id, space.id, CHDF5_P_DEFAULT(), list.id,
          CHDF5_P_DEFAULT())
      }
      return try HDF5Dataset(handle: HDF5Handle(id), place: place, owner: owner)
    }
  }

  /// Creates a dataset and writes all its values.
  @discardableResult
  public func write<T: HDF5Element>(
    _ path: String, _ values: [T], shape: [Int], options: HDF5DatasetOptions = .contiguous
  ) throws -> HDF5Dataset {
    let dataset = try createDataset(path, shape: shape, of: T.self, options: options)
    try dataset.write(values)
    return dataset
  }
}

extension HDF5DatasetOptions {
  func makePropertyList(rank: Int, at place: HDF5Place) throws -> HDF5Handle {
    let list = HDF5Handle(
      try check("H5Pcreate", at: place) { H5Pcreate(CHDF5_P_DATASET_CREATE()) })
    // Without the time of writing, equal contents give equal files.
    try check("H5Pset_obj_track_times", at: place) { H5Pset_obj_track_times(list.id, false) }
    guard let chunk else {
      guard deflate == nil, !shuffle, !checksum else {
        throw place.error(
          .invalidArgument, expected: "chunks, for compression or checksums",
          found: "a contiguous dataset")
      }
      return list
    }
    guard chunk.count == rank, rank > 0, chunk.allSatisfy({ (1...Int(UInt32.max)).contains($0) })
    else {
      throw place.error(
        .invalidArgument, expected: "a chunk of rank \(rank), at least 1", found: "\(chunk)")
    }
    let extents = chunk.map { hsize_t($0) }
    try check("H5Pset_chunk", at: place, else: .invalidArgument) {
      H5Pset_chunk(list.id, Int32(rank), extents)
    }
    if shuffle { try check("H5Pset_shuffle", at: place) { H5Pset_shuffle(list.id) } }
    if let deflate {
      guard (0...9).contains(deflate) else {
        throw place.error(
          .invalidArgument, expected: "a deflate level of 0 to 9", found: "\(deflate)")
      }
      try check("H5Pset_deflate", at: place) { H5Pset_deflate(list.id, UInt32(deflate)) }
    }
    if checksum { try check("H5Pset_fletcher32", at: place) { H5Pset_fletcher32(list.id) } }
    return list
  }
}
