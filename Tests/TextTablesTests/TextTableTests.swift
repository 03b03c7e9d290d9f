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
    (1.005, 1, "1.0"), (-0.04, 1, "0.0"), (-2.35, 1, "-2.4"), (9.999, 2, "10.00"), (7, 0, "7"),
  ])
  func `numbers are rounded to the digits asked for`(
    _ value: Double,
    _ digits: Int,
    _ text: String
  ) {
    #expect(fixed(value, digits) == text)
  }

  @Test func `columns line up, and no line ends in blanks`() {
    var table = TextTable(["name", "n", "of"], leftAligned: 1)
    table.add(["a", "10", "200"])
    table.add(["longer"])
    #expect(table.lines == ["name     n   of", "a       10  200", "longer"])
  }
}
