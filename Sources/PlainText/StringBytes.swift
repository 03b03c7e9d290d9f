extension String {
  /// Appends the bytes of its UTF-8.
  ///
  /// They lie in one piece wherever strings of Objective-C cannot come in; `withUTF8` is prepared for those, which takes 6 KB of
  /// code. Traps otherwise.
  @inline(never)
  public func appendBytes(to bytes: inout [UInt8]) {
    let isDone: Void? = utf8.withContiguousStorageIfAvailable { bytes.append(contentsOf: $0) }
    precondition(isDone != nil, "a string in pieces")
  }

  /// Calls a function of C with the bytes, a zero after them; allocates nothing for paths of the usual length.
  @inline(never)
  public func withTerminatedBytes(_ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
    let result = utf8.withContiguousStorageIfAvailable { bytes in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count + 1) { copy in
        for place in bytes.indices { copy[place] = bytes[place] }
        copy[bytes.count] = 0
        return copy.withMemoryRebound(to: CChar.self) { text in
          // The memory has room for a zero at least.
          text.baseAddress.map { body($0) } ?? 0
        }
      }
    }
    guard let result else { preconditionFailure("a string in pieces") }
    return result
  }

  /// Whether the bytes are those of `literal`.
  ///
  /// `==` asks whether two strings show the same, for which it needs the tables of Unicode.
  public func hasBytes(of literal: StaticString) -> Bool {
    bytes == TextBuilder(literal).bytes
  }

  /// Whether the bytes are those of `other`.
  public func hasBytes(of other: String) -> Bool { bytes == other.bytes }

  private var bytes: [UInt8] {
    var bytes: [UInt8] = []
    appendBytes(to: &bytes)
    return bytes
  }
}
