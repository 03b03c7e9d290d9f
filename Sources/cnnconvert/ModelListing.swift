internal import Compiler
internal import Foundation
internal import ModelFormat
internal import ModelStore

/// A flat file as text.
struct ModelListing {
  let model: ModelFile
  let name: String

  init(_ model: ModelFile, name: String) {
    (self.model, self.name) = (model, name)
  }

  /// Header, provenance, operators, arena map, what quantization cost.
  var text: String {
    [header, provenance, operators, arena, quantization].joined(separator: "\n")
  }

  private var header: String {
    let input = model.input
    let output = model.tensors[model.outputTensor]
    let work = model.operators.reduce(0) { $0 + $1.multiplyAccumulates }
    return """
      \(name): \(model.byteCount) bytes, \(model.operators.count) operators, \(millions(work)) million multiply-accumulates
      input   \(input.height) × \(input.width) × \(input.channels), \(input.resize), \(Int((input.cropFraction * 100).rounded())) % of the image, \(input.filter)
      output  \(shape(output))\(input.outputIsProbability ? ", probabilities" : "")\(model.labelCount > 0 ? ", \(model.labelCount) labels" : "")
      arena   \(model.arenaSize) bytes
      golden  \(model.goldenCount) vectors
      signed  \(signer)
      hash    \(String(format: "%016lx", UInt(model.hash)))

      """
  }

  /// Who signed it, and whether that is true.
  private var signer: String {
    guard let block = model.signature else { return "by nobody" }
    let key = PublicKey(block.publicKey).hexadecimal
    return block.isRight(for: model.bytes) ? "by \(key)" : "wrong: not what \(key) has signed"
  }

  private var provenance: String {
    var lines = "provenance\n"
    for index in 0..<model.metadataCount {
      let entry = model.metadata(at: index)
      lines += "  \(pad(entry.key, 22)) \(entry.value)\n"
    }
    return lines
  }

  private var operators: String {
    var lines =
      "operators\n  \(pad("", 4))\(pad("kind", 22))\(pad("output", 18))\(pad("kernel", 10))"
      + "\(pad("scale", 12))\(pad("zero", 6))\(pad("weights", 10))\(pad("dB", 7))name\n"
    for (index, record) in model.operators.enumerated() {
      let output = model.tensors[record.output]
      let isFloat = output.elementType == .float32
      let noise = record.noiseRatio.isNaN ? "–" : String(format: "%.1f", record.noiseRatio)
      let columns = [
        ("\(index)", 4), ("\(record.kind)", 22), (shape(output), 18),
        ("\(record.kernelHeight)×\(record.kernelWidth)/\(record.strideY)", 10),
        (isFloat ? "float" : String(format: "%.6g", output.scale), 12),
        (isFloat ? "" : "\(output.zeroPoint)", 6), ("\(record.weightsSize)", 10), (noise, 7),
      ]
      lines += "  " + columns.map { pad($0.0, $0.1) }.joined() + model.name(of: record) + "\n"
    }
    return lines
  }

  private var arena: String {
    var lines = "arena\n"
    for (index, tensor) in model.tensors.enumerated() {
      let place =
        tensor.root == index
        ? "\(tensor.arenaOffset) + \(tensor.storageByteCount)"
        : "inside \(model.name(of: model.tensors[tensor.root])) at \(tensor.arenaOffset)"
      lines +=
        "  \(pad(shape(tensor), 18))\(pad("\(tensor.firstWriter)…\(tensor.lastReader)", 10))"
        + "\(pad(place, 24))\(model.name(of: tensor))\n"
    }
    return lines
  }

  /// The essence of the conversion's report.
  private var quantization: String {
    let text = model.report
    guard !text.isEmpty else { return "quantization\n  no report in this file\n" }
    guard let report = ConversionReport(essence: text) else {
      return "quantization\n  the report is not one that this cnnconvert writes\n"
    }
    return "quantization\n" + report.qualityLines.map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined()
  }

  private func shape(_ tensor: TensorRecord) -> String {
    "\(tensor.height)×\(tensor.width)×\(tensor.channels)"
      + (tensor.elementType == .float32 ? " f32" : tensor.elementType == .wide ? " u8.8" : "")
  }

  private func millions(_ count: UInt64) -> String { String(format: "%.1f", Double(count) / 1e6) }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
