internal import ArgumentParser
internal import Foundation
internal import HostCommands
internal import ModelStore

/// `cnnconvert keygen fleet`: a pair of keys.
struct KeygenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract:
      "Makes a pair of Ed25519 keys: NAME.key signs models, NAME.pub lets boards check them.",
    discussion: "openssl genpkey -algorithm ed25519, and openssl pkey -pubout, make the same files."
  )

  @Argument(help: "Path of the two files, without .key and .pub.")
  var name: String

  func run() throws {
    let key = try SigningKey.random()
    try write(key.pem, to: name + ".key", mode: 0o600)
    try write(key.publicPEM, to: name + ".pub", mode: 0o644)
    Terminal.write(
      "\(name).key: keep it secret\n\(name).pub: for boards, \(key.publicKey.hexadecimal)\n"
    )
  }

  /// Writes a file that must not be there yet: a lost private key cannot be made again.
  private func write(_ text: String, to path: String, mode: mode_t) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, mode)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw Failure("\(path): cannot be written, \(reason); keys are never written over a file")
    }
    do {
      let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      try file.write(contentsOf: Data(text.utf8))
      try file.synchronize()
    } catch {
      throw Failure("\(path): cannot be written: \(error.localizedDescription)")
    }
  }
}
