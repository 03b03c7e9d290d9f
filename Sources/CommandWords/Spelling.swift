internal import PlainText

/// Finds what a misspelt word was meant to be.
public enum Spelling {
  /// The index of the candidate with the fewest inserted, deleted, replaced or swapped neighbouring letters, nil where the
  /// best needs more than a third of the word's length.
  public static func nearest(to word: String, among candidates: [StaticString]) -> Int? {
    let word = TextBuilder(string: word).bytes
    var best: Int?
    var bestDistance = max(1, word.count / 3) + 1
    for (index, candidate) in candidates.enumerated() {
      let distance = distance(word, TextBuilder(candidate).bytes)
      if distance < bestDistance { (best, bestDistance) = (index, distance) }
    }
    return best
  }

  /// Edits from a to b: Damerau's distance where no letter is edited twice.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var twoAbove: [Int] = []
    var above = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var edits = min(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          edits = min(edits, twoAbove[j - 1] + 1)
        }
        row.append(edits)
      }
      twoAbove = above
      above = row
    }
    return above[b.count]
  }
}
