internal import Compiler
internal import TextTables

/// The fused graph as a list: lines on the left show who reads what, numbers on the right how good each layer is.
extension ReportPage {
  func network(in page: inout Markup) {
    guard !report.layers.isEmpty else { return }
    let inputs = report.layers.indices.map { index in
      index < details.layers.count ? details.layers[index].inputs : []
    }
    let lanes = Lanes(inputs: inputs)
    let causes = Dictionary(grouping: report.causes, by: \.layer)
    section(
      "The network",
      "Operators of the file in order. Lines: what each reads. dB: signal to noise. A mark ▲ is a layer that stands in the way.",
      in: &page
    ) { section in
      section.element("div", ["class": "net", "role": "table"]) { table in
        table.element("div", ["class": "row head", "role": "row"]) { head in
          head.element("span", ["class": "lanes", "role": "columnheader"], "")
          for (kind, title) in [
            ("name", "operator"), ("shape", "output"), ("number db", "dB"),
            ("number", "clipped"), ("number", "in use"), ("number work", "MAC"),
          ] {
            head.element("span", ["class": kind, "role": "columnheader"], title)
          }
        }
        image(lanes, in: &table)
        for (index, layer) in report.layers.enumerated() {
          row(index, layer, lanes, causes[index] ?? [], in: &table)
        }
      }
    }
  }

  private func image(_ lanes: Lanes, in table: inout Markup) {
    table.element("div", ["class": "row", "role": "row"]) { row in
      draw(lanes.rows[0], lanes.count, in: &row)
      row.element("span", ["class": "name", "role": "cell"]) { name in
        name.element("b", "image")
      }
    }
  }

  private func row(
    _ index: Int,
    _ layer: ConversionReport.Layer,
    _ lanes: Lanes,
    _ causes: [Cause],
    in table: inout Markup
  ) {
    let isBad = causes.contains { $0.kind != .deadChannels }
    table.newLine()
    table.element(
      "div",
      ["class": isBad ? "row bad" : "row", "role": "row", "id": "layer\(index)"]
    ) { row in
      draw(lanes.rows[index + 1], lanes.count, in: &row)
      row.element("span", ["class": "name", "role": "cell", "title": Self.short(layer.name, 200)]) {
        name in
        name.element("b", "\(index)")
        name.write(" \(Self.short(layer.name, 80)) ")
        let more = index < details.layers.count ? details.layers[index] : nil
        name.element("small", "\(Self.words(layer.kind)) \(more?.kernel ?? "")")
        if more?.elementType == "wide" { name.element("small", " 16 bits") }
        if isBad {
          name.element("em", "▲ " + Self.list(causes))
        }
      }
      row.element(
        "span",
        ["class": "shape", "role": "cell"],
        layer.shape.map { "\($0)" }.joined(separator: "×")
      )
      row.element("span", ["class": "number db", "role": "cell"]) { cell in
        if let ratio = layer.noiseRatio {
          cell.box("meter", "width:\(NumberFormat.place(ratio / 60))")
        }
        cell.element("b", NumberFormat.decibels(layer.noiseRatio))
      }
      row.element(
        "span",
        ["class": "number", "role": "cell"],
        layer.saturation.map(NumberFormat.shortPercent) ?? ""
      )
      row.element(
        "span",
        ["class": "number", "role": "cell"],
        layer.rangeUse.map { "\(fixed(100 * $0, 0)) %" } ?? ""
      )
      row.element(
        "span",
        ["class": "number work", "role": "cell"],
        layer.multiplyAccumulates == 0 ? "" : abbreviated(layer.multiplyAccumulates)
      )
    }
  }

  private static func list(_ causes: [Cause]) -> String {
    causes.filter { $0.kind != .deadChannels }.map { title(of: $0.kind).lowercased() }
      .joined(separator: ", ")
  }

  /// `max pool` for `maxPool`.
  private static func words(_ kind: String) -> String {
    if kind == "depthwiseConvolution" { return "depthwise" }
    return kind.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
  }

  /// Lines beside a row; they stretch with it, their width does not.
  private func draw(_ row: Lanes.Row, _ count: Int, in page: inout Markup) {
    let gap = min(14, 120 / Double(count))
    let width = gap * Double(count) + 6
    func x(_ lane: Int) -> Double { gap * (Double(lane) + 0.5) + 3 }
    var path = ""
    func place(_ value: Double) -> String { NumberFormat.position(value) }
    for lane in row.passing { path += "M\(place(x(lane))) 0V20" }
    for lane in row.inputs {
      let (from, to) = (place(x(lane)), place(x(row.lane)))
      path += lane == row.lane ? "M\(from) 0V10" : "M\(from) 0C\(from) 7 \(to) 3 \(to) 10"
    }
    if row.continues { path += "M\(place(x(row.lane))) 10V20" }
    page.element("span", ["class": "lanes", "style": "width:\(place(width))px", "role": "cell"]) {
      cell in
      cell.element(
        "svg",
        [
          "viewBox": "0 0 \(place(width)) 20", "preserveAspectRatio": "none",
          "aria-hidden": "true",
        ]
      ) { svg in
        svg.empty("path", ["class": "wire", "d": path])
        svg.empty("path", ["class": "node", "d": "M\(place(x(row.lane))) 10h0.01"])
      }
    }
  }
}
