import Foundation
import Testing

@Suite struct BenchCommandTests {
  @Test func timesANetworkFromScratch() throws {
    let workspace = try Workspace()
    let run = try workspace.run(
      "bench", "--network", "small-convnet", "--data", "pictures", "--size", "32", "--batch", "4",
      "--repetitions", "2", "--json")
    #expect(run.exitCode == 0, "\(run.errors)")
    let found = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let seconds = try #require(found["epochSeconds"] as? [Double])
    #expect(seconds.count == 2 && seconds.allSatisfy { $0 > 0 })
    #expect(found["size"] as? Int == 32 && found["batch"] as? Int == 4)
    #expect(try #require(found["pictures"] as? Int) > 0)
  }

  @Test func aNetworkNeedsPhotos() throws {
    let run = try Workspace().run("bench", "--network", "small-convnet")
    #expect(run.exitCode == 64 && run.errors.contains("--data"))
  }
}
