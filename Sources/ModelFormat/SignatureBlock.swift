/// An Ed25519 signature behind a flat file, in place or as it is to be written.
public struct SignatureBlock: Sendable, Equatable {
  /// Bytes of a block.
  public static let byteCount = 128
  /// Bytes of a public key.
  public static let keyByteCount = 32
  /// Bytes of a signature.
  public static let signatureByteCount = 64

  /// `ECNNSIG\n`, first byte lowest.
  private static let magic: UInt64 = 0x0A47_4953_4E4E_4345
  private static let ed25519 = 1
  private static let checksumOffset = 120

  /// The key that the signer says to have; 32 bytes.
  public let publicKey: [UInt8]
  /// The signature over the file without the block; 64 bytes.
  public let signature: [UInt8]

  /// A block of these.
  ///
  /// Traps if the key does not have 32 bytes or the signature not 64.
  public init(publicKey: [UInt8], signature: [UInt8]) {
    precondition(publicKey.count == Self.keyByteCount, "a key of another size")
    precondition(signature.count == Self.signatureByteCount, "a signature of another size")
    self.publicKey = publicKey
    self.signature = signature
  }

  /// The block as it stands in a file.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    Self.append(Self.magic, to: &bytes)
    Self.append(UInt64(Self.ed25519), to: &bytes)
    bytes += publicKey
    bytes += signature
    Self.append(0, to: &bytes)
    Self.append(XXH64.hash(bytes), to: &bytes)
    return bytes
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: 64 as UInt64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  /// A file's bytes without the block behind them, and that block where there is one.
  public static func split(
    _ bytes: UnsafeRawBufferPointer
  ) throws(ModelFormatError) -> (UnsafeRawBufferPointer, SignatureBlock?) {
    let end = bytes.count - byteCount
    guard end >= FileLayout.headerSize, bytes.u64(16) == UInt64(end), bytes.u64(end) == magic
    else { return (bytes, nil) }
    let reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[end...]), .signature)
    try reader.match(8, "algorithm", ed25519)
    try reader.match(12, "reserved field", 0)
    try reader.zeros(112..<checksumOffset)
    let content = UnsafeRawBufferPointer(rebasing: reader.bytes[..<checksumOffset])
    try SectionTable.requireChecksum(
      reader.bytes.u64(checksumOffset),
      XXH64.hash(content),
      .signature
    )
    let block = SignatureBlock(
      publicKey: [UInt8](content[16..<48]),
      signature: [UInt8](content[48..<112])
    )
    return (UnsafeRawBufferPointer(rebasing: bytes[..<end]), block)
  }
}
