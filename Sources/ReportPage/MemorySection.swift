internal import Compiler
internal import TextTables

/// The memory plan: what lies where in the arena while which layer runs.
extension ReportPage {
  func memory(in page: inout Markup) {
    let blocks = details.memory.filter { $0.byteCount > 0 }
    guard report.arenaBytes > 0, !blocks.isEmpty else { return }
    section(
      "Working memory",
      "What lies where while the layers run from left to right: each block is a tensor from the layer that writes it to the last that reads it. Hatched: in use when memory is fullest.",
      in: &page
    ) { section in
      section.element("figure", ["class": "panel"]) { figure in
        figure.element("figcaption", "Address in the arena, \(unit.name)")
        draw(blocks, in: &figure)
        figure.element("p", ["class": "note"], note(on: blocks))
      }
    }
  }

  /// The unit of addresses.
  private var unit: (name: String, bytes: Double) {
    report.arenaBytes >= 2_000_000
      ? ("MB", 1e6) : report.arenaBytes >= 2000 ? ("KB", 1e3) : ("bytes", 1)
  }

  /// The layer at which most bytes are in use.
  private func fullest(_ blocks: [ReportDetails.MemoryBlock]) -> (layer: Int, bytes: Int) {
    var best = (layer: 0, bytes: 0)
    for layer in report.layers.indices {
      let bytes = blocks.filter { $0.isInUse(at: layer) }.reduce(0) { $0 + $1.byteCount }
      if bytes > best.bytes { best = (layer, bytes) }
    }
    return best
  }

  private func note(on blocks: [ReportDetails.MemoryBlock]) -> String {
    let peak = fullest(blocks)
    let live = blocks.filter { $0.isInUse(at: peak.layer) }
      .sorted { ($1.byteCount, $0.offset) < ($0.byteCount, $1.offset) }
    let names = live.prefix(4).map {
      "\(Self.short($0.name, 40)) \(NumberFormat.bytes($0.byteCount))"
    }
    let rest = live.count > 4 ? " and \(live.count - 4) more" : ""
    return
      "Fullest at layer \(label(peak.layer)): \(names.joined(separator: " + "))\(rest) = \(NumberFormat.bytes(peak.bytes)); the plan takes \(NumberFormat.bytes(report.arenaBytes))."
  }

  private func draw(_ blocks: [ReportDetails.MemoryBlock], in figure: inout Markup) {
    let count = report.layers.count
    // The image is there before the first layer, the result after the last.
    let slots = count + 2
    let total = Double(report.arenaBytes)
    let peak = fullest(blocks).layer
    figure.element("div", ["class": "axes memory"]) { axes in
      axes.element("div", ["class": "plot"]) { plot in
        for place in [0, 0.25, 0.5, 0.75, 1] {
          rule(place, significant(place * total / unit.bytes, 3), in: &plot)
        }
        for block in blocks {
          draw(block, slots: slots, total: total, isPeak: block.isInUse(at: peak), in: &plot)
        }
      }
      numbers(count, offset: 1, slots: slots, in: &axes)
    }
  }

  private func draw(
    _ block: ReportDetails.MemoryBlock,
    slots: Int,
    total: Double,
    isPeak: Bool,
    in plot: inout Markup
  ) {
    let first = min(max(block.firstWriter, -1), slots - 2) + 1
    let last = min(max(block.lastReader, first - 1), slots - 2) + 1
    let (left, width) = (Double(first) / Double(slots), Double(last - first + 1) / Double(slots))
    let (bottom, height) = (Double(block.offset) / total, Double(block.byteCount) / total)
    let from = block.firstWriter < 0 ? "the image" : "layer \(block.firstWriter)"
    let to = block.lastReader >= report.layers.count ? "the end" : "layer \(block.lastReader)"
    plot.element(
      "span",
      [
        "class": isPeak ? "block peak" : "block",
        "title":
          "\(Self.short(block.name)): \(NumberFormat.bytes(block.byteCount)) at \(block.offset), from \(from) to \(to)",
        "style":
          "left:\(NumberFormat.place(left));width:\(NumberFormat.place(width));bottom:\(NumberFormat.place(bottom));height:\(NumberFormat.place(height))",
      ]
    ) { box in
      // A name where there is room for one.
      if width > 0.11, height > 0.07 { box.element("b", Self.short(block.name, 30)) }
    }
  }
}

extension ReportDetails.MemoryBlock {
  /// Whether the memory holds something while operator `layer` runs.
  fileprivate func isInUse(at layer: Int) -> Bool { firstWriter <= layer && layer <= lastReader }
}
