internal import Compiler
internal import Foundation
internal import TextTables

/// How much the channels of a layer differ in their weights.
extension ReportPage {
  private static let area = (left: 44.0, right: 332.0, top: 10.0, bottom: 118.0)

  func channels(in page: inout Markup) {
    let layers = details.channelWeights.filter { $0.median > 0 && !$0.largest.isEmpty }
    guard !layers.isEmpty else { return }
    section(
      "Weights, channel by channel",
      "Largest weight of each output channel, of the layers whose channels differ most. Each channel has a scale of its own, but all share the range of the output, which the widest decides.",
      in: &page
    ) { section in
      section.element("div", ["class": "cards"]) { cards in
        for layer in layers {
          cards.element("figure", ["class": "card"]) { card in
            card.element("figcaption") { $0.element("b", label(layer.layer)) }
            draw(layer, in: &card)
            card.element("p", ["class": "note"], note(on: layer))
          }
        }
      }
    }
  }

  private func note(on layer: ReportDetails.ChannelWeights) -> String {
    let widest = layer.largest.max() ?? 0
    let dead = layer.largest.count { $0 == 0 }
    let each = layer.channelsPerBin == 1 ? "" : ", a bar for \(layer.channelsPerBin) channels"
    return
      "channel \(layer.widest) is the widest, \(significant(widest / layer.median, 2)) times the median of \(significant(layer.median, 2))\(dead > 0 ? ", \(dead) without weights" : "")\(each)"
  }

  private func draw(_ layer: ReportDetails.ChannelWeights, in card: inout Markup) {
    let area = Self.area
    let positive = layer.largest.filter { $0 > 0 && $0.isFinite }
    guard let most = positive.max(), let least = positive.min() else { return }
    // Whole powers of two around the smallest and the largest.
    let top = min(max(log2(most / layer.median).rounded(.up), 1), 40) + 0.5
    let bottom = max(min(log2(least / layer.median).rounded(.down), top - 3), -10) - 0.5
    func y(_ ratio: Double) -> Double {
      let share = (log2(ratio) - bottom) / (top - bottom)
      return area.bottom - (area.bottom - area.top) * min(max(share.isFinite ? share : 0, 0), 1)
    }
    let width = (area.right - area.left) / Double(layer.largest.count)
    let hatch = "w\(layer.layer)"
    card.element(
      "svg",
      [
        "viewBox": "0 0 \(Int(Self.card.width)) \(Int(Self.card.height))", "role": "img",
        "aria-label": "largest weight of each channel of \(label(layer.layer))",
      ]
    ) { svg in
      svg.hatching(id: hatch)
      for (index, value) in layer.largest.enumerated() where value > 0 {
        let left = area.left + Double(index) * width
        let ratio = value / layer.median
        let isWide = ratio >= 8
        svg.rectangle(
          isWide ? "clipped" : "count",
          left...left + width * 0.84,
          y(ratio)...area.bottom,
          fill: isWide ? "url(#\(hatch))" : nil
        )
      }
      svg.line("axis", from: (area.left, area.bottom), to: (area.right, area.bottom))
      svg.line("bound", from: (area.left, y(1)), to: (area.right, y(1)))
      // As many powers of two as have room for their numbers.
      let every = max(1, ((top - bottom) / 6).rounded(.up))
      for power in stride(from: (bottom / every).rounded(.up) * every, through: top, by: every) {
        let text = power < 0 ? "1/\(Int(exp2(-power)))" : "\(Int(exp2(power)))×"
        svg.label(text, at: (area.left / 2, y(exp2(power)) + 4))
      }
      let count =
        report.layers.indices.contains(layer.layer) ? report.layers[layer.layer].shape.last : nil
      let last = (count ?? layer.largest.count) - 1
      svg.label("0", at: (area.left + 4, 134))
      svg.label("channel", at: ((area.left + area.right) / 2, 134))
      svg.label("\(last)", at: (area.right - 10, 134))
    }
  }
}
