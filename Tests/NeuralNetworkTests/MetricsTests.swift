import NeuralNetwork
import Testing

@Suite struct MetricsTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let name: String
      let classes: Int
      let labels: [Int]
      let probabilities: [Float]
      let accuracy, logLoss, clippedLogLoss, rocAUC: Double
      let precision, recall, f1: [Double]
      let support: [Int]
      let confusion: [[Int]]
    }
    let cases: [Case]
  }

  @Test func figuresAreThoseOfScikitLearn() throws {
    let fixture = try fixture("metrics.json", as: Fixture.self)
    #expect(fixture.cases.map(\.classes) == [2, 4])
    for item in fixture.cases {
      let table = Tensor(
        shape: [item.labels.count, item.classes], values: item.probabilities)
      let metrics = try ClassificationMetrics(
        probabilities: table, labels: item.labels, classes: item.classes)
      #expect(metrics.count == item.labels.count)
      #expect(metrics.accuracy == item.accuracy)
      #expect(abs(metrics.logLoss - item.logLoss) < 1e-9)
      #expect(abs((metrics.rocAUC ?? 0) - item.rocAUC) < 1e-12)
      #expect(largestRelativeError(metrics.perClass.map(\.precision), item.precision) < 1e-12)
      #expect(largestRelativeError(metrics.perClass.map(\.recall), item.recall) < 1e-12)
      #expect(largestRelativeError(metrics.perClass.map(\.f1), item.f1) < 1e-12)
      #expect(metrics.perClass.map(\.support) == item.support)
      #expect(metrics.confusion == item.confusion)
      let clipped = try ClassificationMetrics(
        probabilities: table, labels: item.labels, classes: item.classes, clip: 0.02)
      #expect(abs(clipped.logLoss - item.clippedLogLoss) < 1e-7)
      if item.classes == 2 {
        let positive = item.labels.indices.map { item.probabilities[$0 * 2 + 1] }
        let single = try ClassificationMetrics(
          probabilities: Tensor(shape: [positive.count, 1], values: positive),
          labels: item.labels, classes: 2)
        #expect(single.confusion == metrics.confusion)
        #expect(abs(single.logLoss - metrics.logLoss) < 1e-6)
        #expect(single.rocAUC == metrics.rocAUC)
      }
    }
  }

  /// Against the table of Brown, Cai and DasGupta's formula worked by hand: 8 of 10 gives
  /// (0.4902, 0.9433).
  @Test func wilsonsInterval() {
    let interval = ClassificationMetrics.wilsonInterval(correct: 8, count: 10)
    #expect(abs(interval.lowerBound - 0.4902) < 1e-4)
    #expect(abs(interval.upperBound - 0.9433) < 1e-4)
    #expect(ClassificationMetrics.wilsonInterval(correct: 5, count: 5).upperBound == 1)
    #expect(ClassificationMetrics.wilsonInterval(correct: 0, count: 5).lowerBound == 0)
    #expect(ClassificationMetrics.wilsonInterval(correct: 0, count: 0) == 0...1)
  }

  @Test func certainMistakesCostAFiniteAmount() throws {
    let metrics = try ClassificationMetrics(
      probabilities: Tensor(shape: [2, 1], values: [0, 1]), labels: [1, 1], classes: 2)
    #expect(metrics.logLoss > 8 && metrics.logLoss < 9)
    #expect(metrics.rocAUC == nil)
    let absent = metrics.perClass[0]
    #expect([absent.precision, absent.recall, absent.f1] == [0, 0, 0] && absent.support == 0)
  }

  @Test func badInputIsRefused() {
    func refuses(_ shape: [Int], _ values: [Float], _ labels: [Int], clip: Double? = nil) -> Bool {
      (try? ClassificationMetrics(
        probabilities: Tensor(shape: shape, values: values), labels: labels, classes: 2,
        clip: clip)) == nil
    }
    #expect(!refuses([1, 1], [0.5], [0]))
    #expect(refuses([1, 1], [1.5], [0]))
    #expect(refuses([1, 1], [.nan], [0]))
    #expect(refuses([1, 1], [0.5], [2]))
    #expect(refuses([1, 1], [0.5], [0, 1]))
    #expect(refuses([0, 1], [], []))
    #expect(refuses([1, 3], [0, 0, 1], [0]))
    #expect(refuses([1, 1], [0.5], [0], clip: 0.5))
  }
}
