import Foundation
import ModelFormat
import ModelSamples
import ScratchFolders
import Testing

/// The other maker of keys and signatures.
private enum OpenSSL {
  static let path = "/usr/bin/openssl"
  static let isThere = FileManager.default.isExecutableFile(atPath: path)
}

/// `cnnconvert keygen` and `sign` as their users type them.
@Suite struct SignCommandTests {
  private let folder: ScratchFolder
  private let model: String
  private let bytes: [UInt8]

  init() throws {
    folder = try ScratchFolder()
    bytes = try ColorModel.bytes()
    model = try folder.write(bytes, "model.bin")
  }

  private func path(_ name: String) -> String { folder.url.appendingPathComponent(name).path }

  private func read(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func convert(_ arguments: String...) throws -> CommandProcess {
    try CommandProcess("cnnconvert", arguments)
  }

  /// Makes a pair of keys and returns the public one in hexadecimal.
  private func makeKeys(_ name: String) throws -> String {
    let run = try convert("keygen", path(name))
    #expect(run.status == 0 && run.errors == "")
    let words = run.output.split(whereSeparator: \.isWhitespace).map(String.init)
    return try #require(words.last)
  }

  private func openssl(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: OpenSSL.path)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "openssl \(arguments)")
  }

  @Test func `a key signs a model, and inspect says whose it is`() throws {
    let key = try makeKeys("fleet")
    #expect(try convert("inspect", model).output.contains("\nsigned  by nobody\n"))
    let run = try convert("sign", model, "--key", path("fleet.key"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output == "\(model): signed by \(key)\n")
    let signed = try read(model)
    #expect(Array(signed.dropLast(SignatureBlock.byteCount)) == bytes)
    #expect(try convert("inspect", model).output.contains("\nsigned  by \(key)\n"))
    let selftest = try CommandProcess("cnnrun", ["--selftest", model])
    #expect(selftest.status == 0, "\(selftest.errors)")

    let other = try makeKeys("other")
    _ = try convert("sign", model, "--key", path("other.key"), "-o", path("again.bin"))
    #expect(try read(model) == signed)
    let again = try ModelFile(copying: read(path("again.bin")))
    #expect(Array(again.bytes) == bytes)
    #expect(try convert("inspect", path("again.bin")).output.contains("signed  by \(other)\n"))
  }

  @Test func `a signature of another file is called wrong`() throws {
    let key = try makeKeys("fleet")
    _ = try convert("sign", model, "--key", path("fleet.key"))
    let block = try read(model).suffix(SignatureBlock.byteCount)
    let other = try folder.write(ColorModel.bytes(damagedLayer: 0) + block, "other.bin")
    #expect(
      try convert("inspect", other).output.contains("signed  wrong: not what \(key) has signed\n")
    )
  }

  @Test func `keys are never written over a file, and the private one is its owner's alone`() throws
  {
    _ = try makeKeys("fleet")
    let mode = try FileManager.default.attributesOfItem(atPath: path("fleet.key"))[
      .posixPermissions
    ]
    #expect(mode as? Int == 0o600)
    let run = try convert("keygen", path("fleet"))
    #expect(run.status == 1)
    #expect(
      run.errors
        == "cnnconvert: error: \(path("fleet.key")): cannot be written, File exists; keys are never written over a file\n"
    )
  }

  @Test(.enabled(if: OpenSSL.isThere, "no openssl"))
  func `openssl reads the keys, checks the signature, and signs`() throws {
    let key = try makeKeys("fleet")
    let unsigned = try folder.write(bytes, "unsigned.bin")
    _ = try convert("sign", model, "--key", path("fleet.key"))
    let block = try #require(try ModelFile(copying: read(model)).signature)
    let signature = try folder.write(block.signature, "signature")
    try openssl(
      "pkeyutl",
      "-verify",
      "-rawin",
      "-pubin",
      "-inkey",
      path("fleet.pub"),
      "-in",
      unsigned,
      "-sigfile",
      signature
    )
    // Ed25519 has no randomness: both make the same signature.
    try openssl(
      "pkeyutl",
      "-sign",
      "-rawin",
      "-inkey",
      path("fleet.key"),
      "-in",
      unsigned,
      "-out",
      path("other")
    )
    #expect(try read(path("other")) == block.signature)
    let run = try convert(
      "sign",
      unsigned,
      "--signature",
      path("other"),
      "--public-key",
      path("fleet.pub")
    )
    #expect(run.output == "\(unsigned): signed by \(key)\n")
    #expect(try read(unsigned) == read(model))

    try openssl("genpkey", "-algorithm", "ed25519", "-out", path("theirs.key"))
    #expect(try convert("sign", model, "--key", path("theirs.key")).status == 0)
  }

  @Test func `what is wrong is named`() throws {
    let key = try makeKeys("fleet")
    let junk = try folder.write([1, 2, 3], "junk")
    let zeros = try folder.write([UInt8](repeating: 0, count: 64), "zeros")
    let cases: [([String], String)] = [
      (
        ["sign", model, "--key", junk],
        "\(junk): no private key, expected PEM of Ed25519, without a password; make one with cnnconvert keygen"
      ),
      (["sign", model, "--key", path("absent")], "\(path("absent")): cannot be read"),
      (
        ["sign", junk, "--key", path("fleet.key")],
        "\(junk): header: size 3, expected at least 64 bytes; is the file cut off?"
      ),
      (
        ["sign", model, "--signature", junk, "--public-key", key],
        "\(junk): 3 bytes, expected the 64 of a signature"
      ),
      (
        ["sign", model, "--signature", zeros, "--public-key", key],
        "\(zeros): not a signature of \(model) by this key; sign the file without a signature"
      ),
      (
        ["sign", model, "--signature", zeros, "--public-key", junk],
        "\(junk): no public key, expected PEM, base64 or 64 hexadecimal digits of Ed25519"
      ),
    ]
    for (arguments, message) in cases {
      let run = try CommandProcess("cnnconvert", arguments)
      #expect(run.status == 1)
      #expect(run.errors == "cnnconvert: error: \(message)\n")
    }
    #expect(try read(model) == bytes)
    #expect(try convert("sign", model).status == 2)
  }
}
