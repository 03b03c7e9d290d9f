internal import Compiler
internal import Foundation
internal import TextTables

/// What values the worst layers give, and the range that was chosen for them.
extension ReportPage {
  /// Width and height of the drawing, and the area for bars in it.
  static let card = (width: 340.0, height: 150.0)
  private static let area = (left: 8.0, right: 332.0, top: 8.0, bottom: 118.0)

  func histograms(in page: inout Markup) {
    guard !details.histograms.isEmpty else { return }
    section(
      "Values and chosen ranges",
      "Float values of the layers that add most noise; heights are logarithmic. The shaded part is the range that 256 steps cover, hatched bars are clipped to its ends.",
      in: &page
    ) { section in
      section.element("div", ["class": "cards"]) { cards in
        for histogram in details.histograms {
          cards.element("figure", ["class": "card"]) { card in
            card.element("figcaption") { $0.element("b", label(histogram.layer)) }
            draw(histogram, in: &card)
            card.element("p", ["class": "note"], note(on: histogram))
          }
        }
      }
    }
  }

  private func note(on histogram: ReportDetails.ValueCounts) -> String {
    guard report.layers.indices.contains(histogram.layer) else { return "" }
    let layer = report.layers[histogram.layer]
    var parts = ["range \(NumberFormat.range(histogram.range))"]
    if let use = layer.rangeUse { parts.append("\(NumberFormat.percent(use)) of it in use") }
    if let share = layer.saturation { parts.append("\(NumberFormat.percent(share)) clipped") }
    if let own = layer.rangeNoiseRatio { parts.append("allows \(fixed(own, 1)) dB") }
    return parts.joined(separator: ", ")
  }

  private func draw(_ histogram: ReportDetails.ValueCounts, in card: inout Markup) {
    let area = Self.area
    let bins = histogram.counts.count
    guard bins > 0, histogram.range.count == 2, histogram.binWidth > 0 else { return }
    let end = histogram.start + Double(bins) * histogram.binWidth
    func x(_ value: Double) -> Double {
      let share = (value - histogram.start) / (end - histogram.start)
      return area.left + (area.right - area.left) * min(max(share.isFinite ? share : 0, 0), 1)
    }
    let most = log(1 + Double(max(1, histogram.counts.max() ?? 1)))
    let (low, high) = (histogram.range[0], histogram.range[1])
    card.element(
      "svg",
      [
        "viewBox": "0 0 \(Int(Self.card.width)) \(Int(Self.card.height))", "role": "img",
        "aria-label": "histogram of \(label(histogram.layer))",
      ]
    ) { svg in
      svg.hatching(id: "h\(histogram.layer)")
      svg.rectangle("chosen", x(low)...max(x(low), x(high)), area.top...area.bottom)
      for (index, count) in histogram.counts.enumerated() where count > 0 {
        let middle = histogram.start + (Double(index) + 0.5) * histogram.binWidth
        let height = (area.bottom - area.top - 6) * log(1 + Double(count)) / most
        let left = x(middle - histogram.binWidth / 2)
        let right = x(middle + histogram.binWidth / 2)
        let isClipped =
          middle < low - histogram.binWidth / 2 || middle > high + histogram.binWidth / 2
        svg.rectangle(
          isClipped ? "clipped" : "count",
          left + 0.4...max(left + 0.4, right - 0.4),
          area.bottom - max(height, 1)...area.bottom,
          fill: isClipped ? "url(#h\(histogram.layer))" : nil
        )
      }
      svg.line("axis", from: (area.left, area.bottom), to: (area.right, area.bottom))
      for bound in [low, high] {
        svg.line("bound", from: (x(bound), area.top), to: (x(bound), area.bottom + 5))
      }
      labels(histogram, from: histogram.start, to: end, x, in: &svg)
    }
  }

  /// Ends of the range, 0, and ends of the values, as many as find room.
  private func labels(
    _ histogram: ReportDetails.ValueCounts,
    from start: Double,
    to end: Double,
    _ x: (Double) -> Double,
    in svg: inout Markup
  ) {
    var taken: [ClosedRange<Double>] = []
    for value in [histogram.range[0], histogram.range[1], 0, start, end] {
      guard value >= start, value <= end else { continue }
      let text = significant(value, 3)
      let half = 3.4 * Double(text.count) + 4
      let middle = min(max(x(value), half), Self.card.width - half)
      let place = middle - half...middle + half
      guard !taken.contains(where: { $0.overlaps(place) }) else { continue }
      taken.append(place)
      let isBound = histogram.range.contains(value)
      if !isBound {
        svg.line("axis", from: (x(value), Self.area.bottom), to: (x(value), Self.area.bottom + 4))
      }
      svg.label(text, at: (middle, 137), isStrong: isBound)
    }
  }
}
