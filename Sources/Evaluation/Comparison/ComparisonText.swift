internal import Foundation
internal import TextTables

extension ModelComparisonResult {
  /// What was found, for people: a table, and a sentence.
  public var text: String {
    var table = TextTable(
      ["layer", "shape", "dB", "largest", "mean", "saturated"],
      leftAligned: 2
    )
    var allRemarks = [""]
    for layer in [input] + layers {
      var remarks: [String] = []
      if let partner = layer.partner { remarks.append("~ \(partner)") }
      if layer.isScaled { remarks.append("channels scaled") }
      if let parting, parting.layer == (layer.name == input.name ? nil : layer.name) {
        remarks.append("← they part")
      }
      table.add([
        layer.name, layer.shape.map { "\($0)" }.joined(separator: "×"),
        layer.ratio >= LayerDifference.highestRatio ? "equal" : fixed(layer.ratio, 1),
        short(layer.largest), short(layer.mean), percent(layer.saturation),
      ])
      allRemarks.append(remarks.isEmpty ? "" : "  " + remarks.joined(separator: ", "))
    }
    var lines = zip(table.lines, allRemarks).map { $0 + $1 }
    if layers.contains(where: { $0.partner != nil }) {
      lines.append("~ another name: matched by order, kind and shape")
    }
    if unmatched > 0 {
      lines.append("\(unmatched) more layers of the second model have no partner in the first")
    }
    lines.append("")
    lines.append(
      "same class for \(agreeing) of \(images) images; \(parting?.text ?? "no layer parts")"
    )
    return lines.joined(separator: "\n")
  }

  /// What was found in one line of JSON; ratios in dB, null where there is no difference at all.
  public var line: String {
    var object = Report(images: images, agreeing: agreeing, unmatched: unmatched)
    object.input = Report.Layer(input)
    object.layers = layers.map(Report.Layer.init)
    object.parting = parting.map {
      Report.Parting(layer: $0.layer, cause: $0.cause.rawValue, text: $0.text)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  private struct Report: Encodable {
    struct Layer: Encodable {
      var name: String
      var partner: String?
      var shape: [Int]
      var ratio: Double?
      var scaled: Bool
      var largest: Double
      var mean: Double
      var saturation: Double
      var recorded: Double?

      init(_ layer: ModelComparisonResult.Layer) {
        name = layer.name
        partner = layer.partner
        shape = layer.shape
        ratio = layer.ratio < LayerDifference.highestRatio ? layer.ratio : nil
        scaled = layer.isScaled
        (largest, mean, saturation) = (layer.largest, layer.mean, layer.saturation)
        recorded = layer.recordedRatio
      }
    }

    struct Parting: Encodable {
      var layer: String?
      var cause: String
      var text: String
    }

    var images: Int
    var agreeing: Int
    var unmatched: Int
    var input: Layer?
    var layers: [Layer] = []
    var parting: Parting?
  }

  private func short(_ value: Double) -> String { String(format: "%.3g", value) }
}
