import Foundation
import Testing

/// Values that can never be right end with exit code 64 and one sentence that names the option, what
/// was expected and what was found; before any picture is read where that can be known.
@Suite struct WrongUsageTests {
  private static let shared = Result { try Workspace() }
  private let workspace: Workspace

  init() throws { workspace = try Self.shared.get() }

  /// Neither data nor weights are there: they are not looked for.
  @Test(arguments: [
    ("train nowhere --solver adam --dropout 1.5", "--dropout: expected at least 0 and below 1"),
    ("train nowhere --solver adam --dropout -1", "found -1.0."),
    ("train nowhere --solver adam --hidden -1", "--hidden: expected 0 to 65536, found -1."),
    ("train nowhere --solver adam --hidden 99999999999", "--hidden: expected 0 to 65536"),
    ("train nowhere --solver adam --epochs -1", "--epochs: expected at least 1, found -1."),
    ("train nowhere --solver adam --batch-size 0", "--batch-size: expected at least 1, found 0."),
    (
      "train nowhere --solver adam --learning-rate 0", "--learning-rate: expected a positive number"
    ),
    ("train nowhere --solver sgd --momentum 1.5", "--momentum: expected at least 0 and below 1"),
    ("train nowhere --label-smoothing 1.5", "--label-smoothing: expected at least 0 and below 1"),
    ("train nowhere --strength 0", "--strength: expected a positive number, found 0.0."),
    ("train nowhere --folds 1", "--folds: expected at least 2, found 1."),
    ("train nowhere --layer nonsense", "--layer: expected a layer of vgg16 (block1_conv1, "),
    ("train nowhere --backbone none --layer fc1", "a layer of --backbone none (input), found fc1."),
    ("train nowhere --validation-share 2", "--validation-share must lie between 0 and 1"),
    ("train nowhere --class-order a,,b", "--class-order: expected the names of the classes"),
    ("train nowhere --class-order a,a", "--class-order: expected the names of the classes"),
    ("train nowhere --threads 0", "--threads must"), ("train nowhere --size -1", "--size -1"),
    ("train nowhere --views 1 --rotation-range -1", "--rotation-range: expected degrees"),
    ("train nowhere --views 1 --zoom-range 2", "--zoom-range: expected a number of at least 0"),
    ("train nowhere --views 1 --zoom-range 1,2,3", "--zoom-range: expected two numbers, found 3."),
    ("train nowhere --views 1 --zoom-range nan", "'nan' is invalid for '--zoom-range"),
    ("train nowhere --views 1 --zoom-range .5,inf", "'.5,inf' is invalid for '--zoom-range"),
    ("train nowhere --rotation-range 9", "--rotation-range is about augmented views"),
    ("train nowhere --no-horizontal-flip", "say with --views how many"),
    ("train nowhere --views 2 --no-augmentation", "leaves nothing to draw --views 2 from"),
    ("extract nowhere --zoom-range .1", "--zoom-range is about augmented views"),
    ("features export nowhere --output x --cval 3", "say with --view random-0"),
    ("fine-tune nowhere --learning-rate 0", "--learning-rate: expected a positive number"),
    ("fine-tune nowhere --clip-norm 0", "--clip-norm: expected a positive number, found 0.0."),
    ("fine-tune nowhere --views 0", "--views: expected 1 to 10000, found 0."),
    ("fine-tune nowhere --fresh-views -1", "--fresh-views: expected at least 1 epoch"),
    ("fine-tune nowhere --warm-up 1", "--warm-up: expected at least 0 and below 1, found 1.0."),
    ("fine-tune nowhere --model m.h5 --weights w.h5", "leave --weights out"),
    ("filters nowhere --filters 0", "--filters: expected 1 to 4096, found 0."),
    ("predict nowhere p --json --format csv", "--json and --format csv exclude each other."),
    ("predict --ensemble b.h5 a.h5", "The first model stands before --ensemble: headstart predict"),
    ("augment nowhere --brightness-range -1,1", "--brightness-range: expected factors, 0 or more"),
    ("bench --fine-tune --layers", "--layers means nothing to --fine-tune."),
    ("doctor nowhere --examples -1", "--examples must be at least 0."),
    ("features prune --all --older-than -1", "--older-than takes a number of days, not -1.0."),
  ])
  func optionsAreNamed(_ line: String, _ fragment: String) throws {
    let run = try CommandRun(
      line.split(separator: " ").map(String.init), in: workspace.path,
      environment: ["HEADSTART_WEIGHTS": "nowhere"])
    #expect(run.exitCode == 64 && run.output.isEmpty, "\(run.errors)")
    #expect(run.errors.contains(fragment), "\(run.errors)")
  }

  @Test func whatTheDataShowsIsNamedToo() throws {
    let trained = try workspace.train("--output", "run", "--quiet")
    try #require(trained.exitCode == 0, "\(trained.errors)")
    for (line, fragment) in [
      ("doctor pictures --class-order flowers", "found flowers without stars."),
      ("train pictures --class-order flowers,birds,stars -o t", "found birds, which it does not"),
      ("submit run pictures/test -o s.csv --clip .7", "--clip: expected at least 0 and below 0.5"),
      ("submit run pictures/test -o s.csv --positive birds", "classes flowers, stars, found birds"),
      ("fine-tune pictures --model run --unfreeze block9 -o t", "--unfreeze: expected one of all"),
      (
        "fine-tune pictures --model run --unfreeze block3 --rate-factor a=1 -o t", "--rate-factor: "
      ),
      ("fine-tune pictures --model run --class-order stars,flowers -o t", "flowers,stars"),
    ] {
      let run = try CommandRun(
        line.split(separator: " ").map(String.init), in: workspace.path)
      #expect(run.exitCode == 64 && run.errors.contains(fragment), "\(line): \(run.errors)")
    }
    let share = try CommandRun(
      [
        "train", "pictures/train", "--weights", "weights.h5", "--validation-share", ".999", "-o",
        "s",
      ],
      in: workspace.path)
    #expect(share.exitCode == 64 && !workspace.exists("s"))
    #expect(share.errors.contains("found 0.999, which takes all 10 of flowers."), "\(share.errors)")
  }

  @Test func aRunsFolderIsFineTuned() throws {
    let trained = try workspace.train("--output", "base", "--quiet")
    try #require(trained.exitCode == 0, "\(trained.errors)")
    func plan(_ model: String) throws -> CommandRun {
      try workspace.run(
        "fine-tune", "pictures", "--model", model, "--unfreeze", "block3", "--views", "1",
        "--features", "planned", "--dry-run", "--json", "--quiet")
    }
    struct Plan: Decodable, Equatable {
      let cut: String
      let trained: [String]
    }
    let folder = try plan("base")
    try #require(folder.exitCode == 0, "\(folder.errors)")
    #expect(try folder.json(Plan.self) == plan("base/model.h5").json(Plan.self))
    let none = try plan("pictures")
    #expect(none.exitCode == 1 && none.errors.contains("ensemble.json or model.h5"))
    let two =
      #"{"format": 1, "members": [{"model": "base/model.h5", "weight": 0.5}, "#
      + #"{"model": "base/other.h5", "weight": 0.5}]}"#
    try two.write(toFile: workspace.path + "/two.json", atomically: true, encoding: .utf8)
    let several = try plan("two.json")
    #expect(several.exitCode == 1 && several.errors.contains("expected one model, found"))
  }

  @Test func cachesThatAreNotThereAreNamed() throws {
    for command in ["list", "verify", "prune"] {
      let run = try CommandRun(
        ["features", command, "--features", "missing"] + (command == "prune" ? ["--all"] : []),
        in: workspace.path)
      #expect(run.exitCode == 1 && run.output.isEmpty && run.errors.contains("'missing'"))
    }
    let folder = workspace.path + "/empty"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let none = try CommandRun(["features", "list"], in: folder)
    #expect(none.exitCode == 0 && none.errors.contains("There are no feature stores"))
    #expect(try CommandRun(["features", "verify"], in: folder).exitCode == 1)
  }
}
