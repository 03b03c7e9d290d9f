internal import Compiler

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
      guard !report.notes.isEmpty else { return }
      section.element("ul", ["class": "notes"]) { list in
        for note in report.notes { list.element("li", note) }
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
