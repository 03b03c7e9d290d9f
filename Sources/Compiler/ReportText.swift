internal import Foundation
internal import TextTables

extension ConversionReport {
  /// Indented JSON with sorted keys, ending in a line feed.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    let data = (try? encoder.encode(self)) ?? Data("{}".utf8)
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  /// Tables of layers and passes and a summary, for a terminal.
  public var text: String {
    var lines = Self.table(layers)
    if !passes.isEmpty {
      lines.append("")
      var table = TextTable(["pass", "applied"], leftAligned: 1)
      for pass in passes { table.add([pass.name, "\(pass.count)"]) }
      lines += table.lines
    }
    lines.append("")
    lines += summary.lines
    for note in notes { lines.append("note: \(note)") }
    return lines.joined(separator: "\n") + "\n"
  }

  static func table(_ layers: [Layer]) -> [String] {
    var table = TextTable(
      ["layer", "operator", "output", "MACs", "weights", "SQNR dB"],
      leftAligned: 2
    )
    for layer in layers {
      table.add([
        layer.name, layer.kind, layer.shape.map { "\($0)" }.joined(separator: "×"),
        layer.multiplyAccumulates == 0 ? "" : abbreviated(layer.multiplyAccumulates),
        layer.weightBytes == 0 ? "" : abbreviated(layer.weightBytes),
        layer.noiseRatio.map { fixed($0, 1) } ?? "",
      ])
    }
    return table.lines
  }

  private var summary: TextTable {
    var table = TextTable(["network", name], leftAligned: 2)
    let source = sourceLayers > 0 ? "\(sourceLayers) in the source, " : ""
    table.add(["layers", "\(source)\(layers.count) in the file"])
    table.add(["work", "\(abbreviated(multiplyAccumulates)) multiply-accumulates"])
    var size = "\(abbreviated(fileBytes))B"
    if sourceBytes > 0, fileBytes > 0 {
      size +=
        " of \(abbreviated(sourceBytes))B float (\(fixed(Double(sourceBytes) / Double(fileBytes), 2))× smaller)"
    }
    table.add(["file", size])
    table.add(["memory", "\(abbreviated(arenaBytes))B"])
    let images = calibrationImages > 0 ? ", \(calibrationImages) images" : ""
    table.add(["ranges", calibration + images])
    if !worstLayers.isEmpty {
      table.add(["most noise", worstLayers.joined(separator: ", ")])
    }
    if let agreeing, calibrationImages > 0 {
      let share = 100 * Double(agreeing) / Double(calibrationImages)
      table.add([
        "agreement",
        "float and int8 name the same class for \(agreeing) of \(calibrationImages) images (\(fixed(share, 1)) %)",
      ])
    }
    return table
  }
}

extension Explanation {
  /// Tables of layers and unsupported nodes and a summary, for a terminal.
  public var text: String {
    guard unsupported.isEmpty else {
      return unsupported.map { "unsupported: \($0)" }.joined(separator: "\n") + "\n"
    }
    var table = TextTable(
      ["work", "\(abbreviated(multiplyAccumulates)) multiply-accumulates"],
      leftAligned: 2
    )
    table.add(["file", "about \(abbreviated(fileBytes))B"])
    table.add(["memory", "\(abbreviated(arenaBytes))B"])
    return (ConversionReport.table(layers) + [""] + table.lines).joined(separator: "\n") + "\n"
  }
}
