import Foundation

/// An error in words: Foundation's own for its errors, whose descriptions are for debugging; the
/// description for ours.
func sentence(of error: any Error) -> String {
  error is CocoaError || error is POSIXError ? error.localizedDescription : "\(error)"
}
