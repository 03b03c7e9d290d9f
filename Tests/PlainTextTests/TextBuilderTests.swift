import PlainText
import Testing

@Suite struct TextBuilderTests {
  private func text(_ write: (inout TextBuilder) -> Void) -> String {
    var text = TextBuilder()
    write(&text)
    return text.string
  }

  @Test func `pieces follow each other`() {
    var text = TextBuilder("größe")
    text.append(" ", 42)
    text.append(", ", "naïve")
    text.append(spaces: 2)
    text.append(spaces: -1)
    text.append(TextBuilder("!"))
    #expect(text.string == "größe 42, naïve  !")
    #expect(text.width == 18)
  }

  @Test(arguments: [0, 9, 10, 99, 100, 4096, UInt64.max - 1, UInt64.max])
  func `numbers are those of the standard library`(_ number: UInt64) {
    #expect(text { $0.append(number) } == String(number))
    #expect(text { $0.append(hex: number) } == "0x" + String(number, radix: 16))
    let signed = Int64(bitPattern: number)
    #expect(text { $0.append(signed) } == String(signed))
    #expect(text { $0.append(Int64.min) } == String(Int64.min))
  }

  @Test func `digits are filled up with zeros`() {
    #expect(text { $0.append(7, radix: 10, digits: 3) } == "007")
    #expect(text { $0.append(1234, radix: 10, digits: 3) } == "1234")
    #expect(text { $0.append(0, radix: 16, digits: 16) } == String(repeating: "0", count: 16))
    #expect(text { $0.append(.max, radix: 16, digits: 16) } == String(repeating: "f", count: 16))
  }

  @Test(
    arguments: [
      (0.0, 2, "0.00"), (1.005, 0, "1"), (2.5, 0, "3"), (-2.5, 1, "-2.5"), (-0.04, 1, "0.0"),
      (999_999_999.9996, 6, "999999999.999600"), (123_456_789_012.25, 9, "123456789012.250000"),
      (1e12, 3, "1.0000000e+12"), (-2.5e300, 0, "-2.5000000e+300"), (.infinity, 1, "inf"),
      (-.infinity, 1, "-inf"), (.nan, 1, "nan"),
    ] as [(Double, Int, String)]
  )
  func `fractions have a fixed number of places`(_ value: Double, _ places: Int, _ shown: String) {
    #expect(text { $0.append(value, decimals: places) } == shown)
  }

  @Test(
    arguments: [
      (0.5, "0.5"), (100, "100.0"), (0.25, "0.25"), (1.0 / 3, "0.333333"), (0, "0.0"),
    ] as [(Double, String)]
  )
  func `zeros at the end can be dropped, but for the first`(_ value: Double, _ shown: String) {
    #expect(text { $0.append(value, decimals: 6, trimmed: true) } == shown)
  }

  @Test(
    arguments: [
      (0, "0.0"), (1, "1.0"), (-0.5, "-0.5"), (4_194_304, "4194304.0"), (0.0001, "0.0001"),
      (3.4e38, "3.4000000e+38"), (1e-10, "1.0000000e-10"), (-2.5e-7, "-2.5000000e-7"),
      (.nan, "nan"), (.infinity, "inf"),
    ] as [(Float, String)]
  )
  func `floats of any size can be told`(_ value: Float, _ shown: String) {
    #expect(text { $0.append(value) } == shown)
  }

  @Test func `bytes that are not UTF-8 become question marks`() {
    var text = TextBuilder("é")
    text.append(byte: 0xFF)
    #expect(text.string == "???")
    text = TextBuilder()
    text.append(bytes: UnsafeBufferPointer(start: nil, count: 0))
    #expect(text.string.isEmpty && text.width == 0)
  }

  @Test(arguments: ["", "a", "größe", String(repeating: "long enough for the heap, ", count: 9)])
  func `strings are compared and handed to C as bytes`(_ string: String) {
    #expect(TextBuilder(string: string).string == string)
    #expect(string.hasBytes(of: string) && !string.hasBytes(of: string + "x"))
    #expect(string.hasBytes(of: "größe") == (string == "größe"))
    // The same letter, not the same bytes.
    #expect(!"e\u{301}".hasBytes(of: "é"))
    let count = string.withTerminatedBytes { Int32(String(cString: $0) == string ? 7 : 0) }
    #expect(count == 7)
    #expect(string.withTerminatedBytes { $0[string.utf8.count] == 0 ? 1 : 0 } == 1)
  }
}
