import ModelFormat
import Testing

@Suite struct SignatureBlockTests {
  private let model = smallModel().encode()
  private let block = SignatureBlock(
    publicKey: [UInt8](0..<32),
    signature: [UInt8](100..<164)
  )

  private func refusal(_ bytes: [UInt8]) -> String? {
    do throws(ModelFormatError) {
      _ = try ModelFile(copying: bytes)
      return nil
    } catch { return error.message }
  }

  @Test func `a file is the same with a block behind it`() throws {
    let (plain, signed) = (
      try ModelFile(copying: model), try ModelFile(copying: model + block.encoded)
    )
    #expect(plain.signature == nil)
    #expect(signed.signature == block)
    #expect(Array(signed.bytes) == model)
    #expect(signed.label(0) == plain.label(0))
    #expect(plain.hash == XXH64.hash(model))
    #expect(signed.hash == XXH64.hash(model + block.encoded))
  }

  @Test func `the block is as the format says`() {
    let bytes = block.encoded
    #expect(bytes.count == SignatureBlock.byteCount)
    #expect(Array(bytes[..<8]) == Array("ECNNSIG\n".utf8))
    #expect(Array(bytes[8..<16]) == [1, 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[16..<48]) == block.publicKey)
    #expect(Array(bytes[48..<112]) == block.signature)
    #expect(Array(bytes[112..<120]) == [UInt8](repeating: 0, count: 8))
    let checksum = XXH64.hash(Array(bytes[..<120]))
    #expect(bytes[120...].reversed().reduce(0) { $0 << 8 | UInt64($1) } == checksum)
  }

  @Test func `a changed byte of the block is found wherever it is`() {
    for index in 0..<SignatureBlock.byteCount {
      var bytes = model + block.encoded
      bytes[model.count + index] ^= 0x11
      #expect(refusal(bytes) != nil, "byte \(index)")
    }
  }

  @Test func `another algorithm is refused by name`() {
    var bytes = block.encoded
    bytes[8] = 2
    let checksum = XXH64.hash(Array(bytes[..<120]))
    for index in 0..<8 { bytes[120 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    #expect(refusal(model + bytes) == "signature block: algorithm 2, expected 1")
  }

  @Test func `two blocks, and bytes that are none, are refused`() {
    #expect(refusal(model + block.encoded + block.encoded) != nil)
    let other = [UInt8](repeating: 0, count: 128)
    #expect(
      refusal(model + other)
        == "header: file size \(model.count), expected \(model.count + 128), the bytes there are; is the file cut off?"
    )
  }
}
