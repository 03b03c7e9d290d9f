internal import PlainText

/// Rows of columns that line up, for people.
struct TextTable {
  enum Alignment {
    case left
    case right
  }

  /// The cell that is being written, after all cells before it.
  var cell = TextBuilder()
  private let alignments: [Alignment]
  /// Where each cell ends in `cell`, row by row.
  private var ends: [Int] = []

  /// A table with a column for each alignment.
  init(_ alignments: [Alignment]) { self.alignments = alignments }

  /// Ends a cell; after as many as there are columns the next row begins.
  @inline(never)
  mutating func endCell() { ends.append(cell.bytes.count) }

  /// Ends a cell with a literal.
  @inline(never)
  mutating func add(_ words: StaticString) {
    cell.append(words)
    endCell()
  }

  /// Adds a whole cell.
  @inline(never)
  mutating func add(number: Int) {
    cell.append("", number)
    endCell()
  }

  /// Adds a whole cell.
  @inline(never)
  mutating func add(string: String) {
    cell.append(string: string)
    endCell()
  }

  /// A line for each row: columns two spaces apart, nothing at the end of a line.
  var text: TextBuilder {
    var widths = [Int](repeating: 0, count: alignments.count)
    for index in ends.indices {
      let column = index % alignments.count
      widths[column] = max(widths[column], content(index).width)
    }
    var text = TextBuilder()
    var blanks = 0
    for index in ends.indices {
      let column = index % alignments.count
      let content = content(index)
      let space = widths[column] - content.width
      if alignments[column] == .right { blanks += space }
      if !content.bytes.isEmpty {
        text.append(spaces: blanks)
        text.append(content)
        blanks = 0
      }
      blanks += 2
      if alignments[column] == .left { blanks += space }
      if column == alignments.count - 1 {
        text.append("\n")
        blanks = 0
      }
    }
    return text
  }

  private func content(_ index: Int) -> TextBuilder {
    var content = TextBuilder()
    let start = index == 0 ? 0 : ends[index - 1]
    cell.bytes.withUnsafeBufferPointer {
      content.append(bytes: UnsafeBufferPointer(rebasing: $0[start..<ends[index]]))
    }
    return content
  }
}
