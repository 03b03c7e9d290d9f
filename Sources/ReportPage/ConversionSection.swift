internal import Compiler
internal import TextTables

/// How the file was made.
extension ReportPage {
  func conversion(in page: inout Markup) {
    section("How it was made", "", in: &page) { section in
      section.element("dl", ["class": "facts"]) { facts in
        fact("Ranges and weights", report.calibration, in: &facts)
        fact(
          "Images",
          report.calibrationImages > 0
            ? "\(report.calibrationImages) to calibrate, layers compared on \(report.comparedImages)"
            : "none",
          in: &facts
        )
        let passes = report.passes.filter { $0.count > 0 }.map { "\($0.name) \($0.count)×" }
        if !passes.isEmpty { fact("Rewrites", passes.joined(separator: ", "), in: &facts) }
      }
      attempts(in: &section)
      guard !report.notes.isEmpty else { return }
      section.element("ul", ["class": "notes"]) { list in
        for note in report.notes { list.element("li", note) }
      }
    }
  }

  /// What a search for enough accuracy took.
  private func attempts(in page: inout Markup) {
    guard !details.attempts.isEmpty else { return }
    page.element("table") { table in
      table.element("tr") { head in
        for title in ["Methods tried", "float", "int8", "of", "points lost"] {
          head.element("th", title)
        }
      }
      for (index, attempt) in details.attempts.enumerated() {
        let isChosen = index == details.chosenAttempt
        table.element("tr", ["class": isChosen ? "chosen" : "other"]) { row in
          row.element("td", attempt.methods + (isChosen ? " (taken)" : ""))
          let score = attempt.score
          for number in [
            "\(score.float)", "\(score.int8)", "\(score.images)", fixed(score.drop, 2),
          ] {
            row.element("td", number)
          }
        }
      }
    }
  }

  private func fact(_ name: String, _ value: String, in facts: inout Markup) {
    facts.element("div") { fact in
      fact.element("dt", name)
      fact.element("dd", value)
    }
  }
}
