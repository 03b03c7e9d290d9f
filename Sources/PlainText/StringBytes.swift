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

  /// Calls a function of C with the bytes, a zero after them.
  @inline(never)
  public func withTerminatedBytes(_ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
    var bytes: [UInt8] = []
    appendBytes(to: &bytes)
    bytes.append(0)
    return bytes.withUnsafeBytes { buffer in
      // The array has an element at least.
      guard let base = buffer.baseAddress else { return 0 }
      return body(base.assumingMemoryBound(to: CChar.self))
    }
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
