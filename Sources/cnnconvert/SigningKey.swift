internal import CSignature
internal import Foundation
internal import HostCommands
internal import ModelFormat
internal import ModelStore

/// An Ed25519 private key: 32 bytes that nobody else may know.
struct SigningKey {
  /// What a PrivateKeyInfo of RFC 8410 has before the 32 bytes of the key.
  private static let encodedPrefix: [UInt8] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]

  private let seed: [UInt8]
  /// The key that others check signatures with.
  let publicKey: PublicKey

  private init(seed: [UInt8]) throws(Failure) {
    self.seed = seed
    var key = [UInt8](repeating: 0, count: PublicKey.byteCount)
    try Self.check(cs_public_key(seed, &key))
    publicKey = PublicKey(key)
  }

  /// A new key.
  static func random() throws(Failure) -> SigningKey {
    var seed = [UInt8](repeating: 0, count: Int(CS_SEED_BYTES))
    try check(cs_make_seed(&seed))
    return try SigningKey(seed: seed)
  }

  /// The key in a file: PEM as `openssl genpkey -algorithm ed25519` writes it.
  init(contentsOf path: String) throws(Failure) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("\(path): cannot be read")
    }
    guard let block = KeyText.blocks(named: "PRIVATE KEY", in: [UInt8](data)).first,
      let seed = KeyText.content(of: block, after: Self.encodedPrefix)
    else {
      throw Failure(
        "\(path): no private key, expected PEM of Ed25519, without a password; make one with cnnconvert keygen"
      )
    }
    try self.init(seed: seed)
  }

  /// The file that `init(contentsOf:)` reads.
  var pem: String { Self.pem("PRIVATE KEY", Self.encodedPrefix + seed) }

  /// The file for those who check signatures.
  var publicPEM: String { Self.pem("PUBLIC KEY", PublicKey.encodedPrefix + publicKey.bytes) }

  /// The signature over a file without a signature block.
  func sign(_ model: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: SignatureBlock.signatureByteCount)
    let message = model.assumingMemoryBound(to: UInt8.self)
    try Self.check(cs_sign(seed, message.baseAddress, message.count, &signature))
    return signature
  }

  private static func check(_ problem: UnsafePointer<CChar>?) throws(Failure) {
    if let problem { throw Failure(String(cString: problem)) }
  }

  private static func pem(_ name: String, _ bytes: [UInt8]) -> String {
    "-----BEGIN \(name)-----\n\(Data(bytes).base64EncodedString())\n-----END \(name)-----\n"
  }
}
