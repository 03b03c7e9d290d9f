/// Rows of columns that line up, for people.
struct TextTable {
  enum Alignment {
    case left
    case right
  }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// A table with a column for each alignment.
  init(_ alignments: [Alignment]) { self.alignments = alignments }

  /// Adds a row of as many cells as there are columns.
  mutating func append(_ cells: [String]) { rows.append(cells) }

  /// A line for each row: columns two spaces apart, nothing at the end of a line.
  var text: String {
    var widths = [Int](repeating: 0, count: alignments.count)
    for row in rows {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], width(cell)) }
    }
    var text = ""
    for row in rows {
      var line = ""
      var blanks = 0
      for (column, cell) in row.enumerated() {
        let space = widths[column] - width(cell)
        if alignments[column] == .right { blanks += space }
        if !cell.isEmpty {
          line += String(repeating: " ", count: blanks) + cell
          blanks = 0
        }
        blanks += 2
        if alignments[column] == .left { blanks += space }
      }
      text += line + "\n"
    }
    return text
  }

  /// Code points, which is what a terminal shows of most scripts.
  private func width(_ text: String) -> Int { text.unicodeScalars.count }
}
