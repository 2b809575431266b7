import Dispatch
import Foundation
import Headstart

/// Ctrl-C and `kill` ask the stages to stop cleanly; a second one ends the process at once.
enum Interruption {
  static let cancellation = Cancellation()
  // Only read after it was made; the sources live as long as the process.
  nonisolated(unsafe) private static let sources = [SIGINT, SIGTERM].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      if cancellation.isCancelled { _exit(128 + number) }
      cancellation.cancel()
      Console.note("\ninterrupted: finishing up (again to stop at once)")
    }
    return source
  }

  static func install() {
    for source in sources { source.resume() }
  }
}
