import Pictures
import Testing

/// Network inputs against those of real Keras, bit by bit.
struct PreprocessingTests {
  let picture: Picture

  init() throws {
    picture = try Fixture.ppm("preprocessing/levels.ppm")
  }

  @Test func caffeEqualsKeras() throws {
    #expect(try Preprocessing.caffe.apply(picture) == Fixture.floats("preprocessing/caffe.f32"))
  }

  @Test func rescaleEqualsKeras() throws {
    #expect(try Preprocessing.rescale.apply(picture) == Fixture.floats("preprocessing/rescale.f32"))
  }

  @Test func noneKeepsTheLevels() {
    #expect(Preprocessing.none.apply(picture) == picture.pixels.map { Float($0) })
  }

  @Test(arguments: Preprocessing.allCases)
  func writesItsSliceOfABatchOnly(preprocessing: Preprocessing) {
    let count = picture.pixels.count
    var batch = [Float](repeating: -1000, count: count * 3)
    preprocessing.apply(picture, into: &batch, at: count)
    #expect(batch[..<count].allSatisfy { $0 == -1000 })
    #expect(Array(batch[count..<2 * count]) == preprocessing.apply(picture))
    #expect(batch[(2 * count)...].allSatisfy { $0 == -1000 })
  }
}
