import Foundation
import GraphIR
import Importers
import Testing

/// Trained models made by others, against the outputs that TensorFlow recorded.
@Suite(.enabled(if: TensorFlowReference.isPresent))
struct TensorFlowModelTests {
  private func run(
    _ path: String,
    _ reference: String,
    isProbability: Bool = false,
    image: (Int) throws -> [Float]
  ) throws {
    let file = TensorFlowReference.models.appendingPathComponent(path).path
    let model = try ModelImporters.importModel(ImportRequest(path: file))
    let evaluator = FloatEvaluator(model.graph)
    let shape = model.graph.shape(of: model.graph.inputs[0])
    for sample in try TensorFlowReference.samples(reference) {
      let input = Tensor(shape: shape, values: try image(sample.image))
      let output = try evaluator.run([input])[0].values
      let expected =
        isProbability ? TensorFlowReference.softmax(sample.outputs) : sample.outputs
      #expect(TensorFlowReference.distance(output, expected) < 1e-3, "image \(sample.image)")
      #expect(TensorFlowReference.top(output) == TensorFlowReference.top(expected))
    }
  }

  @Test(arguments: [
    "", "/image_classification", "/image_classification.index", "/image_classification.meta",
    "/image_classification.data-00000-of-00001", "/checkpoint",
  ])
  func `a V2 checkpoint with a second unused tower and dropout`(_ suffix: String) throws {
    let folder = "tensorflow/cifar10-dlnd"
    try run(folder + suffix, folder + "/reference.json") {
      try TensorFlowReference.cifar($0).map { $0 / 255 }
    }
  }

  @Test
  func `a V2 checkpoint of 2016 with two branches and dropout`() throws {
    let folder = "tensorflow/gtsrb-lenet-multiscale"
    try run(folder, folder + "/reference.json") { index in
      let pixels = try TensorFlowReference.gtsrb(index)
      return (0..<1024).map { pixel in
        (pixels[3 * pixel..<3 * pixel + 3].reduce(0, +) / 3 - 128) / 128
      }
    }
  }

  @Test(arguments: ["/lenet", "/lenet.meta", ""])
  func `a V1 checkpoint`(_ suffix: String) throws {
    let folder = "tensorflow/gtsrb-lenet-v1"
    try run(folder + suffix, folder + "/reference.json") { try TensorFlowReference.gtsrb($0) }
  }

  @Test(arguments: [
    ("tf1_ckpt_v1/model.ckpt", true), ("tf1_ckpt_v2", true), ("resnet20_frozen.pb", true),
    // Its signature names the logits.
    ("saved_model", false),
  ])
  func `a residual network in every container`(_ name: String, _ isProbability: Bool) throws {
    let folder = "derived/resnet20-cifar10-reserialised/"
    let mean: [Float] = [0.485, 0.456, 0.406]
    let deviation: [Float] = [0.229, 0.224, 0.225]
    try run(folder + name, folder + "reference.json", isProbability: isProbability) { index in
      try TensorFlowReference.cifar(index).enumerated().map {
        ($1 / 255 - mean[$0 % 3]) / deviation[$0 % 3]
      }
    }
  }

  /// The training mean image that these two subtract is in no file; the mean of other training images stands in for it.
  @Test(arguments: [
    ("cifar10-1conv-frozen", "/frozen_model.pb"),
    ("cifar10-1conv-savedmodel", "/cifar_saved_model"),
  ])
  func `one convolution over images less their mean`(_ folder: String, _ file: String) throws {
    var mean = [Float](repeating: 0, count: 3072)
    for index in 0..<1500 {
      let image = try TensorFlowReference.cifar(index, file: "calib_train_1500.bin")
      for place in mean.indices { mean[place] += image[place] / 1500 }
    }
    let path = TensorFlowReference.models.appendingPathComponent("tensorflow/\(folder)\(file)").path
    let model = try ModelImporters.importModel(ImportRequest(path: path))
    let evaluator = FloatEvaluator(model.graph)
    for sample in try TensorFlowReference.samples("tensorflow/\(folder)/reference.json") {
      let pixels = zip(try TensorFlowReference.cifar(sample.image), mean).map { $0 - $1 }
      let output = try evaluator.run([Tensor(shape: [1, 32, 32, 3], values: pixels)])[0].values
      #expect(TensorFlowReference.distance(output, sample.outputs) < 0.2)
    }
  }
}
