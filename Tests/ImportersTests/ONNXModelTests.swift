import Foundation
import GraphIR
import Importers
import Testing

/// Trained models that stand beside the package where they are present.
private let shared = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("shared")

private func present(_ path: String) -> Bool {
  FileManager.default.fileExists(atPath: shared.appendingPathComponent(path).path)
}

private func importShared(_ path: String) throws -> ImportedModel {
  try ModelImporters.importModel(
    ImportRequest(path: shared.appendingPathComponent(path).path)
  )
}

private struct Sample: Decodable {
  let image_index_in_set: Int
  let all_outputs: [Float]
}

private struct Reference: Decodable {
  let samples: [Sample]
}

private struct FixtureReference: Decodable {
  let outputs: [[Float]]
}

private func decode<T: Decodable>(_ type: T.Type, _ path: String) throws -> T {
  try JSONDecoder().decode(T.self, from: Data(contentsOf: shared.appendingPathComponent(path)))
}

/// The eight digits of the fixtures as values from 0 to 1, row by row.
private func digits() throws -> [[Float]] {
  let data = [UInt8](
    try Data(contentsOf: shared.appendingPathComponent("fixtures/mnist_test8.npy"))
  )
  let header = 10 + Int(data[8]) + Int(data[9]) << 8
  return (0..<8).map { image in
    data[(header + image * 784)..<(header + (image + 1) * 784)].map { Float($0) / 255 }
  }
}

private func top(_ values: [Float]) -> Int? {
  values.indices.max { values[$0] < values[$1] }
}

private func expectSame(_ values: [Float], _ reference: [Float], _ what: String) {
  #expect(values.count == reference.count, "\(what)")
  #expect(top(values) == top(reference), "\(what)")
  let error = zip(values, reference).map { abs($0 - $1) }.max() ?? .infinity
  #expect(error < 1e-3, "\(what)")
}

struct ONNXModelTests {
  @Test(
    .enabled(if: present("models/onnx/mnist-chainer")),
    arguments: ["models/onnx/mnist-chainer"]
  )
  func `the Chainer digits classifier computes its reference`(folder: String) throws {
    let model = try importShared("\(folder)/mnist.onnx")
    let images = try digits()
    for sample in try decode(Reference.self, "\(folder)/reference.json").samples {
      let grey = images[sample.image_index_in_set]
      let input = Tensor(shape: [1, 28, 28, 3], values: grey.flatMap { [$0, $0, $0] })
      let output = try FloatEvaluator(model.graph).run([input])[0]
      expectSame(output.values, sample.all_outputs, "image \(sample.image_index_in_set)")
    }
  }

  @Test(
    .enabled(if: present("fixtures/torch/torch140_seq.onnx")),
    arguments: [
      ("fixtures/torch/torch140_seq.onnx", "fixtures/torch/reference_torch140_seq.json"),
      ("fixtures/cntk/cntk_softmax.onnx", "fixtures/cntk/reference.json"),
    ]
  )
  func `small networks of old exporters compute their reference`(
    path: String,
    reference: String
  ) throws {
    let model = try importShared(path)
    let outputs = try decode(FixtureReference.self, reference).outputs
    for (index, image) in try digits().enumerated() {
      let input = Tensor(shape: [1, 28, 28, 1], values: image)
      let output = try FloatEvaluator(model.graph).run([input])[0]
      expectSame(output.values, outputs[index], "\(path) image \(index)")
    }
  }

  @Test(.enabled(if: present("models/derived/resnet20-cifar10-reserialised")))
  func `a residual network with padded shortcuts computes its reference`() throws {
    let folder = "models/derived/resnet20-cifar10-reserialised"
    let model = try importShared("\(folder)/resnet20_cifar10.onnx")
    let set = [UInt8](
      try Data(
        contentsOf: shared.appendingPathComponent("models/images/cifar10/test_open_2000.bin")
      )
    )
    let (mean, std): ([Float], [Float]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    for sample in try decode(Reference.self, "\(folder)/reference.json").samples {
      let start = sample.image_index_in_set * 3073 + 1
      let planes = (0..<3072).map { index in
        let channel = index / 1024
        return (Float(set[start + index]) / 255 - mean[channel]) / std[channel]
      }
      let input = Tensor(shape: [1, 3, 32, 32], values: planes).transposed([0, 2, 3, 1])
      let output = try FloatEvaluator(model.graph).run([input])[0]
      expectSame(output.values, sample.all_outputs, "image \(sample.image_index_in_set)")
    }
  }

  /// The five best scores of ONNX Runtime for the ramp.
  @Test(
    .enabled(if: present("models/derived/mobilenet_v1_0.25_128_float")),
    arguments: [
      (
        "models/derived/mobilenet_v1_0.25_128_float/model.onnx", 128,
        [(859, 8.60017), (905, 8.43077), (490, 7.36333), (600, 7.35708), (808, 6.56556)]
          as [(Int, Float)]
      ),
      (
        "models/derived/mobilenet_v2_1.0_224_float/model.onnx", 224,
        [(905, 8.16789), (620, 5.91914), (557, 5.84068), (829, 5.67108), (600, 5.25256)]
      ),
    ]
  )
  func `MobileNets compute what ONNX Runtime does`(
    path: String,
    size: Int,
    best: [(Int, Float)]
  ) throws {
    let model = try importShared(path)
    let input = Tensor(shape: [1, 3, size, size], values: ONNXFixture.ramp(3 * size * size))
      .transposed([0, 2, 3, 1])
    let output = try FloatEvaluator(model.graph).run([input])[0]
    #expect(output.shape == [1, 1001])
    #expect(top(output.values) == best[0].0)
    for (index, value) in best { #expect(abs(output.values[index] - value) < 1e-3) }
  }

  @Test(
    .enabled(if: present("models/onnx/rfb-320")),
    arguments: [
      ("version-RFB-320", [0.00945, 0.00929, 0.02175, 0.02923, 0.07, 0.38654] as [Float], 0.50011),
      (
        "version-RFB-320_without_postprocessing",
        [0.99165, 0.62233, -4.66444, -3.6855, 0.65446, 0.04881], -0.69378
      ),
    ] as [(String, [Float], Float)]
  )
  func `a detector keeps its outputs`(name: String, boxes: [Float], mean: Float) throws {
    let model = try importShared("models/onnx/rfb-320/\(name).onnx")
    let input = Tensor(shape: [1, 3, 240, 320], values: ONNXFixture.ramp(3 * 240 * 320))
      .transposed([0, 2, 3, 1])
    let outputs = try FloatEvaluator(model.graph).run([input])
    #expect(outputs.map(\.shape) == [[1, 4420, 2], [1, 4420, 4]])
    let scores: [Float] = [0.92975, 0.07025, 0.93908, 0.06092, 0.95339, 0.95569]
    for (index, place) in [0, 1, 2, 3, 1000, 5000].enumerated() {
      #expect(abs(outputs[0].values[place] - scores[index]) < 1e-4)
      #expect(abs(outputs[1].values[place] - boxes[index]) < 1e-3)
    }
    let sum = outputs[1].values.reduce(0.0) { $0 + Double($1) }
    #expect(abs(Float(sum / Double(outputs[1].count)) - mean) < 1e-3)
  }
}
