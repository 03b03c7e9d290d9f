internal import Foundation
internal import TextTables

extension ConversionReport {
  /// Indented JSON with sorted keys, ending in a line feed.
  public var json: String { encoded(.prettyPrinted) + "\n" }

  /// What the flat file holds: the essence as JSON on one line, the same for the same conversion on any machine.
  public var essence: String {
    var essence = self
    essence.details = nil
    return essence.encoded([])
  }

  /// The report that `essence` gave a flat file; nil for any other text.
  public init?(essence: String) {
    guard let report = try? JSONDecoder().decode(Self.self, from: Data(essence.utf8)) else {
      return nil
    }
    self = report
  }

  private func encoded(_ formatting: JSONEncoder.OutputFormatting) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    let data = (try? encoder.encode(self)) ?? Data("{}".utf8)
    return String(decoding: data, as: UTF8.self)
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
    lines += causeLines(limit: 3)
    return lines.joined(separator: "\n") + "\n"
  }

  static func table(_ layers: [Layer]) -> [String] {
    var table = TextTable(
      ["layer", "operator", "output", "MACs", "weights", "SQNR dB"],
      leftAligned: 2
    )
    for layer in layers {
      table.add([
        layer.name, layer.kind,
        layer.shape.map { "\($0)" }.joined(separator: "×") + (layer.bits == 16 ? " u8.8" : ""),
        layer.multiplyAccumulates == 0 ? "" : abbreviated(layer.multiplyAccumulates),
        layer.weightBytes == 0 ? "" : abbreviated(layer.weightBytes),
        layer.noiseRatio.map { fixed($0, 1) } ?? "",
      ])
    }
    return table.lines
  }

  /// How good the conversion is, layer by layer, and why: what `cnnconvert inspect` shows.
  public var qualityLines: [String] {
    var facts = TextTable(["ranges", rangeSource], leftAligned: 2)
    if let agreement { facts.add(["agreement", agreement]) }
    var table = TextTable(
      ["layer", "SQNR dB", "range dB", "weights dB", "clipped %", "in use %", "widest channel"],
      leftAligned: 1
    )
    for layer in layers {
      table.add([
        layer.name, layer.noiseRatio.map { fixed($0, 1) } ?? "",
        layer.rangeNoiseRatio.map { fixed($0, 1) } ?? "",
        layer.weightNoiseRatio.map { fixed($0, 1) } ?? "",
        layer.saturation.map { significant(100 * $0, 2) } ?? "",
        layer.rangeUse.map { fixed(100 * $0, 0) } ?? "",
        layer.channelRatio.map { "\(significant($0, 2))×" } ?? "",
      ])
    }
    let causes = causeLines()
    return facts.lines + [""] + table.lines + (causes.isEmpty ? [] : [""] + causes)
  }

  private var rangeSource: String {
    calibration + (calibrationImages > 0 ? ", \(calibrationImages) images" : "")
  }

  private var agreement: String? {
    guard let agreeing, calibrationImages > 0 else { return nil }
    let share = 100 * Double(agreeing) / Double(calibrationImages)
    let interval = WilsonInterval(agreeing, of: calibrationImages)
    return
      "float and int8 name the same class for \(agreeing) of \(calibrationImages) images (\(fixed(share, 1)) %, 95 % interval \(fixed(100 * interval.low, 1)) … \(fixed(100 * interval.high, 1)))"
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
    table.add(["ranges", rangeSource])
    if !worstLayers.isEmpty {
      table.add(["most noise", worstLayers.joined(separator: ", ")])
    }
    if let agreement { table.add(["agreement", agreement]) }
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
