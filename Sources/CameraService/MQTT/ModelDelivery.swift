public import PlainText

/// Where models go that come as messages: what a receiver of files does, as functions.
///
/// They are called on the MQTT thread and may write to disk.
public struct ModelDelivery {
  /// What became of a step.
  public enum Answer: Sendable {
    /// So many bytes of the model are there.
    case received(Int)
    /// Why not.
    case refused(TextBuilder)
  }

  /// What became of the last model.
  public enum Status: Sendable {
    /// None came.
    case none
    /// The model is there and is being looked at.
    case verifying
    /// It runs; its hash, 16 hexadecimal digits.
    case taken(hash: UInt64)
    /// It does not, and why.
    case refused(TextBuilder)
  }

  /// Announces a model of so many bytes, with its XXH64 if that is known.
  public var begin: (_ byteCount: Int, _ hash: UInt64?) -> Answer
  /// Bytes of it and where they belong.
  public var append: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Answer
  /// All bytes are there.
  public var finish: () -> Answer
  /// A model that lies on this machine; "" or why not.
  public var offer: (_ path: String) -> TextBuilder
  /// Goes back to the model before; "" or why not.
  public var rollBack: () -> TextBuilder
  /// What became of the last model, and a number that changes with it.
  public var status: () -> (Status, number: UInt64)

  /// A receiver that these functions are.
  public init(
    begin: @escaping (_ byteCount: Int, _ hash: UInt64?) -> Answer,
    append: @escaping (_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Answer,
    finish: @escaping () -> Answer,
    offer: @escaping (_ path: String) -> TextBuilder,
    rollBack: @escaping () -> TextBuilder,
    status: @escaping () -> (Status, number: UInt64)
  ) {
    self.begin = begin
    self.append = append
    self.finish = finish
    self.offer = offer
    self.rollBack = rollBack
    self.status = status
  }
}
