// What is refused in several places.

/// Checks that a setting is as it should be.
///
/// - Throws: ``NeuralNetworkError/setting(name:expected:found:)``.
func checkSetting(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
  guard holds else {
    throw NeuralNetworkError.setting(name: name, expected: expected, found: "\(found)")
  }
}

/// Checks that every label lies in `0..<classes`.
func checkLabels(_ labels: [Int], classes: Int) throws {
  for (row, label) in labels.enumerated() where label < 0 || label >= classes {
    throw NeuralNetworkError.label(row: row, found: label, classes: classes)
  }
}
