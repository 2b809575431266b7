import ArgumentParser
import Headstart
import Pictures

/// The name of a view on the command line: `plain`, `flipped`, `crop-3`, `random-2`.
enum ViewArgument: ExpressibleByArgument, Equatable {
  case plain, flipped
  case crop(Int)
  case random(Int)

  init?(argument: String) {
    let parts = argument.split(separator: "-", maxSplits: 1).map(String.init)
    let number = parts.count == 2 ? Int(parts[1]) : nil
    switch (parts.first, number) {
    case ("plain", nil) where parts.count == 1: self = .plain
    case ("flipped", nil) where parts.count == 1: self = .flipped
    case ("crop", let number?) where (0..<PictureView.cropCount).contains(number):
      self = .crop(number)
    case ("random", let number?) where number >= 0: self = .random(number)
    default: return nil
    }
  }

  var defaultValueDescription: String { "plain" }

  func picture(_ augmentation: Augmentation, seed: UInt64) -> PictureView {
    switch self {
    case .plain: .plain
    case .flipped: .flipped
    case .crop(let number): .crop(number)
    case .random(let number): .random(number, augmentation, seed: seed)
    }
  }
}
