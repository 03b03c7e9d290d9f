public import Compiler

/// A conversion's report as one page of HTML that needs nothing else: no network, no script, no file beside it.
public struct ReportPage: Sendable {
  let report: ConversionReport
  let details: ReportDetails

  /// The page of `report`; without its details the drawings are left out.
  public init(_ report: ConversionReport) {
    self.report = report
    details = report.details ?? ReportDetails()
  }

  /// The page, well-formed as XML too; the same for the same report.
  public var html: String {
    var page = Markup()
    page.literal("<!DOCTYPE html>\n")
    page.element("html", ["lang": "en"]) { html in
      html.newLine()
      html.element("head") { head in
        head.empty("meta", ["charset": "utf-8"])
        head.empty(
          "meta",
          ["name": "viewport", "content": "width=device-width, initial-scale=1"]
        )
        head.empty(
          "meta",
          [
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; style-src 'unsafe-inline'",
          ]
        )
        head.empty("meta", ["name": "color-scheme", "content": "light dark"])
        head.element("title", "\(title): conversion report")
        head.element("style") { $0.literal(Self.style) }
      }
      html.newLine()
      html.element("body") { body in
        body.element("main") { main in
          headline(in: &main)
          findings(in: &main)
          layerCharts(in: &main)
          histograms(in: &main)
          channels(in: &main)
          memory(in: &main)
          network(in: &main)
          conversion(in: &main)
        }
      }
      html.newLine()
    }
    page.newLine()
    return page.text
  }

  /// The file's name and the network's own, where they differ.
  var title: String {
    let names = [report.source, report.name].filter { !$0.isEmpty }
    let distinct = names.count == 2 && names[0] == names[1] ? [names[0]] : names
    return distinct.isEmpty ? "network" : distinct.map { Self.short($0) }.joined(separator: " · ")
  }

  /// A section with a heading and a sentence on what is seen in it.
  func section(
    _ heading: String,
    _ lead: String,
    in page: inout Markup,
    _ content: (inout Markup) -> Void
  ) {
    page.newLine()
    page.element("section") { section in
      section.element("h2", heading)
      if !lead.isEmpty { section.element("p", ["class": "lead"], lead) }
      content(&section)
    }
  }

  /// Layers of which something stands in the way of accuracy.
  var blamed: Set<Int> {
    Set(report.causes.filter { $0.kind != .deadChannels }.map(\.layer))
  }

  /// A name that leaves room for others, cut in the middle where it is long.
  static func short(_ name: String, _ limit: Int = 60) -> String {
    guard name.count > limit else { return name }
    return "\(name.prefix(limit / 2))…\(name.suffix(limit / 2 - 1))"
  }

  /// The layer as it is named beside drawings: `12 features.3`.
  func label(_ layer: Int) -> String {
    guard report.layers.indices.contains(layer) else { return "\(layer)" }
    return "\(layer) \(Self.short(report.layers[layer].name))"
  }
}
