extension String {
  /// Whether the bytes are those of `literal`.
  ///
  /// `==` asks whether two strings show the same, for which it needs the tables of Unicode.
  public func hasBytes(of literal: StaticString) -> Bool {
    hasBytes(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Whether the bytes are those of `other`.
  public func hasBytes(of other: String) -> Bool {
    var other = other
    return other.withUTF8 { hasBytes($0) }
  }

  @inline(never)
  private func hasBytes(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
    var copy = self
    return copy.withUTF8 { bytes in
      guard bytes.count == other.count else { return false }
      for index in bytes.indices where bytes[index] != other[index] { return false }
      return true
    }
  }
}
