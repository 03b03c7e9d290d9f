import Foundation
import GraphIR
import Importers
import ModelFormat
import Testing

/// The importer over the fixtures, and what it says of files that it cannot convert.
struct PyTorchImporterTests {
  /// A file that is gone after the test.
  static func withFile<T>(_ bytes: [UInt8], _ body: (String) throws -> T) throws -> T {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }

  /// The error's text, with NAME for the path.
  static func message(
    _ bytes: [UInt8],
    architecture: String? = nil,
    size: Int? = nil
  ) throws -> String {
    try withFile(bytes) { path in
      var request = ImportRequest(path: path)
      request.architecture = architecture
      request.inputSize = size.map { ($0, $0) }
      do throws(ImportError) {
        _ = try ModelImporters.importModel(request)
        return "converted"
      } catch {
        return error.description.replacingOccurrences(of: path, with: "NAME")
      }
    }
  }

  @Test(
    arguments: [
      ("torch140_net_statedict_zip.pth", "net.txt", "reference_torch140_net.json"),
      ("torch140_net_module.pt", nil, "reference_torch140_net.json"),
      ("torchnew_seq_module.pt", nil, "reference_torchnew_seq.json"),
      ("torchnew_seq_torchscript.pt", nil, "reference_torchnew_seq.json"),
    ] as [(String, String?, String)]
  )
  func `a fixture gives its recorded outputs`(
    file: String,
    architecture: String?,
    reference: String
  ) throws {
    var request = ImportRequest(path: PyTorchFiles.fixture(file))
    request.architecture = architecture.map(PyTorchFiles.fixture)
    let evaluator = FloatEvaluator(try ModelImporters.importModel(request).graph)
    let expected = try PyTorchFiles.outputs(PyTorchFiles.fixture(reference))
    #expect(expected.count == 8)
    for (image, expected) in expected.enumerated() {
      let outputs = try evaluator.run([PyTorchFiles.digit(image, scale: 1 / 255, offset: 0)])[0]
      #expect(largestDifference(outputs.values, expected) < 1e-5)
    }
  }

  @Test func `the bundled example brings preprocessing and labels`() throws {
    let path = PyTorchFiles.package.appendingPathComponent("Tools/example/signs/signs.ckpt").path
    let model = try ModelImporters.importModel(ImportRequest(path: path))
    #expect(model.format == "PyTorch Lightning checkpoint (zip format), MobileNetV2")
    #expect(
      model.preprocessing
        == Preprocessing(
          mean: [123.675, 116.28, 103.53],
          std: [58.395, 57.12, 57.375],
          color: .rgb
        )
    )
    #expect(model.labels?.count == 12)
    #expect(model.labels?.first == "stop")
    #expect(model.notes == ["parameters are those under \"state_dict\""])
    // A pattern, and the logits that PyTorch gave for it.
    var values: [Float] = []
    for y in 0..<96 {
      for x in 0..<96 {
        for c in 0..<3 {
          let pixel = Float((x * 7 + y * 13 + c * 31) % 256)
          values.append((pixel - [123.675, 116.28, 103.53][c]) / [58.395, 57.12, 57.375][c])
        }
      }
    }
    let expected: [Float] = [
      -0.27916265, -0.40670288, -0.34632522, -0.4367743, -0.4100743, -0.27380604, -0.3726946,
      -0.3778192, -0.43770084, -0.4660915, -0.5943643, 4.2213197,
    ]
    let output = try FloatEvaluator(model.graph).run([
      Tensor(shape: [1, 96, 96, 3], values: values)
    ])
    #expect(largestDifference(output[0].values, expected) < 1e-4)
  }

  @Test func `a chain is converted with its assumptions told`() throws {
    let path = PyTorchFiles.fixture("torch140_net_statedict_zip.pth")
    let model = try ModelImporters.importModel(ImportRequest(path: path))
    #expect(model.graph.shape(of: model.graph.inputs[0]) == [1, 28, 28, 1])
    #expect(
      model.notes == [
        "the file holds no network; assumed ReLU between layers, max pooling 2 × 2 after conv1, "
          + "conv2; use --architecture where that is wrong"
      ]
    )
  }

  @Test func `a network that does not fit is told with all names`() throws {
    let text = """
      input image 1x28x28
      conv1 = conv(image, out=8, kernel=5)
      head = linear(conv1, out=10)
      """
    let message = try Self.withFile(Array(text.utf8)) { architecture in
      try Self.message(
        [UInt8](
          try Data(
            contentsOf: URL(
              fileURLWithPath: PyTorchFiles.fixture("torch140_net_statedict_zip.pth")
            )
          )
        ),
        architecture: architecture
      )
    }
    #expect(
      message
        == "NAME: parameters do not fit the network: missing \"head.weight\"; unexpected "
        + "\"bn.bias\", \"bn.running_mean\", \"bn.running_var\", \"bn.weight\", \"conv2.bias\", "
        + "\"conv2.weight\", \"fc1.bias\", \"fc1.weight\", \"fc2.bias\", \"fc2.weight\""
    )
  }

  @Test func `parameters of an unknown network ask for it`() throws {
    var state = SyntheticState()
    state.add("rnn.weight_ih", [8, 4])
    state.add("rnn.bias", [8])
    #expect(
      try Self.message(state.safetensors)
        == "NAME: holds parameters but no network, found safetensors file, 2 parameters: "
        + "rnn.weight_ih [8, 4], rnn.bias [8]; name the network with --architecture FILE"
    )
  }

  @Test func `weights that are not finite are refused`() throws {
    var state = SyntheticState()
    state.add("fc1.weight", [4, 64])
    state.add("fc2.weight", [2, 4])
    var bytes = state.safetensors(type: "F32", byteCount: 4)
    bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
    #expect(
      try Self.message(bytes)
        == "NAME: parameter \"fc2.weight\": value 7 is nan, expected finite numbers; was the "
        + "training stable?"
    )
  }

  @Test(
    arguments: [
      (
        Array("\u{80}\u{2}".unicodeScalars.map { UInt8($0.value) })
          + Array("cposix\nsystem\nX\u{2}\0\0\0id\u{1}".utf8),
        "NAME: pickle byte 2: names \"posix.system\", which no model needs and which can run code; "
          + "refused, do not load this file in Python"
      ),
      (
        [0x80, 2, 0x7D, 0x2E],
        "NAME: pickle: holds a dict without parameters, expected a state_dict or a module"
      ),
      ([0x80, 2, 0x7D], "NAME: pickle byte 3: ends here, expected more; is the file complete?"),
      ([0x1F, 0x8B, 8, 0], "NAME: gzip archive: unpack it first (tar -xzf, gunzip)"),
    ] as [([UInt8], String)]
  )
  func `a file that is no model is refused in one line`(bytes: [UInt8], message: String) throws {
    #expect(try Self.message(bytes) == message)
  }

  @Test func `a damaged checkpoint is refused or converted`() throws {
    let path = PyTorchFiles.fixture("torch140_net_statedict_zip.pth")
    let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    var messages: Set<String> = []
    let places =
      Array(stride(from: 0, to: 1500, by: 17))
      + stride(
        from: 1500,
        to: file.count,
        by: 4999
      )
    for index in places {
      var damaged = file
      damaged[index] ^= 0xFF
      messages.insert(try Self.message(damaged))
    }
    #expect(messages.contains("converted"))
    #expect(messages.count > 3)
    #expect(messages.allSatisfy { !$0.contains("\n") })
  }

  /// Parameters as PyTorch counts them, and multiply-accumulates of a 224 × 224 image.
  @Test(
    arguments: [
      (SyntheticState.resNet18, "safetensors file, ResNet-18", 11_689_512, 1_814_073_344),
      (SyntheticState.mobileNetV2, "safetensors file, MobileNetV2", 3_504_872, 300_774_272),
      (SyntheticState.squeezeNet11, "safetensors file, SqueezeNet 1.1", 1_235_496, 349_151_936),
    ]
  )
  func `an architecture has its known parameters and work`(
    state: SyntheticState,
    format: String,
    parameters: Int,
    work: Int
  ) throws {
    #expect(state.parameterCount == parameters)
    let model = try Self.withFile(state.safetensors) { path in
      try ModelImporters.importModel(ImportRequest(path: path))
    }
    #expect(model.format == format)
    #expect(model.graph.shape(of: model.graph.outputs[0]) == [1, 1000])
    #expect(
      model.preprocessing
        == Preprocessing(
          mean: [123.675, 116.28, 103.53],
          std: [58.395, 57.12, 57.375],
          color: .rgb
        )
    )
    #expect(model.contract?.resize == .crop)
    #expect(model.contract?.cropFraction == 0.875)
    let counted = model.graph.nodes.reduce(0) { sum, node in
      sum
        + node.operation.definition.multiplyAccumulates(
          outputShape: model.graph.shape(of: node.output)
        )
    }
    #expect(counted == work)
  }
}
