/// A value of which only the newest matters, such as a label: what is to be published, and whether it has been.
struct MQTTState {
  /// The newest value.
  private(set) var bytes: [UInt8] = []
  /// One more with every change; 0 before the first value.
  private(set) var version: UInt64 = 0

  /// No value yet, and room for one of so many bytes.
  init(reserving count: Int) { bytes.reserveCapacity(count) }

  /// Takes a value over; false where it is the old one.
  mutating func set(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    if version > 0 && isSame(value) { return false }
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: value)
    version += 1
    return true
  }

  private func isSame(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    guard value.count == bytes.count else { return false }
    for place in 0..<value.count where value[place] != bytes[place] { return false }
    return true
  }
}
