internal import Compiler
internal import Foundation

/// Layers that stand in the way, why, and the flag that mends them.
extension ReportPage {
  /// Layers of one finding that are seen without opening the rest.
  private static let shown = 4

  func findings(in page: inout Markup) {
    guard !report.causes.isEmpty else { return }
    let groups = report.causeGroups
    section(
      groups.isEmpty ? "Worth knowing" : "What stands in the way",
      groups.isEmpty ? "" : "The layer that adds most noise comes first.",
      in: &page
    ) { section in
      for group in groups { draw(group, in: &section) }
      deadChannels(in: &section)
    }
  }

  private func draw(_ group: [Cause], in page: inout Markup) {
    page.element("div", ["class": "finding"]) { item in
      item.element("h3") { heading in
        heading.write(Self.title(of: group[0].kind))
        if group.count > 1 { heading.element("small", " in \(group.count) layers") }
        if let remedy = Cause.remedy(of: group.prefix(Self.shown)) {
          heading.element("span", ["class": "remedy"]) { span in
            span.write(group[0].kind == .noise ? "less with " : "mended by ")
            span.element("code", remedy)
          }
        }
      }
      list(group.prefix(Self.shown), in: &item)
      let rest = group.dropFirst(Self.shown)
      guard !rest.isEmpty else { return }
      item.element("details") { details in
        details.element("summary", "\(rest.count) more")
        list(rest, in: &details)
      }
    }
  }

  private func list(_ causes: ArraySlice<Cause>, in page: inout Markup) {
    page.element("ul") { list in
      for cause in causes {
        list.element("li") { item in
          item.element(
            "a",
            ["href": "#layer\(cause.layer)", "class": "layer"],
            label(cause.layer)
          )
          item.write(": \(cause.words)")
        }
      }
    }
  }

  private func deadChannels(in page: inout Markup) {
    let dead = report.causes.filter { $0.kind == .deadChannels }
    guard !dead.isEmpty else { return }
    page.element("div", ["class": "finding harmless"]) { item in
      item.element("h3") { heading in
        heading.write(Self.title(of: .deadChannels))
        heading.element(
          "small",
          " without weights, or 0 on every image: no loss, but pruning them in training would save work"
        )
      }
      item.element("p") { line in
        for (index, cause) in dead.sorted(by: { $0.layer < $1.layer }).enumerated() {
          if index > 0 { line.write("; ") }
          line.element("a", ["href": "#layer\(cause.layer)", "class": "layer"], label(cause.layer))
          // `3 of 16`; the heading says what.
          line.write(" \(cause.words.components(separatedBy: " channels").first ?? "")")
        }
      }
    }
  }

  static func title(of kind: Cause.Kind) -> String {
    switch kind {
    case .wideChannel: "One wide channel"
    case .outliers: "Outliers"
    case .saturation: "Clipped values"
    case .guessedRange: "Guessed range"
    case .sharedScale: "Shared scale"
    case .coarseWeights: "Coarse weights"
    case .clippedWeights: "Clipped weights"
    case .shift: "Constant shift"
    case .noise: "Much noise"
    case .deadChannels: "Dead channels"
    }
  }
}
