// What is refused in several places.

/// Checks that a setting is as it should be.
///
/// - Throws: ``NeuralNetworkError/setting(name:expected:found:)``.
func checkSetting(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
  guard holds else {
    throw NeuralNetworkError.setting(name: name, expected: expected, found: "\(found)")
  }
}

/// Checks a number of rows, or of epochs: from 1 to 2²⁰, so that no product of two overflows.
func checkCount(_ count: Int, _ name: String) throws {
  let limit = 1 << 20
  try checkSetting(count >= 1, name, "at least 1", count)
  try checkSetting(count <= limit, name, "at most \(limit)", count)
}

/// Checks that every label lies in `0..<classes`.
func checkLabels(_ labels: [Int], classes: Int) throws {
  for (row, label) in labels.enumerated() where label < 0 || label >= classes {
    throw NeuralNetworkError.label(row: row, found: label, classes: classes)
  }
}
