import CHDF5

/// What a name in a group leads to.
public enum HDF5ObjectKind: Sendable, Equatable {
  case group
  case dataset
  /// A named type, or a link that is not followed (soft, external or user-defined).
  case other
}

/// A group of an HDF5 file: a folder of groups and datasets, with attributes.
///
/// Paths are relative and may have several components (`conv2d/kernel:0`). Only hard links are
/// followed, so that a file cannot point outside itself.
public final class HDF5Group: HDF5Object, Sendable {
  let owner: HDF5OpenFile
  let handle: HDF5Handle
  let place: HDF5Place

  public var identifier: HDF5Identifier {
    HDF5Identifier(id: handle.id, place: place, owner: owner)
  }
  /// The group's path from the root.
  public var path: String { place.object ?? "/" }

  init(handle: consuming HDF5Handle, place: HDF5Place, owner: HDF5OpenFile) {
    self.handle = handle
    self.place = place
    self.owner = owner
  }

  /// The most members that a group may have: far above any model, far below exhaustion.
  static let memberLimit = 1_000_000

  /// The names of all members, sorted.
  public var names: [String] {
    get throws {
      try HDF5Library.locked {
        var info = H5G_info_t()
        try check("H5Gget_info", at: place) { H5Gget_info(handle.id, &info) }
        guard info.nlinks <= Self.memberLimit else {
          throw place.error(
            .tooLarge, expected: "at most \(Self.memberLimit) members", found: "\(info.nlinks)")
        }
        return try (0..<info.nlinks).map { try memberName(at: $0) }
      }
    }
  }

  private func memberName(at index: hsize_t) throws -> String {
    func name(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
      H5Lget_name_by_idx(
        handle.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, size, CHDF5_P_DEFAULT())
    }
    let length = try check("H5Lget_name_by_idx", at: place) { name(nil, 0) }
    // Names lie in local heaps or link messages, both far smaller than this.
    guard length <= 1 << 16 else {
      throw place.error(.tooLarge, expected: "a member name", found: "\(length) bytes")
    }
    var buffer = [CChar](repeating: 0, count: length + 1)
    try check("H5Lget_name_by_idx", at: place) { name(&buffer, buffer.count) }
    return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether `path` leads to a group or dataset.
  public func contains(_ path: String) throws -> Bool {
    switch try kind(of: path) {
    case .group, .dataset: true
    case .other, nil: false
    }
  }

  /// What `path` leads to; nil if nothing of that name is there.
  public func kind(of path: String) throws -> HDF5ObjectKind? {
    try HDF5Library.locked {
      var group = self
      var components = try self.components(of: path)
      let last = components.removeLast()
      for component in components {
        switch try group.memberKind(component) {
        case .group: group = try group.openGroup(component)
        case .dataset, nil: return nil
        case .other: return .other
        }
      }
      return try group.memberKind(last)
    }
  }

  /// Opens the group at `path`.
  public func group(_ path: String) throws -> HDF5Group {
    try HDF5Library.locked {
      var group = self
      for component in try components(of: path) {
        let kind = try group.memberKind(component)
        guard kind == .group else {
          throw group.place.member(component).error(
            kind == nil ? .missing : .unexpected, expected: "a group",
            found: try group.describe(kind))
        }
        group = try group.openGroup(component)
      }
      return group
    }
  }

  /// Opens the dataset at `path`.
  public func dataset(_ path: String) throws -> HDF5Dataset {
    try HDF5Library.locked {
      var components = try self.components(of: path)
      let name = components.removeLast()
      let parent = components.isEmpty ? self : try group(components.joined(separator: "/"))
      let place = parent.place.member(name)
      let kind = try parent.memberKind(name)
      guard kind == .dataset else {
        throw place.error(
          kind == nil ? .missing : .unexpected, expected: "a dataset",
          found: try parent.describe(kind))
      }
      let id = try check("H5Oopen", at: place) {
        H5Oopen(parent.handle.id, name, CHDF5_P_DEFAULT())
      }
      return try HDF5Dataset(handle: HDF5Handle(id), place: place, owner: owner)
    }
  }

  /// Opens the group at `path`, making it and those above it where they are missing.
  @discardableResult
  public func createGroup(_ path: String) throws -> HDF5Group {
    try HDF5Library.locked {
      var group = self
      for component in try components(of: path) {
        if try group.memberKind(component) != nil {
          group = try group.group(component)
          continue
        }
        let place = group.place.member(component)
        let id = try check("H5Gcreate2", at: place, else: .cannotWrite) {
          H5Gcreate2(
            group.handle.id, component, CHDF5_P_DEFAULT(), CHDF5_P_DEFAULT(), CHDF5_P_DEFAULT())
        }
        group = HDF5Group(handle: HDF5Handle(id), place: place, owner: owner)
      }
      return group
    }
  }

  /// The non-empty parts of a path between slashes.
  func components(of path: String) throws -> [String] {
    let components = path.split(separator: "/").map(String.init)
    guard !components.isEmpty, !components.contains("."), !path.utf8.contains(0),
      components.count <= 64
    else {
      throw place.error(
        .invalidArgument, expected: "a path of 1 to 64 names",
        found: path.isEmpty ? "an empty path" : path)
    }
    return components
  }

  private func memberKind(_ name: String) throws -> HDF5ObjectKind? {
    let place = place.member(name)
    let exists = try check("H5Lexists", at: place) {
      H5Lexists(handle.id, name, CHDF5_P_DEFAULT())
    }
    guard exists > 0 else { return nil }
    let type = CHDF5_link_type(handle.id, name)
    try check("H5Lget_info", at: place) { type.rawValue }
    guard type == H5L_TYPE_HARD else { return .other }
    let object = HDF5Handle(
      try check("H5Oopen", at: place) { H5Oopen(handle.id, name, CHDF5_P_DEFAULT()) })
    switch H5Iget_type(object.id) {
    case H5I_GROUP: return .group
    case H5I_DATASET: return .dataset
    default: return .other
    }
  }

  private func openGroup(_ name: String) throws -> HDF5Group {
    let place = place.member(name)
    let id = try check("H5Oopen", at: place) { H5Oopen(handle.id, name, CHDF5_P_DEFAULT()) }
    return HDF5Group(handle: HDF5Handle(id), place: place, owner: owner)
  }

  private func describe(_ kind: HDF5ObjectKind?) throws -> String {
    switch kind {
    case .group: return "a group"
    case .dataset: return "a dataset"
    case .other: return "a link that is not followed, or a named type"
    case nil:
      let names = try self.names
      if names.isEmpty { return "nothing; \(path) is empty" }
      let shown = names.prefix(8).joined(separator: ", ")
      return "only \(shown)\(names.count > 8 ? " and \(names.count - 8) more" : "") in \(path)"
    }
  }
}
