internal import PlainText

/// An Ed25519 public key: 32 bytes.
public struct PublicKey: Sendable, Equatable {
  /// Bytes of a key.
  public static let byteCount = 32

  /// The bytes.
  public let bytes: [UInt8]

  /// What a SubjectPublicKeyInfo of RFC 8410 has before the 32 bytes of the key.
  public static let encodedPrefix: [UInt8] = [
    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
  ]

  /// A key of these bytes.
  ///
  /// Traps if there are not 32.
  public init(_ bytes: [UInt8]) {
    precondition(bytes.count == Self.byteCount, "a key of another size")
    self.bytes = bytes
  }

  /// The key in 64 hexadecimal digits.
  public var hexadecimal: String {
    var text = TextBuilder()
    for byte in bytes { text.append(UInt64(byte), radix: 16, digits: 2) }
    return text.string
  }

  /// The keys in the bytes of a text: one in 64 hexadecimal digits, one in base64, or any number of PEM blocks
  /// `BEGIN PUBLIC KEY` as `openssl pkey -pubout` writes; empty where it is none of these.
  public static func all(in text: [UInt8]) -> [PublicKey] {
    if let bytes = KeyText.hexadecimal(text), bytes.count == byteCount { return [PublicKey(bytes)] }
    if let bytes = KeyText.base64(text[...]), bytes.count == byteCount { return [PublicKey(bytes)] }
    var keys: [PublicKey] = []
    for block in KeyText.blocks(named: "PUBLIC KEY", in: text) {
      guard let bytes = KeyText.content(of: block, after: encodedPrefix) else { return [] }
      keys.append(PublicKey(bytes))
    }
    return keys
  }

  /// The keys of a setting: their text, or the path of a file with it; none where it is empty.
  ///
  /// - Throws: `.key` where there is no key in it.
  public static func configured(_ setting: String) throws(ModelStoreError) -> [PublicKey] {
    guard !setting.isEmpty else { return [] }
    var text: [UInt8] = []
    setting.appendBytes(to: &text)
    let inPlace = all(in: text)
    guard inPlace.isEmpty else { return inPlace }
    text = []
    _ = try OpenFile(reading: setting)
      .readAll(limit: 1 << 16) { portion, _ throws(ModelStoreError) in
        text.append(contentsOf: portion)
      }
    let keys = all(in: text)
    guard !keys.isEmpty else { throw .key(path: setting) }
    return keys
  }
}
