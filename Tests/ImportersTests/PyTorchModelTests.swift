import Foundation
import GraphIR
import Importers
import Testing

/// Trained models made by others, against the outputs that PyTorch gave for them.
@Suite(.enabled(if: PyTorchFiles.hasShared, "needs ../shared"))
struct PyTorchModelTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var file: String
    var reference: String
    /// Scale and offset of a digit's pixels, or nil for CIFAR-10 with mean and std.
    var digit: (scale: Float, offset: Float)?
    var mean: [Float] = [0.485, 0.456, 0.406]
    var std: [Float] = [0.229, 0.224, 0.225]
    var format: String
    var architecture: String?

    var testDescription: String { file }
  }

  static let unit: (scale: Float, offset: Float) = (1 / 255, 0)
  static let signed: (scale: Float, offset: Float) = (2 / 255, -1)
  static let twin = "models/derived/resnet20-cifar10-reserialised/"

  static let cases = [
    Case(
      file: "models/pytorch/cifar-resnet20/resnet20-12fca82f.th",
      reference: "models/pytorch/cifar-resnet20/reference.json",
      format: "PyTorch checkpoint (legacy format), CIFAR ResNet-20"
    ),
    Case(
      file: twin + "resnet20_state_dict_zip.pth",
      reference: twin + "reference.json",
      format: "PyTorch checkpoint (zip format), CIFAR ResNet-20"
    ),
    Case(
      file: twin + "resnet20_cifar10.safetensors",
      reference: twin + "reference.json",
      format: "safetensors file, CIFAR ResNet-20"
    ),
    Case(
      file: twin + "resnet20_cifar10_traced.pt",
      reference: twin + "reference.json",
      format: "TorchScript program"
    ),
    Case(
      file: "models/pytorch/cifar-net-3conv/cifar_net.pth",
      reference: "models/pytorch/cifar-net-3conv/reference.json",
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      format: "PyTorch checkpoint (zip format), a chain of 6 layers"
    ),
    Case(
      file: "models/pytorch/codait-mnist/mnist-classifier.pt",
      reference: "models/pytorch/codait-mnist/reference.json",
      digit: signed,
      format: "PyTorch checkpoint (legacy format), a chain of 4 layers"
    ),
    Case(
      file: "models/pytorch/lenet-module-pickle/lenet.pkl",
      reference: "models/pytorch/lenet-module-pickle/reference.json",
      digit: unit,
      format: "pickled PyTorch module LeNet5.LeNet (legacy format)"
    ),
    Case(
      file: "models/pytorch/lightning-mnist-mlp/model.ckpt",
      reference: "models/pytorch/lightning-mnist-mlp/reference.json",
      digit: unit,
      format: "PyTorch Lightning checkpoint (zip format), a chain of 3 layers"
    ),
    Case(
      file: "models/pytorch/lightning-mnist-mlp/lightning.pt",
      reference: "models/pytorch/lightning-mnist-mlp/reference.json",
      digit: unit,
      format: "PyTorch checkpoint (zip format), a chain of 3 layers"
    ),
    Case(
      file: "models/pytorch/mnist-scripted/mnist_cnn_scripted.pt",
      reference: "models/pytorch/mnist-scripted/reference.json",
      digit: signed,
      format: "TorchScript program"
    ),
    Case(
      file: "models/safetensors/mnist-tinygrad/model.safetensors",
      reference: "models/safetensors/mnist-tinygrad/reference.json",
      digit: unit,
      format: "safetensors file, network of mnist-tinygrad.txt",
      architecture: "mnist-tinygrad.txt"
    ),
  ]

  @Test(arguments: cases)
  func `a trained model gives the outputs that PyTorch recorded`(_ model: Case) throws {
    var request = ImportRequest(path: PyTorchFiles.shared(model.file))
    request.architecture = model.architecture.map(PyTorchFiles.fixture)
    let imported = try ModelImporters.importModel(request)
    #expect(imported.format == model.format)
    let evaluator = FloatEvaluator(imported.graph)
    let references = try PyTorchFiles.reference(PyTorchFiles.shared(model.reference))
    #expect(references.count == 3)
    for (image, expected) in references {
      let input =
        if let digit = model.digit {
          try PyTorchFiles.digit(image, scale: digit.scale, offset: digit.offset)
        } else {
          try PyTorchFiles.picture(image, mean: model.mean, std: model.std)
        }
      let outputs = try evaluator.run([input])[0].values
      #expect(topClass(outputs) == topClass(expected))
      #expect(largestDifference(outputs, expected) < 1e-3)
    }
  }

  @Test(
    arguments: [
      ("torch140_net_statedict.pth", "net.txt", "reference_torch140_net.json"),
      ("torch140_net_checkpoint.pth.tar", "net.txt", "reference_torch140_net.json"),
      ("torch140_seq_statedict.pth", "seq.txt", "reference_torch140_seq.json"),
      ("torch140_seq_statedict.pth", "torch140_seq.onnx", "reference_torch140_seq.json"),
      ("torchnew_net_statedict.pth", "net.txt", "reference_torchnew_net.json"),
      ("torchnew_net_statedict_legacy.pth", "net.txt", "reference_torchnew_net.json"),
      ("torchnew_net_checkpoint.pth.tar", "net.txt", "reference_torchnew_net.json"),
      ("torchnew_net_module.pt", "net.txt", "reference_torchnew_net.json"),
      ("torchnew_seq_statedict.pth", "torch140_seq.onnx", "reference_torchnew_seq.json"),
    ]
  )
  func `parameters fill a network that the user names`(
    file: String,
    architecture: String,
    reference: String
  ) throws {
    var request = ImportRequest(path: PyTorchFiles.shared("fixtures/torch/" + file))
    request.architecture =
      architecture.hasSuffix(".onnx")
      ? PyTorchFiles.shared("fixtures/torch/" + architecture) : PyTorchFiles.fixture(architecture)
    let evaluator = FloatEvaluator(try ModelImporters.importModel(request).graph)
    let expected = try PyTorchFiles.outputs(PyTorchFiles.shared("fixtures/torch/" + reference))
    #expect(expected.count == 8)
    for (image, expected) in expected.enumerated() {
      let outputs = try evaluator.run([PyTorchFiles.digit(image, scale: 1 / 255, offset: 0)])[0]
      #expect(largestDifference(outputs.values, expected) < 1e-5)
    }
  }

  @Test(
    arguments: [
      ("torch140_net_module.pt", "reference_torch140_net.json"),
      ("torch140_seq_module.pt", "reference_torch140_seq.json"),
      ("torch140_seq_torchscript.pt", "reference_torch140_seq.json"),
      ("torchnew_seq_module.pt", "reference_torchnew_seq.json"),
      ("torchnew_seq_module_legacy.pt", "reference_torchnew_seq.json"),
      ("torchnew_seq_torchscript.pt", "reference_torchnew_seq.json"),
    ]
  )
  func `every serialization of a module gives its recorded outputs`(
    file: String,
    reference: String
  ) throws {
    let request = ImportRequest(path: PyTorchFiles.shared("fixtures/torch/" + file))
    let evaluator = FloatEvaluator(try ModelImporters.importModel(request).graph)
    let expected = try PyTorchFiles.outputs(PyTorchFiles.shared("fixtures/torch/" + reference))
    #expect(expected.count == 8)
    for (image, expected) in expected.enumerated() {
      let outputs = try evaluator.run([PyTorchFiles.digit(image, scale: 1 / 255, offset: 0)])[0]
      #expect(largestDifference(outputs.values, expected) < 1e-5)
    }
  }
}
