import Foundation
import ModelFormat
import ModelSamples
import Testing
@testable import ModelStore

@Suite struct VerificationTests {
  private let fixture: StoreFixture
  private let model: [UInt8]

  init() throws {
    fixture = try StoreFixture()
    model = try Models.named("m")
  }

  private func refusal(_ bytes: [UInt8], _ verification: Verification = Verification()) throws
    -> String?
  {
    let path = try fixture.write(bytes, "m.bin")
    do throws(ModelStoreError) {
      _ = try verification.open(path, name: "m.bin")
      return nil
    } catch {
      return error.message
    }
  }

  private func trusting(_ seeds: UInt8...) -> Verification {
    var verification = Verification()
    verification.trustedKeys = seeds.map { Models.publicKey(seed: $0) }
    return verification
  }

  @Test func `a model is taken with or without a signature where no key is set`() throws {
    #expect(try refusal(model) == nil)
    #expect(try refusal(Models.signed(model, seed: 1)) == nil)
  }

  @Test func `with a key only what its owner signed is taken`() throws {
    #expect(try refusal(Models.signed(model, seed: 1), trusting(1)) == nil)
    #expect(try refusal(Models.signed(model, seed: 2), trusting(1, 2)) == nil)
    #expect(
      try refusal(model, trusting(1))
        == "m.bin: not signed, expected a signature; sign it with cnnconvert sign"
    )
    let (one, two) = (Models.publicKey(seed: 1), Models.publicKey(seed: 2))
    #expect(
      try refusal(Models.signed(model, seed: 2), trusting(1))
        == "m.bin: signed by \(two.hexadecimal), expected \(one.hexadecimal)"
    )
    #expect(
      try refusal(Models.signed(model, seed: 2), trusting(1, 3))
        == "m.bin: signed by \(two.hexadecimal), expected \(one.hexadecimal) or one of the other 1"
    )
  }

  @Test func `a signature of another model is refused, whatever its checksums say`() throws {
    let other = Models.signed(try Models.named("other"), seed: 1)
    #expect(
      try refusal(model + other.suffix(SignatureBlock.byteCount), trusting(1))
        == "m.bin: signature: wrong; the model is not what was signed"
    )
  }

  @Test func `no byte of a signed file can change`() throws {
    let signed = Models.signed(model, seed: 1)
    for index in signed.indices {
      var damaged = signed
      damaged[index] ^= 0x41
      #expect(try refusal(damaged, trusting(1)) != nil, "byte \(index)")
    }
  }

  @Test func `a signed file is refused at every length`() throws {
    let signed = Models.signed(model, seed: 1)
    for count in 0..<signed.count {
      #expect(try refusal(Array(signed[..<count]), trusting(1)) != nil, "cut at \(count)")
    }
  }

  @Test func `a model that gives other results here is refused`() throws {
    let message = try refusal(ColorModel.bytes(damagedLayer: 0))
    #expect(message?.hasPrefix("m.bin: kernels ") == true)
    #expect(message?.contains("golden vector 1: operator 0 (add up) has hash ") == true)
  }

  @Test func `a model without golden vectors is refused`() throws {
    var contents = try ColorModel.contents()
    contents.goldens = []
    #expect(
      try refusal(contents.encode())
        == "m.bin: no golden vectors, expected 1 or more; convert it with --golden 2"
    )
  }

  @Test func `other bytes are refused with the reader's reason`() throws {
    #expect(
      try refusal([1, 2, 3])
        == "m.bin: header: size 3, expected at least 64 bytes; is the file cut off?"
    )
  }

  @Test func `classes must be those of the model in use where that is wanted`() throws {
    var verification = Verification()
    verification.requiresSameLabels = true
    let former = try ModelFile(copying: model)
    let same = try ModelFile(copying: Models.named("n"))
    try verification.compare(same, with: former, name: "n")
    try verification.compare(same, with: nil, name: "n")
    let other = try ModelFile(copying: Models.named("n", labels: ["red", "grün", "blåu\t"]))
    let error = #expect(throws: ModelStoreError.self) {
      try verification.compare(other, with: former, name: "n.bin")
    }
    #expect(
      error?.message
        == "n.bin: class 1 is \"grün\", expected \"gr\"een\", as in the model in use"
    )
    verification.requiresSameLabels = false
    try verification.compare(other, with: former, name: "n")
  }

  @Test func `keys are read from every form`() throws {
    let key = Models.publicKey(seed: 9)
    let der = PublicKey.encodedPrefix + key.bytes
    let pem =
      "-----BEGIN PUBLIC KEY-----\n\(Data(der).base64EncodedString())\n-----END PUBLIC KEY-----\n"
    let forms = [
      key.hexadecimal, key.hexadecimal.uppercased() + "\n", Data(key.bytes).base64EncodedString(),
      pem, "a note\n" + pem,
    ]
    for form in forms {
      #expect(PublicKey.all(in: Array(form.utf8)) == [key])
      #expect(try PublicKey.configured(fixture.write(Array(form.utf8), "key")) == [key])
    }
    #expect(try PublicKey.configured(key.hexadecimal) == [key])
    #expect(PublicKey.all(in: Array((pem + pem).utf8)) == [key, key])
    #expect(try PublicKey.configured("") == [])
  }

  @Test(
    arguments: [
      "", "00", "zz", String(repeating: "0", count: 63), "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAAAAA\n-----END PUBLIC KEY-----",
    ]
  )
  func `what is no key is refused`(_ text: String) throws {
    let path = try fixture.write(Array(text.utf8), "key")
    let error = #expect(throws: ModelStoreError.self) { try PublicKey.configured(path) }
    #expect(
      error?.message
        == "\(path): no public key, expected PEM, base64 or 64 hexadecimal digits of Ed25519"
    )
  }

  @Test func `base64 is that of Foundation`() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
      let text = Data(bytes).base64EncodedString()
      #expect(KeyText.base64(Array(text.utf8)[...]) == bytes)
    }
    for text in ["A", "AA", "AAA", "A===", "AA=A", "AA==AA==", "A-==", "AAAA="] {
      #expect(KeyText.base64(Array(text.utf8)[...]) == nil, "\(text)")
    }
  }
}
