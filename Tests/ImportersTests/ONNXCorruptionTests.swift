import Foundation
import GraphIR
import Importers
import Testing

/// Damaged files either import and run, or end in one line that names the file.
struct ONNXCorruptionTests {
  private func check(_ bytes: [UInt8], as url: URL, outputs: [String]) throws {
    try Data(bytes).write(to: url)
    var request = ImportRequest(path: url.path)
    request.outputs = outputs
    do throws(ImportError) {
      let model = try ModelImporters.importModel(request)
      let counts = model.graph.values.map { $0.shape.reduce(1, *) }
      // Damage can make a network large; it need not run here then.
      guard counts.allSatisfy({ $0 < 1 << 14 }), model.graph.inputs.count == 1 else { return }
      let shape = model.graph.shape(of: model.graph.inputs[0])
      let results = try? FloatEvaluator(model.graph).run([Tensor(shape: shape, repeating: 0.5)])
      #expect(results?.count == model.graph.outputs.count)
    } catch {
      let text = error.description
      #expect(text.hasPrefix(url.path) && !text.contains("\n"), "\(text)")
    }
  }

  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("onnx-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("model.onnx"))
  }

  static let small = ["batch_8_13", "external_13", "move_18", "pool_11", "resize_9", "softmax_9"]
  /// Larger ones, of which one byte in three is flipped.
  static let large = ["channels_last_13", "fold_17", "functions_20", "squeeze_excite_13"]

  @Test(arguments: small)
  func `a truncated file is refused or still whole`(name: String) throws {
    let fixture = try ONNXFixture.named(name)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture.path)))
    try inFolder { url in
      for count in 0..<bytes.count {
        try check(Array(bytes[..<count]), as: url, outputs: fixture.outputs.map(\.name))
      }
    }
  }

  @Test(arguments: small + large)
  func `a flipped byte is refused or harmless`(name: String) throws {
    let fixture = try ONNXFixture.named(name)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture.path)))
    try inFolder { url in
      for index in stride(from: 0, to: bytes.count, by: Self.large.contains(name) ? 3 : 1) {
        var damaged = bytes
        // Every bit in turn, and all of them.
        damaged[index] ^= index % 9 == 8 ? 0xff : 1 << UInt8(index % 9)
        try check(damaged, as: url, outputs: fixture.outputs.map(\.name))
      }
    }
  }

  @Test func `a file cut in half says so`() throws {
    let fixture = try ONNXFixture.named("conv_11")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture.path)))
    try inFolder { url in
      try Data(bytes[..<(bytes.count / 2)]).write(to: url)
      #expect(
        throws: ImportError.malformed(
          path: url.path,
          place: "",
          problem: "the ONNX records end too early; is the file complete?"
        )
      ) { try ModelImporters.importModel(ImportRequest(path: url.path)) }
    }
  }
}
