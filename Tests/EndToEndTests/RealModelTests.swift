import Foundation
import Importers
import ModelFormat
import Testing

/// Networks that others trained, float against int8 on images that calibration has not seen.
@Suite(.serialized, .enabled(if: SharedModels.isPresent, "needs ../shared"))
struct RealModelTests {
  enum Task: Sendable { case digits, digitsAsRGB, signs, signsAsGray, objects, photos(Int) }

  struct Case: CustomTestStringConvertible, Sendable {
    var path: String
    var task: Task
    var mean: [Float]
    var std: [Float]
    var architecture: String?
    var input: String?
    var outputs: [String] = []
    var leastAgreement = 0.96

    var testDescription: String { path }
  }

  static let unit: (mean: [Float], std: [Float]) = ([0], [255])
  static let signed: (mean: [Float], std: [Float]) = ([127.5], [127.5])
  static let imagenetMean: [Float] = [123.675, 116.28, 103.53]
  static let imagenetStd: [Float] = [58.395, 57.12, 57.375]
  /// The mean of CIFAR-10's training images a channel; its models here subtract a mean image, which differs little.
  static let cifarMean: [Float] = [125.3, 122.95, 113.87]

  static func digits(
    _ path: String,
    _ scale: (mean: [Float], std: [Float]),
    architecture: String? = nil,
    task: Task = .digits
  ) -> Case {
    Case(path: path, task: task, mean: scale.mean, std: scale.std, architecture: architecture)
  }

  static func resnet(_ path: String) -> Case {
    Case(path: path, task: .objects, mean: imagenetMean, std: imagenetStd)
  }

  static let twin = "derived/resnet20-cifar10-reserialised/"

  static let cases = [
    digits("pytorch/codait-mnist/mnist-classifier.pt", signed),
    digits("pytorch/lenet-module-pickle/lenet.pkl", unit),
    digits("pytorch/lightning-mnist-mlp/model.ckpt", unit),
    digits("pytorch/mnist-scripted/mnist_cnn_scripted.pt", signed),
    digits(
      "safetensors/mnist-tinygrad/model.safetensors",
      unit,
      architecture: "mnist-tinygrad.txt"
    ),
    digits("onnx/mnist-chainer/mnist.onnx", unit, task: .digitsAsRGB),
    Case(
      path: "pytorch/cifar-net-3conv/cifar_net.pth",
      task: .objects,
      mean: signed.mean,
      std: signed.std
    ),
    resnet("pytorch/cifar-resnet20/resnet20-12fca82f.th"),
    resnet(twin + "tf1_ckpt_v1"), resnet(twin + "tf1_ckpt_v2"), resnet(twin + "saved_model"),
    resnet(twin + "resnet20_frozen.pb"), resnet(twin + "resnet20_cifar10.onnx"),
    resnet(twin + "resnet20_cifar10_traced.pt"),
    Case(path: "tensorflow/cifar10-dlnd", task: .objects, mean: [0], std: [255]),
    Case(
      path: "tensorflow/cifar10-1conv-frozen/frozen_model.pb",
      task: .objects,
      mean: cifarMean,
      std: [1]
    ),
    Case(
      path: "tensorflow/cifar10-1conv-savedmodel/cifar_saved_model",
      task: .objects,
      mean: cifarMean,
      std: [1]
    ),
    Case(path: "tensorflow/gtsrb-lenet-v1", task: .signs, mean: [0], std: [1]),
    Case(
      path: "tensorflow/gtsrb-lenet-multiscale",
      task: .signsAsGray,
      mean: [128],
      std: [128]
    ),
    Case(
      path: "derived/mobilenet_v1_0.25_128_float/model.onnx",
      task: .photos(128),
      mean: [128],
      std: [128],
      leastAgreement: 0.85
    ),
    Case(
      path: "derived/mobilenet_v2_1.0_224_float/model.onnx",
      task: .photos(224),
      mean: [128],
      std: [128]
    ),
  ]

  /// Images of a task; small ones are quick enough for a thousand.
  static func images(_ task: Task) throws -> ImageSet {
    switch task {
    case .digits: return try ImageSet.mnist().prefix(calibration: 200, test: 1000)
    case .digitsAsRGB:
      return try ImageSet.mnist().prefix(calibration: 200, test: 1000).map { gray in
        gray.flatMap { value -> [UInt8] in [value, value, value] }
      }
    case .signs: return try ImageSet.gtsrb().prefix(calibration: 400, test: 1500)
    case .signsAsGray:
      return try ImageSet.gtsrb().prefix(calibration: 400, test: 1500).map(meanOfChannels)
    case .objects: return try ImageSet.cifar().prefix(calibration: 200, test: 1000)
    case .photos(let size):
      var contract = InputContract()
      (contract.height, contract.width) = (size, size)
      contract.cropFraction = 0.875
      contract.resize = .crop
      contract.filter = .bilinear
      return try ImageSet.imagenet(contract)
    }
  }

  /// (R + G + B) ÷ 3, which is not luma.
  static func meanOfChannels(_ rgb: [UInt8]) -> [UInt8] {
    stride(from: 0, to: rgb.count, by: 3).map { start -> UInt8 in
      UInt8(rgb[start..<start + 3].reduce(0) { $0 + Int($1) } / 3)
    }
  }

  @Test(arguments: cases)
  func `int8 names the class that float names`(_ model: Case) throws {
    var request = ImportRequest(path: SharedModels.path(model.path))
    request.input = model.input
    request.outputs = model.outputs
    request.architecture = model.architecture.map {
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/pytorch/\($0)").path
    }
    if case .signsAsGray = model.task { request.inputSize = (32, 32) }
    let images = try Self.images(model.task)
    let conversion = try Conversion(
      request,
      mean: model.mean,
      std: model.std,
      calibration: images.calibration
    )
    let agreement = try conversion.agreement(over: images.test)
    print("\(model.path): float and int8 agree on \(agreement * 100) % of \(images.test.count)")
    #expect(agreement >= model.leastAgreement)
  }
}
