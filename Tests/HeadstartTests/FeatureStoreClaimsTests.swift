import Foundation
import Headstart
import Kernels
import Pictures
import Synchronization
import Testing

/// Several processes on one store, each played by a store of its own: locks are of open files, not
/// of processes.
@Suite struct FeatureStoreClaimsTests {
  private func extraction(_ network: ToyNetwork, _ store: FeatureStore) -> Extraction {
    Extraction(
      network, store: store, pool: ThreadPool(threads: 1),
      options: ExtractionOptions(batchSize: 4, decoders: 0)
    ) { bytes, name, _, views in
      let image = try ToyNetwork.prepare(bytes, name)
      return views.map { ToyNetwork.change(image, $0) }
    }
  }

  private func expected(_ indices: Range<Int>) -> [Float] {
    indices.flatMap { ToyNetwork.features(of: picture($0).map(Float.init)[...]) }
  }

  @Test func aClaimIsOfOneAndEndsWithIt() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    let one = PictureHash(of: picture(1))
    let other = PictureHash(of: picture(2))
    let second = FeatureStoreClaims(folder: store.folder)
    do {
      let first = FeatureStoreClaims(folder: store.folder)
      #expect(first.take(one, rows: 2) && !second.take(one, rows: 2) && second.take(other, rows: 1))
      #expect(second.isTaken(one) && !second.isTaken(other) && first.isTaken(other))
      #expect(first.othersAreThere && second.othersAreThere)
      // All of its rows have to be stored.
      first.settle([one])
      #expect(second.isTaken(one))
      first.settle([one])
      #expect(!second.isTaken(one) && first.take(one, rows: 1))
      first.drop(one)
      #expect(!second.isTaken(one) && first.take(one, rows: 1))
      #expect(second.isTaken(one))
      withExtendedLifetime(first) {}
    }
    // Whoever was there a moment ago may have left something.
    #expect(second.take(one, rows: 1) && second.othersAreThere && !second.othersAreThere)
  }

  @Test func withoutAStoreEveryClaimIsGranted() throws {
    let scratch = try Scratch()
    let claims = FeatureStoreClaims(folder: scratch.file("nowhere"))
    let other = FeatureStoreClaims(folder: scratch.file("nowhere"))
    let one = PictureHash(of: picture(1))
    #expect(claims.take(one, rows: 1) && other.take(one, rows: 1) && claims.othersAreThere)
    claims.settle([one])
    #expect(try names(in: scratch.path) == [])
  }

  @Test func twoProcessesShareTheWork() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(30)
    let folder = try FeatureStore.example(in: scratch).folder
    // So that each knows of others from its start to its end.
    let watcher = FeatureStoreClaims(folder: folder)
    let (hasBegun, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let slow = ToyNetwork { batch in
      guard batch == 1 else { return }
      hasBegun.signal()
      mayGoOn.wait()
    }
    let slowStore = try FeatureStore.example(in: scratch)
    let counts = Mutex<ExtractionProgress?>(nil)
    let hasEnded = DispatchSemaphore(value: 0)
    let slowRun = extraction(slow, slowStore)
    Thread {
      let result = try? slowRun.run(samples)
      counts.withLock { $0 = result?.counts }
      hasEnded.signal()
    }.start()
    hasBegun.wait()

    let fast = ToyNetwork()
    let fastStore = try FeatureStore.example(in: scratch)
    var isWaiting = false
    let result = try extraction(fast, fastStore).run(samples) { progress in
      // All but what the other has in hand: its first batch.
      guard progress.done == 26, !isWaiting else { return }
      isWaiting = true
      mayGoOn.signal()
    }
    hasEnded.wait()
    let slowCounts = try #require(counts.withLock { $0 })
    #expect(isWaiting && fast.computed == 26 && slow.computed == 4)
    #expect(result.counts.computed == 26 && result.counts.cached == 4 && result.counts.done == 30)
    #expect(slowCounts.computed == 4 && slowCounts.cached == 26 && slowCounts.done == 30)
    for store in [fastStore, slowStore] {
      #expect(store.count == 30)
      #expect(try store.read(result.readable.map(\.picture)) == expected(0..<30))
    }
    #expect(!watcher.isTaken(PictureHash(of: picture(0))))
  }

  @Test func whatAnotherNeverFinishesIsComputedInTheEnd() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(10)
    let store = try FeatureStore.example(in: scratch)
    let stopped = FeatureStoreClaims(folder: store.folder)
    #expect(stopped.take(PictureHash(of: picture(3)), rows: 1))
    let network = ToyNetwork()
    var patient = extraction(network, store)
    patient.patience = 0
    let result = try patient.run(samples)
    #expect(result.counts.computed == 10 && store.count == 10 && network.computed == 10)
    #expect(try store.read(result.readable.map(\.picture)) == expected(0..<10))
    withExtendedLifetime(stopped) {}
  }

  @Test func whatOneIsKilledOverFallsToTheOther() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(10)
    let store = try FeatureStore.example(in: scratch)
    var killed: FeatureStoreClaims? = FeatureStoreClaims(folder: store.folder)
    #expect(killed?.take(PictureHash(of: picture(3)), rows: 1) == true)
    let network = ToyNetwork()
    let result = try extraction(network, store).run(samples) { progress in
      if progress.done == 9 { killed = nil }
    }
    #expect(killed == nil && result.counts.computed == 10 && network.computed == 10)
    #expect(try store.read(result.readable.map(\.picture)) == expected(0..<10))
  }

  @Test func aPostponedPictureThatChangesIsNamed() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(10)
    let store = try FeatureStore.example(in: scratch)
    var killed: FeatureStoreClaims? = FeatureStoreClaims(folder: store.folder)
    #expect(killed?.take(PictureHash(of: picture(3)), rows: 1) == true)
    let result = try extraction(ToyNetwork(), store).run(samples) { progress in
      guard progress.done == 9, killed != nil else { return }
      _ = try? scratch.write(picture(77), to: "pictures/3.bin")
      killed = nil
    }
    #expect(result.problems.map(\.sample.path) == [samples[3].path])
    #expect(result.problems.map(\.reason) == ["it was written to while it was being looked at"])
    #expect(result.counts.computed == 9 && result.counts.unreadable == 1)
  }
}
