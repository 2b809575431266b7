import ArgumentParser
import Headstart

extension UntrainedWeights.Network: ExpressibleByArgument {}

struct WeightsMakeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make",
    abstract: "Writes a stand-in for weights that cannot be had: the same layers, untrained.",
    discussion: """
      vgg19: drawn at random. vgg16bn: VGG16's own convolutions, which must be there, with an \
      untrained dense block, in the layout of fast.ai's vgg16_bn.h5 (550 MB). Good for trying a \
      pipeline; what it measures says nothing of the trained network. Recipes take a stand-in \
      where the trained weights are not there, and say so; other commands take it by --weights.

        headstart weights make vgg19
        headstart run photos --recipe vgg19-comparison
        headstart weights make vgg16bn
        headstart run photos --recipe cats-n-dogs-bn
      """)

  @Argument(help: "vgg19 or vgg16bn.")
  var network: UntrainedWeights.Network

  @Option(help: "Seed of the random numbers.")
  var seed: UInt64 = 0

  @OptionGroup var directory: WeightsDirectoryOption

  func run() throws {
    Console.result(try UntrainedWeights(network, seed: seed).write(into: directory.folder))
  }
}
