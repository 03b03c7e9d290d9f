internal import Compiler
internal import Foundation
internal import TextTables

/// One panel a property, one bar a layer, all panels with the same horizontal axis.
extension ReportPage {
  /// A bar, or a box where it does not begin at the axis; fractions of the panel's height.
  private struct Bar {
    var layer: Int
    var from = 0.0
    var to: Double
    /// A thin line from end to end beneath a box.
    var whisker: (from: Double, to: Double)?
    /// A short line across, such as a limit.
    var tick: Double?
    var isBad = false
    var text: String
  }

  private struct Panel {
    var title: String
    var bars: [Bar]
    /// Places on the vertical axis, fractions of its height, with what stands beside them.
    var axis: [(place: Double, text: String)]
    /// A dashed line with its name.
    var limit: (place: Double, text: String)?
  }

  func layerCharts(in page: inout Markup) {
    let panels = [noisePanel, clippedPanel, usePanel, spreadPanel].filter { !$0.bars.isEmpty }
    guard !panels.isEmpty else { return }
    section(
      "Layer by layer",
      "Layers from left to right as they run, numbered as in the network below. Hatched bars are on the wrong side of the dashed limit.",
      in: &page
    ) { section in
      // Few layers: two panels side by side where there is room.
      let isWide = report.layers.count > 24
      section.element("div", ["class": isWide ? "panels wide" : "panels"]) { grid in
        for panel in panels { draw(panel, in: &grid) }
      }
    }
  }

  private var isMeasured: Bool { report.layers.contains { $0.noiseRatio != nil } }

  /// What rounding a layer's own weights and output leaves, in dB.
  private func limit(_ layer: ConversionReport.Layer) -> Double? {
    let own = [layer.rangeNoiseRatio, layer.weightNoiseRatio].compactMap { $0 }
    return own.min()
  }

  private var noisePanel: Panel {
    let top = 60.0
    let measured = isMeasured
    var bars: [Bar] = []
    for (index, layer) in report.layers.enumerated() {
      let own = limit(layer)
      guard let ratio = measured ? layer.noiseRatio : own else { continue }
      let tick = measured ? own.map { min($0 / top, 1) } : nil
      let alone =
        measured
        ? own.map { ", at most \(fixed($0, 1)) dB by its own rounding and clipping" } ?? "" : ""
      bars.append(
        Bar(
          layer: index,
          to: ratio / top,
          tick: tick,
          isBad: ratio < 15,
          text: "\(fixed(ratio, 1)) dB\(alone)"
        )
      )
    }
    return Panel(
      title: measured
        ? "Signal to noise, dB; higher is better, 20 dB is noise of a tenth of the signal. Short line: what the layer's own rounding and clipping allow over all images"
        : "Signal to noise that the layer's own rounding and clipping allow, dB; higher is better (nothing was measured: no images)",
      bars: bars,
      axis: [0, 20, 40, 60].map { ($0 / top, "\(Int($0))") },
      limit: (15 / top, "15")
    )
  }

  private var clippedPanel: Panel {
    let shares = report.layers.compactMap(\.saturation)
    let top = max(1, NumberFormat.roundUp(100 * (shares.max() ?? 0)))
    return Panel(
      title: "Clipped values, % of the layer's outputs; lower is better",
      bars: report.layers.enumerated().compactMap { index, layer in
        layer.saturation.map {
          Bar(
            layer: index,
            to: 100 * $0 / top,
            isBad: $0 > 0.005,
            text: "\(NumberFormat.percent($0)) clipped"
          )
        }
      },
      axis: [0, 0.5, 1].map { ($0, significant($0 * top, 2)) },
      limit: (0.5 / top, "0.5")
    )
  }

  private var usePanel: Panel {
    Panel(
      title:
        "Range in use, % of the 256 steps that the middle 99.9 % of the values take; higher is better",
      bars: report.layers.enumerated().compactMap { index, layer in
        layer.rangeUse.map {
          Bar(layer: index, to: $0, isBad: $0 < 0.25, text: "\(NumberFormat.percent($0)) in use")
        }
      },
      axis: [0, 0.5, 1].map { ($0, "\(Int(100 * $0))") },
      limit: (0.25, "25")
    )
  }

  /// Channels' largest weights over their median, on a logarithmic axis around 1.
  private var spreadPanel: Panel {
    let widest = report.layers.compactMap(\.channelRatio).max() ?? 1
    let reach = [16.0, 64, 256, 1024].first { $0 >= widest } ?? 4096
    func place(_ ratio: Double) -> Double {
      guard ratio > 0 else { return 0 }
      return min(max(0.5 + log2(ratio) / log2(reach) / 2, 0), 1)
    }
    return Panel(
      title:
        "Spread of the channels' largest weights, times their median; box: middle half, line: all, tick: widest",
      bars: details.layers.enumerated().compactMap { index, layer in
        guard let spread = layer.weightSpread, spread.count == 5, spread[2] > 0,
          report.layers.indices.contains(index)
        else { return nil }
        let ratios = spread.map { $0 / spread[2] }
        return Bar(
          layer: index,
          from: place(ratios[1]),
          to: place(ratios[3]),
          whisker: (place(ratios[0]), place(ratios[4])),
          tick: place(ratios[4]),
          isBad: ratios[4] >= 8,
          text: "from \(significant(ratios[0], 2)) to \(significant(ratios[4], 2)) times the median"
        )
      },
      axis: [1 / reach, 1 / reach.squareRoot(), 1, reach.squareRoot(), reach].map {
        (place($0), $0 < 1 ? "1/\(Int(1 / $0))" : "\(Int($0))")
      },
      limit: (place(8), "8")
    )
  }

  private func draw(_ panel: Panel, in page: inout Markup) {
    let count = report.layers.count
    page.element("figure", ["class": "panel"]) { figure in
      figure.element("figcaption", panel.title)
      figure.element("div", ["class": "axes"]) { axes in
        axes.element("div", ["class": "plot"]) { plot in
          for (place, text) in panel.axis { rule(place, text, in: &plot) }
          for bar in panel.bars { draw(bar, of: count, in: &plot) }
          if let limit = panel.limit {
            plot.element(
              "i",
              ["class": "limit", "style": "bottom:\(NumberFormat.place(limit.place))"]
            ) { $0.element("b", limit.text) }
          }
        }
        numbers(count, offset: 0, slots: count, in: &axes)
      }
    }
  }

  /// A line across a drawing with its number on the left.
  func rule(_ place: Double, _ text: String, in plot: inout Markup) {
    let bottom = "bottom:\(NumberFormat.place(place))"
    plot.box("rule", bottom)
    plot.element("span", ["class": "y", "style": bottom], text)
  }

  private func draw(_ bar: Bar, of count: Int, in plot: inout Markup) {
    let slot = 1 / Double(count)
    let left = NumberFormat.place(Double(bar.layer) * slot)
    plot.element(
      "span",
      [
        "class": bar.isBad ? "slot bad" : "slot", "title": "\(label(bar.layer)): \(bar.text)",
        "style": "left:\(left);width:\(NumberFormat.place(slot))",
      ]
    ) { slot in
      if let whisker = bar.whisker {
        slot.box("whisker", Self.extent(whisker.from, whisker.to))
      }
      slot.box("bar", Self.extent(bar.from, bar.to))
      if let tick = bar.tick {
        slot.box("tick", "bottom:\(NumberFormat.place(tick))")
      }
    }
  }

  private static func extent(_ from: Double, _ to: Double) -> String {
    let (low, high) = (min(max(from, 0), 1), min(max(to, 0), 1))
    return "bottom:\(NumberFormat.place(low));height:\(NumberFormat.place(max(0, high - low)))"
  }

  /// Numbers of layers under a drawing: at most a dozen, round ones; layer n is in the middle of slot n + `offset`.
  func numbers(_ count: Int, offset: Int, slots: Int, in axes: inout Markup) {
    let every = max(1, Int(NumberFormat.roundUp(Double(count) / 12)))
    axes.element("div", ["class": "numbers"]) { row in
      for layer in stride(from: 0, to: count, by: every) {
        let middle = (Double(layer + offset) + 0.5) / Double(max(1, slots))
        row.element("span", ["style": "left:\(NumberFormat.place(middle))"], "\(layer)")
      }
    }
  }
}
