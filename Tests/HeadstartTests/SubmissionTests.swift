import Foundation
import Headstart
import Testing

@Suite struct SubmissionTests {
  private func prediction(_ path: String, _ probabilities: [Double]) -> Prediction {
    Prediction(
      path: path, picture: PictureHash(of: Array(path.utf8)), probabilities: probabilities)
  }

  @Test func rowsStandInNaturalOrderClippedAndWithoutExtension() throws {
    let submission = try Submission(classes: ["cats", "dogs"])
    let text = try submission.text([
      prediction("test/10.jpg", [0.25, 0.75]), prediction("test/2.jpg", [1, 0]),
      prediction("test/1.tar.jpg", [0, 1]),
    ])
    #expect(text == "id,label\n1.tar,0.995000\n2,0.005000\n10,0.750000\n")
  }

  @Test func positiveClassCanBeTheFirst() throws {
    let submission = try Submission(classes: ["cats", "dogs"], positive: "cats", clip: 0)
    #expect(try submission.text([prediction("7.png", [0.125, 0.875])]) == "id,label\n7,0.125000\n")
  }

  @Test func moreClassesHaveAColumnEach() throws {
    let submission = try Submission(classes: ["a", "b,c", "d"], clip: 0.01)
    #expect(
      try submission.text([prediction("x.jpg", [0.2, 0.8, 0])])
        == "id,a,\"b,c\",d\nx,0.200000,0.800000,0.010000\n")
  }

  @Test func twoPicturesOfOneIdAreRefused() throws {
    let submission = try Submission(classes: ["cats", "dogs"])
    #expect(
      throws: StageError.duplicateIdentifiers(id: "1", paths: ["a/1.jpg", "b/1.png"])
    ) {
      _ = try submission.text([prediction("a/1.jpg", [1, 0]), prediction("b/1.png", [1, 0])])
    }
  }

  @Test func contradictionsAreRefused() {
    #expect(throws: SubmissionError.clip(0.5)) { try Submission(classes: ["a", "b"], clip: 0.5) }
    #expect(throws: SubmissionError.unknownClass("c", known: ["a", "b"])) {
      try Submission(classes: ["a", "b"], positive: "c")
    }
    #expect(throws: SubmissionError.positiveOfMany(["a", "b", "c"])) {
      try Submission(classes: ["a", "b", "c"], positive: "a")
    }
  }
}
