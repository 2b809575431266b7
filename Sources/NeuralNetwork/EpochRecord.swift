/// What an epoch of training came to.
public struct EpochRecord: Sendable, Codable, Equatable {
  /// 1 for the first.
  public var epoch: Int

  /// The mean loss over the epoch's batches, as they were trained on (with dropout).
  public var loss: Double
  /// The share of the epoch's rows that were right, as they were trained on.
  public var accuracy: Double
  /// After the epoch; nil without validation.
  public var validationLoss: Double?
  /// After the epoch; nil without validation.
  public var validationAccuracy: Double?

  /// Of training, without validation.
  public var seconds: Double
  public var rowsPerSecond: Double

  public init(
    epoch: Int, loss: Double, accuracy: Double, validationLoss: Double? = nil,
    validationAccuracy: Double? = nil, seconds: Double, rowsPerSecond: Double
  ) {
    self.epoch = epoch
    self.loss = loss
    self.accuracy = accuracy
    self.validationLoss = validationLoss
    self.validationAccuracy = validationAccuracy
    self.seconds = seconds
    self.rowsPerSecond = rowsPerSecond
  }
}
