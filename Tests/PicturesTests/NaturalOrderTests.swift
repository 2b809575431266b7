import Files
import Testing

struct NaturalOrderTests {
  @Test(arguments: [
    ["1.jpg", "2.jpg", "10.jpg", "12500.jpg"],
    ["a", "a1", "a2", "a10", "a10b", "b"],
    ["a01", "a1", "a002", "a2"],
    ["x9y10", "x10y2", "x10y9", "x10y10"],
    ["18446744073709551616", "99999999999999999999999", "100000000000000000000000"],
    ["", "0", "a"],
  ])
  func sortsAsPeopleCount(sorted: [String]) {
    #expect(sorted.reversed().sorted(by: NaturalOrder.precedes) == sorted)
  }

  @Test func isStrict() {
    for name in ["", "1", "01", "a10"] { #expect(!NaturalOrder.precedes(name, name)) }
    #expect(NaturalOrder.precedes("01", "1") != NaturalOrder.precedes("1", "01"))
  }
}
