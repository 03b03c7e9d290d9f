import Testing
import TextTables

@Suite struct TextTableTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1.00 K"), (12_345, "12.3 K"), (3_540_000, "3.54 M"),
    (999_999, "1000 K"), (1_200_000_000, "1.20 G"),
  ])
  func `counts are abbreviated`(_ count: Int, _ text: String) {
    #expect(abbreviated(count) == text)
  }

  @Test(arguments: [
    ("conv1/ü ÷ 层", "conv1/ü ÷ 层"), ("a\u{1B}[2Jb\nc", "a?[2Jb\nc"), ("\t\r\u{7F}\u{9B}m", "????m"),
    ("\u{202E}evil", "?evil"), ("", ""),
  ])
  func `nothing steers the terminal`(_ text: String, _ shown: String) {
    #expect(text.printable == shown)
  }

  @Test(arguments: [
    (1.005, 1, "1.0"), (-0.04, 1, "0.0"), (-2.35, 1, "-2.4"), (9.999, 2, "10.00"), (7, 0, "7"),
  ])
  func `numbers are rounded to the digits asked for`(
    _ value: Double,
    _ digits: Int,
    _ text: String
  ) {
    #expect(fixed(value, digits) == text)
  }

  @Test(arguments: [
    (0, 3, "0"), (40, 2, "40"), (40.4, 2, "40"), (0.01349, 2, "0.013"), (1234.5, 3, "1235"),
    (-2.50, 3, "−2.5"), (99.96, 3, "100"), (1.5e-7, 2, "1.5e-7"), (3e20, 1, "3e20"),
    (9.99e-6, 1, "10e-6"), (.infinity, 2, "inf"), (.nan, 2, "nan"),
  ])
  func `numbers have as many digits as tell something`(
    _ value: Double,
    _ digits: Int,
    _ text: String
  ) {
    #expect(significant(value, digits) == text)
  }

  @Test func `columns line up, and no line ends in blanks`() {
    var table = TextTable(["name", "n", "of"], leftAligned: 1)
    table.add(["a", "10", "200"])
    table.add(["longer"])
    #expect(table.lines == ["name     n   of", "a       10  200", "longer"])
  }
}
