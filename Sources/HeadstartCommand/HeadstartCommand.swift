import ArgumentParser

@main
struct HeadstartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "headstart")
}
