internal import Foundation
internal import TextTables

extension EvaluationResult {
  /// Pairs that are told.
  private static let worstPairs = 10
  /// Classes that are told.
  private static let worstClasses = 5

  /// What was found, for people.
  public var text: String {
    var lines: [String] = []
    let hasFloat = tally.compared > 0
    var table = TextTable(
      ["\(tally.images) images", "int8"] + (hasFloat ? ["float"] : []),
      leftAligned: 1
    )
    func row(_ name: String, _ share: Double?, _ float: Double?) {
      guard let share else { return }
      let margin = Self.margin(share, tally.labelled)
      let int8 = "\(percent(share)) ± \(fixed(margin * 100, 2))"
      table.add([name, int8] + (float.map { [percent($0)] } ?? []))
    }
    row("top-1", top1, floatTop1)
    row("top-5", top5, floatTop5)
    if let classMean { table.add(["mean of classes", percent(classMean)]) }
    if let agreement { table.add(["same as float", percent(agreement)]) }
    lines += table.lines
    if let least = milliseconds(0), let median = milliseconds(0.5), let p99 = milliseconds(0.99) {
      lines.append(
        "a run takes \(fixed(least, 3)) ms at least, \(fixed(median, 3)) in the middle, 99 % up to \(fixed(p99, 3))"
      )
    }
    lines += worstClassLines
    let pairs = tally.worstConfusions(Self.worstPairs)
    if !pairs.isEmpty {
      var table = TextTable(["is", "taken for", "times"], leftAligned: 2)
      for pair in pairs { table.add([name(pair.actual), name(pair.named), "\(pair.count)"]) }
      lines += [""] + table.lines
    }
    return lines.joined(separator: "\n")
  }

  /// What is probably wrong with the classes; nil where nothing looks so.
  public var suspicion: String? {
    for (shifted, offset) in [(tally.oneLater, 1), (tally.oneEarlier, -1)]
    where shifted > 2 * tally.top1 && 2 * shifted > tally.labelled {
      return
        "\(shifted) of \(tally.labelled) images would be right if classes were counted from \(offset)"
        + "; is that --class-offset \(offset)?"
    }
    return nil
  }

  private var worstClassLines: [String] {
    let classes = tally.classes.filter { $0.value.right < $0.value.images }
      .sorted { ($0.value.share, $0.key) < ($1.value.share, $1.key) }
    guard tally.classes.count > 1, !classes.isEmpty else { return [] }
    var table = TextTable(["worst classes", "right", "of"], leftAligned: 1)
    for (index, count) in classes.prefix(Self.worstClasses) {
      table.add([name(index), "\(count.right)", "\(count.images)"])
    }
    return [""] + table.lines
  }

  private func name(_ index: Int) -> String { ClassNames(names, count: names.count).name(index) }

  /// What was found in one line of JSON: shares as fractions, null where they were not measured.
  public var line: String {
    func number(_ value: Double?) -> String { value.map { fixed($0, 6) } ?? "null" }
    return "{\"top1\":\(number(top1)),\"top5\":\(number(top5)),\"agreement\":\(number(agreement)),"
      + "\"images\":\(tally.images),\"skipped\":\(tally.skipped.count),\"class_mean\":\(number(classMean)),"
      + "\"float_top1\":\(number(floatTop1)),\"float_top5\":\(number(floatTop5)),"
      + "\"milliseconds\":{\"min\":\(number(milliseconds(0))),\"median\":\(number(milliseconds(0.5))),"
      + "\"p99\":\(number(milliseconds(0.99)))},\"model\":\"\(model)\",\"data\":\"\(data)\","
      + "\"shard\":\"\(shard)/\(shards)\"}"
  }
}

extension Tally.ClassCount {
  fileprivate var share: Double { Double(right) / Double(images) }
}

/// A share of 0…1 as people read it: `99.25 %`.
func percent(_ share: Double) -> String { "\(fixed(share * 100, 2)) %" }
