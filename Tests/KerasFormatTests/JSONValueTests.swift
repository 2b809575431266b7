import KerasFormat
import Testing

@Suite struct JSONValueTests {
  /// Keras refuses an optimizer whose momentum is written as 0.
  @Test func whatKerasWantsAsFloatsStaysSo() throws {
    let text =
      #"{"config": [{"momentum": 0.0, "nesterov": false, "rho": 1.0, "units": 3}], "rate": 0.5}"#
    let value = try JSONValue(parsing: text, file: "model.h5", object: "training_config")
    #expect(value.text == text)
    #expect(try JSONValue(parsing: value.text, file: "", object: "") == value)
  }
}
