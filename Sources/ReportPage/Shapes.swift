/// Shapes of inline SVG; how they look is the style sheet's.
extension Markup {
  /// A rectangle; `fill` names a pattern.
  mutating func rectangle(
    _ kind: String,
    _ x: ClosedRange<Double>,
    _ y: ClosedRange<Double>,
    fill: String? = nil
  ) {
    let (left, top) = (NumberFormat.position(x.lowerBound), NumberFormat.position(y.lowerBound))
    let width = NumberFormat.position(x.upperBound - x.lowerBound)
    let height = NumberFormat.position(y.upperBound - y.lowerBound)
    if let fill {
      empty(
        "rect",
        ["class": kind, "fill": fill, "x": left, "y": top, "width": width, "height": height]
      )
    } else {
      empty("rect", ["class": kind, "x": left, "y": top, "width": width, "height": height])
    }
  }

  /// A straight line.
  mutating func line(_ kind: String, from: (x: Double, y: Double), to: (x: Double, y: Double)) {
    empty(
      "line",
      [
        "class": kind, "x1": NumberFormat.position(from.x), "y1": NumberFormat.position(from.y),
        "x2": NumberFormat.position(to.x), "y2": NumberFormat.position(to.y),
      ]
    )
  }

  /// Text around a point.
  mutating func label(_ text: String, at: (x: Double, y: Double), isStrong: Bool = false) {
    element(
      "text",
      [
        "class": isStrong ? "strong" : "plain", "x": NumberFormat.position(at.x),
        "y": NumberFormat.position(at.y), "text-anchor": "middle",
      ],
      text
    )
  }

  /// Stripes for what is out of order, so that colour is not alone in saying it.
  mutating func hatching(id: String) {
    element("defs") { defs in
      defs.element(
        "pattern",
        [
          "id": id, "width": "4", "height": "4", "patternUnits": "userSpaceOnUse",
          "patternTransform": "rotate(45)",
        ]
      ) { pattern in
        pattern.empty("rect", ["class": "stripe", "width": "4", "height": "4"])
        pattern.empty("rect", ["class": "gap", "width": "1.4", "height": "4"])
      }
    }
  }
}
