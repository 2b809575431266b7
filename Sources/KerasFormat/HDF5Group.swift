import CHDF5
import Files

/// What a name in a group leads to.
public enum HDF5ObjectKind: Sendable, Equatable {
  case group
  case dataset
  /// A named type, or a link that is not followed (soft, external or user-defined).
  case other
}

/// A group of an HDF5 file: a folder of groups and datasets, with attributes.
///
/// Paths are relative and may have several components (`conv2d/kernel:0`), each of them a hard link:
/// soft and external links are not followed.
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

  /// The names of all members, in the order of their bytes.
  public var names: [String] {
    get throws {
      try HDF5Library.locked {
        var names: [String] = []
        let end = try check("H5Literate", at: place) {
          withUnsafeMutablePointer(to: &names) { names in
            CHDF5_for_each_member(
              handle.id,
              { name, context in
                guard let name, let context else { return -1 }
                let names = context.assumingMemoryBound(to: [String].self)
                guard names.pointee.count < HDF5Group.memberLimit else { return 1 }
                names.pointee.append(String(cString: name))
                return 0
              }, names)
          }
        }
        guard end == 0 else {
          throw place.error(
            .tooLarge, expected: "at most \(Self.memberLimit) members", found: "more")
        }
        return names
      }
    }
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
      let access = try HDF5Library.started(at: place).linkAccess
      let id = try check("H5Oopen", at: place) { H5Oopen(parent.handle.id, name, access) }
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
    let components = Folder.parts(of: path)
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
    let access = try HDF5Library.started(at: place).linkAccess
    let exists = try check("H5Lexists", at: place) {
      H5Lexists(handle.id, name, access)
    }
    guard exists > 0 else { return nil }
    let type = CHDF5_link_type(handle.id, name)
    try check("H5Lget_info", at: place) { type.rawValue }
    guard type == H5L_TYPE_HARD else { return .other }
    let object = HDF5Handle(
      try check("H5Oopen", at: place) { H5Oopen(handle.id, name, access) })
    switch H5Iget_type(object.id) {
    case H5I_GROUP: return .group
    case H5I_DATASET: return .dataset
    default: return .other
    }
  }

  private func openGroup(_ name: String) throws -> HDF5Group {
    let place = place.member(name)
    let access = try HDF5Library.started(at: place).linkAccess
    let id = try check("H5Oopen", at: place) { H5Oopen(handle.id, name, access) }
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
