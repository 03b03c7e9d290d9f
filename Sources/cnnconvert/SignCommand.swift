internal import ArgumentParser
internal import CSignature
internal import Foundation
internal import HostCommands
internal import ModelFormat
internal import ModelStore

/// `cnnconvert sign model.bin --key fleet.key`.
struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Signs a flat file, or adds a signature made elsewhere; one that it has is replaced.",
    discussion: """
      A signature made elsewhere is over the unsigned file, for example by
      openssl pkeyutl -sign -rawin -inkey fleet.key -in model.bin -out model.sig
      """
  )

  @Argument(help: "A model.bin.")
  var file: String

  @Option(help: "Private key: PEM of Ed25519.")
  var key: String?

  @Option(help: "Signature made elsewhere: 64 bytes; needs --public-key.")
  var signature: String?

  @Option(help: "Public key of --signature: PEM, base64 or hexadecimal, or a file with that.")
  var publicKey: String?

  @Option(name: .shortAndLong, help: "File to write; the model itself if left out.")
  var outputFile: String?

  func validate() throws {
    guard (key == nil) != (signature == nil) else {
      throw ValidationError("expected either --key or --signature")
    }
    guard (signature == nil) == (publicKey == nil) else {
      throw ValidationError("expected --signature and --public-key together")
    }
  }

  func run() throws {
    let model = try FlatFile.read(file)
    let block = try block(model)
    let target = outputFile ?? file
    try OutputFile.write([UInt8](model.bytes) + block.encoded, to: target)
    Terminal.write("\(target): signed by \(PublicKey(block.publicKey).hexadecimal)\n")
  }

  private func block(_ model: ModelFile) throws(Failure) -> SignatureBlock {
    if let key {
      let key = try SigningKey(contentsOf: key)
      return SignatureBlock(publicKey: key.publicKey.bytes, signature: try key.sign(model.bytes))
    }
    let (signer, signature) = (try signer(), try signatureBytes())
    let block = SignatureBlock(publicKey: signer.bytes, signature: signature)
    guard block.isRight(for: model.bytes) else {
      throw Failure(
        "\(self.signature ?? ""): not a signature of \(file) by this key; sign the file without a signature"
      )
    }
    return block
  }

  private func signer() throws(Failure) -> PublicKey {
    let setting = publicKey ?? ""
    let keys: [PublicKey]
    do throws(ModelStoreError) { keys = try PublicKey.configured(setting) } catch {
      throw Failure(error.message)
    }
    guard keys.count == 1 else { throw Failure("\(setting): \(keys.count) keys, expected one") }
    return keys[0]
  }

  private func signatureBytes() throws(Failure) -> [UInt8] {
    let path = signature ?? ""
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("\(path): cannot be read")
    }
    let expected = SignatureBlock.signatureByteCount
    guard data.count == expected else {
      throw Failure("\(path): \(data.count) bytes, expected the \(expected) of a signature")
    }
    return [UInt8](data)
  }
}

extension SignatureBlock {
  /// Whether the signature over a file is that of the key in the block, whoever has that key.
  func isRight(for model: UnsafeRawBufferPointer) -> Bool {
    let message = model.assumingMemoryBound(to: UInt8.self)
    return cs_verify(signature, message.baseAddress, message.count, publicKey) == nil
  }
}
