internal import Compiler

/// Layers that stand in the way, why, and the flag that mends them.
extension ReportPage {
  /// Findings that are seen without opening the rest.
  private static let shown = 8

  func findings(in page: inout Markup) {
    let harmful = report.causes.filter { $0.kind != .deadChannels }
    guard !report.causes.isEmpty else { return }
    section(
      harmful.isEmpty ? "Worth knowing" : "What stands in the way",
      harmful.count > 1 ? "The layer that adds most noise comes first." : "",
      in: &page
    ) { section in
      list(harmful.prefix(Self.shown), in: &section)
      let rest = harmful.dropFirst(Self.shown)
      if !rest.isEmpty {
        section.element("details") { details in
          details.element("summary", "\(rest.count) more")
          list(rest, in: &details)
        }
      }
      deadChannels(in: &section)
    }
  }

  private func deadChannels(in page: inout Markup) {
    let dead = report.causes.filter { $0.kind == .deadChannels }
    guard !dead.isEmpty else { return }
    page.element("div", ["class": "finding harmless"]) { item in
      item.element("b", Self.title(of: .deadChannels))
      item.element("p") { line in
        for (index, cause) in dead.sorted(by: { $0.layer < $1.layer }).enumerated() {
          if index > 0 { line.write("; ") }
          line.element("a", ["href": "#layer\(cause.layer)", "class": "layer"], label(cause.layer))
          line.write(": \(cause.words)")
        }
      }
      item.element("p", "No loss of accuracy, but pruning them in training would save work.")
    }
  }

  private func list(_ causes: ArraySlice<Cause>, in page: inout Markup) {
    page.element("ul", ["class": "findings"]) { list in
      for cause in causes {
        list.element("li", ["class": "finding"]) { item in
          item.element("a", ["href": "#layer\(cause.layer)", "class": "layer"]) {
            $0.write(label(cause.layer))
          }
          item.element("span", ["class": "kind"], Self.title(of: cause.kind))
          item.element("p", cause.words + ".")
          if let remedy = cause.remedy {
            item.element("p", ["class": "remedy"]) { line in
              line.write("Mended by ")
              line.element("code", remedy)
            }
          }
        }
      }
    }
  }

  static func title(of kind: Cause.Kind) -> String {
    switch kind {
    case .wideChannel: "one wide channel"
    case .outliers: "outliers"
    case .saturation: "clipped values"
    case .guessedRange: "guessed range"
    case .sharedScale: "shared scale"
    case .coarseWeights: "coarse weights"
    case .clippedWeights: "clipped weights"
    case .shift: "constant shift"
    case .noise: "much noise"
    case .deadChannels: "dead channels"
    }
  }
}
