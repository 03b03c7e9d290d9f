/// Where the lines of a network run that is drawn as a list, an operator a row.
///
/// Every result has a lane from the row that computes it to the last row that reads it. It takes the lane of what its operator read
/// for the last time, else the leftmost free one, so that a chain is one straight line.
struct Lanes {
  /// What is drawn beside one row.
  struct Row: Equatable {
    /// The lane of the row's own mark.
    var lane = 0
    /// Whether anything reads the result.
    var continues = false
    /// Lanes that pass from the row above to the row below.
    var passing: [Int] = []
    /// Lanes of what the row reads.
    var inputs: [Int] = []
  }

  /// The rows; the first is the image's.
  private(set) var rows: [Row] = []
  /// Lanes side by side, at least 1.
  private(set) var count = 1

  /// Lanes of operators that read the results of `inputs[operator]`, earlier operators or −1 for the image.
  init(inputs: [[Int]]) {
    var lastReader: [Int: Int] = [:]
    for (index, read) in inputs.enumerated() {
      for input in read where input < index { lastReader[input] = index }
    }
    var lanes: [Int?] = []
    for index in -1..<inputs.count {
      var row = Row()
      let read = index < 0 ? [] : inputs[index].filter { $0 >= -1 && $0 < index }
      var own: Int?
      for (lane, result) in lanes.enumerated() {
        guard let result else { continue }
        if read.contains(result) {
          row.inputs.append(lane)
          if lastReader[result] == index {
            lanes[lane] = nil
            own = own ?? lane
            continue
          }
        }
        row.passing.append(lane)
      }
      row.lane = own ?? lanes.firstIndex { $0 == nil } ?? lanes.count
      if row.lane == lanes.count { lanes.append(nil) }
      row.continues = lastReader[index] != nil
      lanes[row.lane] = row.continues ? index : nil
      count = max(count, lanes.count)
      rows.append(row)
    }
  }
}
