import Foundation
import GraphIR
import Importers
import Testing

/// Our own MNIST network as TensorFlow 1.15 saved it.
struct TensorFlowFixtureTests {
  private static let shared = TensorFlowReference.shared.appendingPathComponent("fixtures/tf1")

  /// Outputs that TensorFlow computed: `outputs` of a record, or a bare list.
  private func reference(_ name: String) throws -> [[Float]] {
    let data = try Data(contentsOf: TensorFlowReference.fixtures.appendingPathComponent(name))
    struct Record: Decodable { var outputs: [[Float]] }
    if let record = try? JSONDecoder().decode(Record.self, from: data) { return record.outputs }
    return try JSONDecoder().decode([[Float]].self, from: data)
  }

  /// Eight images of 28 × 28 after the header of an npy file.
  private func images() throws -> [[Float]] {
    let url = TensorFlowReference.fixtures.appendingPathComponent("mnist_test8.npy")
    let pixels = [UInt8](try Data(contentsOf: url)).suffix(8 * 784).map { Float($0) / 255 }
    return (0..<8).map { Array(pixels[$0 * 784..<($0 + 1) * 784]) }
  }

  private func check(_ path: String, _ expected: String = "reference.json") throws {
    let model = try ModelImporters.importModel(ImportRequest(path: path))
    let shape = model.graph.shape(of: model.graph.inputs[0])
    #expect(shape == [1, 28, 28, 1])
    let evaluator = FloatEvaluator(model.graph)
    for (image, outputs) in zip(try images(), try reference(expected)) {
      let result = try evaluator.run([Tensor(shape: shape, values: image)])[0].values
      #expect(TensorFlowReference.distance(result, outputs) < 1e-5)
    }
  }

  @Test(arguments: [
    "v2", "v2/checkpoint", "v2/model.ckpt-400", "v2/model.ckpt-400.index",
    "v2/model.ckpt-400.meta", "v2/model.ckpt-400.data-00000-of-00001",
  ])
  func `a V2 checkpoint opens by each of its names`(_ name: String) throws {
    try check(TensorFlowReference.fixtures.appendingPathComponent(name).path)
  }

  @Test
  func `weights stored as 8 bits with a range are widened`() throws {
    let path = TensorFlowReference.fixtures.appendingPathComponent("frozen_quantw.pb").path
    try check(path, "reference_quantw.json")
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: Self.shared.path)),
    arguments: [
      "v1", "v1/model-v1.ckpt", "saved_model", "saved_model/saved_model.pb", "frozen.pb",
      "frozen_infer.pb", "frozen_stripped.pb",
    ]
  )
  func `the same network in every other container`(_ name: String) throws {
    try check(Self.shared.appendingPathComponent(name).path)
  }

  @Test
  func `what was found and dropped is told`() throws {
    let path = TensorFlowReference.fixtures.appendingPathComponent("v2/model.ckpt-400").path
    let model = try ModelImporters.importModel(ImportRequest(path: path))
    #expect(model.format == "TensorFlow checkpoint (V2, 1 shard)")
    #expect(model.notes.first == "placeholder \"is_training\" is false at inference")
    #expect(model.graph.outputs.map { model.graph[$0].name } == ["prob"])
    #expect(model.sourceBytes == 164_568 + 863 + 111_377)
    let kinds = model.graph.nodes.map { $0.operation.definition.mnemonic }
    #expect(
      kinds == [
        "conv", "affine", "clamp", "maxpool", "conv", "affine", "affine", "clamp", "avgpool",
        "reshape", "fc", "affine", "clamp", "fc", "affine", "softmax",
      ]
    )
  }

  // MARK: Files that are missing or damaged

  /// A copy of the V2 checkpoint that a test may damage.
  private func withCopy(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("tensorflow-\(UUID().uuidString)")
    try FileManager.default.copyItem(
      at: TensorFlowReference.fixtures.appendingPathComponent("v2"),
      to: folder
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func message(_ path: String) -> String {
    do {
      _ = try ModelImporters.importModel(ImportRequest(path: path))
      return "no error"
    } catch {
      let folder = String(path[...(path.lastIndex(of: "/") ?? path.startIndex)])
      return "\(error)".replacingOccurrences(of: folder, with: "")
    }
  }

  @Test(arguments: [
    ("model.ckpt-400.meta", "model.ckpt-400.index", "model.ckpt-400.meta is missing beside it"),
    ("model.ckpt-400.index", "model.ckpt-400.meta", "model.ckpt-400.index is missing beside it"),
    (
      "model.ckpt-400.index", "model.ckpt-400.data-00000-of-00001",
      "model.ckpt-400.index is missing beside it"
    ),
    ("model.ckpt-400.index", "checkpoint", "model.ckpt-400.index is missing beside it"),
  ])
  func `a missing companion is named`(
    _ removed: String,
    _ opened: String,
    _ expected: String
  ) throws {
    try withCopy { folder in
      try FileManager.default.removeItem(at: folder.appendingPathComponent(removed))
      let text = message(folder.appendingPathComponent(opened).path)
      #expect(text == "\(opened): \(expected); copy it there")
    }
  }

  @Test
  func `a meta graph elsewhere can be named`() throws {
    try withCopy { folder in
      let meta = folder.appendingPathComponent("elsewhere.graph")
      try FileManager.default.moveItem(
        at: folder.appendingPathComponent("model.ckpt-400.meta"),
        to: meta
      )
      var request = ImportRequest(path: folder.appendingPathComponent("model.ckpt-400").path)
      request.architecture = meta.path
      let model = try ModelImporters.importModel(request)
      #expect(model.graph.outputs.map { model.graph[$0].name } == ["prob"])
    }
  }

  @Test
  func `a missing data file is named`() throws {
    try withCopy { folder in
      let data = "model.ckpt-400.data-00000-of-00001"
      try FileManager.default.removeItem(at: folder.appendingPathComponent(data))
      #expect(
        message(folder.appendingPathComponent("model.ckpt-400").path)
          == "model.ckpt-400: \(data): missing; it holds the values of model.ckpt-400.index"
      )
    }
  }

  @Test(arguments: ["meta", "index", "data-00000-of-00001"])
  func `a damaged or truncated companion never traps`(_ suffix: String) throws {
    try withCopy { folder in
      let file = folder.appendingPathComponent("model.ckpt-400." + suffix)
      let prefix = folder.appendingPathComponent("model.ckpt-400").path
      let original = try Data(contentsOf: file)
      let step = max(7, original.count / 24)
      for place in stride(from: 3, to: original.count, by: step) {
        var damaged = original
        damaged[place] ^= 0x24
        try damaged.write(to: file)
        let flipped = try? ModelImporters.importModel(ImportRequest(path: prefix))
        // Momentum slots and training nodes are never read; the rest of the checkpoint has checksums.
        if suffix == "index" { #expect(flipped == nil || place > original.count - 48) }
        try original.prefix(place).write(to: file)
        if suffix != "data-00000-of-00001" {
          #expect(throws: ImportError.self) {
            try ModelImporters.importModel(ImportRequest(path: prefix))
          }
        }
      }
    }
  }
}
