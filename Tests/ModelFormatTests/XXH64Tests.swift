import ModelFormat
import Testing

@Suite struct XXH64Tests {
  @Test(
    arguments: [
      ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
      ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
    ] as [(String, UInt64)]
  )
  func `published vectors come out`(_ text: String, _ expected: UInt64) {
    #expect(XXH64.hash(Array(text.utf8)) == expected)
  }

  @Test func `portions do not matter`() {
    let bytes = SplitMix64.bytes(seed: 3, count: 257)
    let whole = XXH64.hash(bytes, seed: 9)
    for portion in 1...70 {
      var state = XXH64(seed: 9)
      for start in stride(from: 0, to: bytes.count, by: portion) {
        bytes.withUnsafeBytes {
          state.update(
            UnsafeRawBufferPointer(rebasing: $0[start..<min(start + portion, bytes.count)])
          )
        }
      }
      #expect(state.finalize() == whole, "portions of \(portion)")
    }
  }

  @Test func `the generator gives the published sequence`() {
    var generator = SplitMix64(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    let bytes = SplitMix64.bytes(seed: 1_234_567, count: 9)
    #expect(bytes[0] == UInt8(truncatingIfNeeded: 6_457_827_717_110_365_317))
    #expect(bytes[7] == UInt8(truncatingIfNeeded: 6_457_827_717_110_365_317 >> 56))
    #expect(bytes[8] == UInt8(truncatingIfNeeded: 3_203_168_211_198_807_973))
  }
}
