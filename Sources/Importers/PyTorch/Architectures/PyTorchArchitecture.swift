internal import GraphIR

/// A network that is known by the names and shapes of its parameters.
protocol PyTorchArchitecture: Sendable {
  /// The network that these parameters belong to, or nil where they belong to another.
  static func recognize(_ parameters: PyTorchParameters) -> Self?
  /// What it is called.
  var name: String { get }
  /// Channels of the input image.
  var inputChannels: Int { get }
  /// Height and width it was made for.
  var inputSize: (height: Int, width: Int) { get }
  /// How the weights that torchvision trained on ImageNet want their pixels.
  var imageNetPreprocessing: Preprocessing { get }
  /// Builds the layers from the input to the logits.
  func build(_ network: inout PyTorchNetwork, _ input: PyTorchNetwork.Value) throws(ImportError)
    -> PyTorchNetwork.Value
}

extension PyTorchArchitecture {
  /// torchvision's usual mean and standard deviation.
  var imageNetPreprocessing: Preprocessing {
    Preprocessing(mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375], color: .rgb)
  }
  /// Colour.
  var inputChannels: Int { 3 }
  /// ImageNet's usual size.
  var inputSize: (height: Int, width: Int) { (224, 224) }
}

/// All architectures, in the order in which they are asked; a new one is one line here.
enum PyTorchArchitectures {
  static let all: [any PyTorchArchitecture.Type] = [
    TorchAlexNet.self, TorchVGG.self, TorchResNet.self, TorchCIFARResNet.self,
    TorchSqueezeNet.self, TorchGoogLeNet.self, TorchMobileNetV2.self, TorchMobileNetV3.self,
    TorchShuffleNetV2.self, TorchDenseNet.self, TorchMNASNet.self, TorchEfficientNet.self,
  ]
}

extension PyTorchParameters {
  /// How many of `prefix + "0."`, `prefix + "1."`, … there are without a gap.
  func count(of prefix: String, from first: Int = 0) -> Int {
    var indices: Set<Int> = []
    for name in names where name.hasPrefix(prefix) {
      if let index = Int(name.dropFirst(prefix.count).prefix { $0 != "." }) {
        indices.insert(index)
      }
    }
    var index = first
    while indices.contains(index) { index += 1 }
    return index - first
  }

  /// The numbers N for which `prefix + N + suffix` exists, ascending.
  func indices(of prefix: String, suffix: String) -> [Int] {
    names.compactMap { name in
      guard name.hasPrefix(prefix), name.hasSuffix(suffix),
        name.count > prefix.count + suffix.count
      else { return nil }
      return Int(name.dropFirst(prefix.count).dropLast(suffix.count))
    }.sorted()
  }

  /// Whether a convolution of that name has a k × k kernel.
  func isConvolution(_ name: String, kernel: Int) -> Bool {
    guard let shape = shape(name + ".weight"), shape.count == 4 else { return false }
    return shape[2] == kernel && shape[3] == kernel
  }
}
