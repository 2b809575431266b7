import Foundation
import Synchronization

/// A progress bar on a terminal, a plain line now and then otherwise, nothing with `--quiet`.
///
/// Safe to call from any thread. The rate and the time left count only the units done since the
/// bar began, so that units that were already cached do not flatter them. A bar that has ended begins
/// anew with the next count that is another; the end itself, told again, is not shown again.
final class ProgressBar: Sendable {
  private struct State {
    var started = Date()
    var lastDrawn = Date.distantPast
    var firstDone: Int?
    /// What it counted to, if it has ended.
    var ended: Int?
    var drawn = false
  }

  private let title: String
  private let unit: String
  private let quiet: Bool
  private let state = Mutex(State())

  /// - Parameter unit: what is counted, in the plural: `pictures`, `epochs`.
  init(_ title: String, unit: String, quiet: Bool) {
    self.title = title
    self.unit = unit
    self.quiet = quiet
  }

  /// Draws `done` of `total`, unless it drew a moment ago. `detail` is appended as it is.
  func update(done: Int, total: Int, detail: String = "") {
    guard !quiet, total > 0 else { return }
    state.withLock { state in
      let now = Date()
      if let ended = state.ended, done < total || total != ended { state = State() }
      let first = state.firstDone ?? done
      if state.firstDone == nil {
        state.firstDone = done
        state.started = now
      }
      let pause = Console.errorIsTerminal ? 0.1 : 5.0
      guard done == total ? state.ended == nil : now.timeIntervalSince(state.lastDrawn) >= pause
      else { return }
      state.ended = done == total ? total : nil
      state.lastDrawn = now
      state.drawn = true
      let seconds = now.timeIntervalSince(state.started)
      var line = "\(title) \(done)/\(total) \(unit)"
      if done > first, seconds > 0 {
        let rate = Double(done - first) / seconds
        line += String(format: rate < 10 ? ", %.1f/s" : ", %.0f/s", rate)
        line +=
          done < total
          ? ", \(describe(seconds: Double(total - done) / rate)) left"
          : ", \(describe(seconds: seconds))"
      }
      if !detail.isEmpty { line += ", " + detail }
      if Console.errorIsTerminal {
        let width = 20
        let filled = done * width / total
        let bar =
          String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
        // Return, erase to the end of the line: a shorter text leaves nothing of a longer one.
        Console.raw("\r\u{1B}[K\(bar) \(Printable.text(line))")
      } else {
        Console.note(line)
      }
    }
  }

  /// Ends the bar's line, so that what is written next stands below it.
  func finish() {
    state.withLock { state in
      if state.drawn, Console.errorIsTerminal {
        Console.raw("\n")
      }
      state.drawn = false
    }
  }
}
