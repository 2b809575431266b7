import ArgumentParser
import Headstart

struct RecipesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipes",
    abstract: "The recipes: published systems and the best pipeline known.",
    discussion: """
        headstart recipes
        headstart recipes show best
        headstart recipes show keras-blog > mine.yaml
        headstart run photos --recipe mine.yaml
      """,
    subcommands: [List.self, Show.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A line for each recipe.")

    @Flag(help: "As a JSON array on standard output.")
    var json = false

    private struct Line: Encodable {
      let name, title, source, published: String
      let ours: String?
    }

    func run() throws {
      let recipes = try RecipeBook.recipes()
      if json {
        try Console.json(
          recipes.map {
            Line(
              name: $0.name, title: $0.title, source: $0.source, published: $0.published,
              ours: RecipeBook.measured[$0.name])
          })
        return
      }
      for recipe in recipes {
        let isStandard = recipe.name == RecipeBook.standard ? " (the default)" : ""
        Console.result("\(recipe.name)\(isStandard): \(recipe.title)")
        if !recipe.published.isEmpty { Console.result("  published: \(recipe.published)") }
        if let ours = RecipeBook.measured[recipe.name] { Console.result("  ours: \(ours)") }
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A recipe as YAML, to be changed and given back with run --recipe.")

    @Argument(help: "The recipe's name.", completion: .list(RecipeBook.names))
    var name: String

    @Flag(help: "With every setting written out, defaults and all.")
    var full = false

    func run() throws {
      let text: String
      do {
        text = try RecipeBook.text(name)
      } catch {
        throw ValidationError("\(error)")
      }
      Console.exact(full ? try Recipe(yaml: text, file: name).yaml : text)
    }
  }
}
