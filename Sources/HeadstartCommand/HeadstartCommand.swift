import ArgumentParser
import Files
import Headstart

@main
struct HeadstartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "headstart",
    abstract: "Turns a few folders of photos into an accurate image classifier, on a plain CPU.",
    discussion: """
      Photos lie in DATA/train/<class>/ (and DATA/validation/<class>/), or in a folder per class.

        headstart weights fetch vgg16
        headstart run photos
        headstart train photos --output runs/pets
        headstart predict runs/pets/model.h5 new-photos
        headstart submit runs/pets/model.h5 photos/test --output submission.csv

      Features are kept in features/, so nothing is ever computed twice; Ctrl-C at any moment \
      loses at most the batch under way.

      Exit codes: 0 done, 1 failed, 3 finished but some pictures could not be read, 64 wrong \
      usage, 130 interrupted.
      """,
    version: Release.version,
    subcommands: [
      ExtractCommand.self, TrainCommand.self, FineTuneCommand.self, EvaluateCommand.self,
      PredictCommand.self, SubmitCommand.self, ConvertCommand.self, RunCommand.self,
      RecipesCommand.self, ReportCommand.self, SummaryCommand.self, WeightsCommand.self,
      FeaturesCommand.self, DoctorCommand.self, AugmentCommand.self, FiltersCommand.self,
      BenchCommand.self, DemoCommand.self,
    ])

  static func main() {
    Interruption.install()
    let arguments = Array(CommandLine.arguments.dropFirst())
    var command: any ParsableCommand
    do {
      command = try parseAsRoot(CommandArguments.prepared(arguments))
    } catch {
      end(with: error, hint: EnsembleArguments.hint(arguments))
    }
    do {
      try command.run()
    } catch {
      end(with: error)
    }
  }

  private static func end(with error: any Error, hint: String? = nil) -> Never {
    if error is Cancelled {
      Console.note("Error: \(error)")
      exit(withError: ExitCode(130))
    }
    // Foundation's own errors would be printed with all that is in them.
    if let sentence = SystemReason.sentence(error) {
      Console.note("Error: \(sentence)")
      exit(withError: ExitCode.failure)
    }
    let code = exitCode(for: error)
    // Help and the version are results.
    guard !code.isSuccess else { exit(withError: error) }
    let message = fullMessage(for: error)
    if !message.isEmpty { Console.note(message) }
    if let hint, message.contains("Missing ") { Console.note(hint) }
    exit(withError: code)
  }
}
