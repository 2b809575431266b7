import Synchronization

/// A request to stop, made by one thread (a signal handler, a window's button) and polled by the
/// stages between two units of work.
///
/// A stage that sees it abandons the batch under way, leaves everything committed before in place
/// and throws ``Cancelled``; the same call again goes on from there.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  /// Asks every stage that polls this object to stop.
  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Whether the work is to end.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// - Throws: ``Cancelled`` once ``cancel()`` was called.
  public func check() throws(Cancelled) {
    if isCancelled { throw Cancelled() }
  }
}

/// Thrown by a stage that stopped because its ``Cancellation`` asked for it.
public struct Cancelled: Error, Equatable, CustomStringConvertible {
  public init() {}
  public var description: String {
    "interrupted; what was finished is kept, the same command goes on from there"
  }
}
