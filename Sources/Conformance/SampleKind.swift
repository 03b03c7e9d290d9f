/// A kind of networks of one operator, and how many samples there are of it.
package enum SampleKind: CaseIterable, Sendable {
  case convolution
  case singleChannelConvolution
  case colorConvolution
  case narrowConvolution
  case deepConvolution
  case depthwise
  case fullyConnected
  case longConvolution
  case winograd
  case maxPool
  case averagePool
  case sumOrProduct
  case lookup
  case gatherChannels
  case dequantize
  case localResponseNormalization
  case reshape
  case transpose
  case pad
  case resize
  case softmax
  case wideConvolution
  case wideDepthwise
  case wideAveragePool
  case wideSumOrProduct
  case wideLookup

  /// What it does in a word or two.
  package var name: String {
    switch self {
    case .convolution: "convolution"
    case .singleChannelConvolution: "convolution of one channel"
    case .colorConvolution: "convolution of an image"
    case .narrowConvolution: "convolution of few channels"
    case .deepConvolution: "convolution of many channels"
    case .depthwise: "depthwise convolution"
    case .fullyConnected: "fully connected"
    case .longConvolution: "long convolution"
    case .winograd: "wide convolution of 3 x 3"
    case .maxPool: "max pooling"
    case .averagePool: "average pooling"
    case .sumOrProduct: "add or multiply"
    case .lookup: "lookup"
    case .gatherChannels: "gather channels"
    case .dequantize: "dequantize"
    case .localResponseNormalization: "local response normalization"
    case .reshape: "reshape"
    case .transpose: "transpose"
    case .pad: "pad"
    case .resize: "resize"
    case .softmax: "softmax"
    case .wideConvolution: "convolution of u8.8"
    case .wideDepthwise: "depthwise convolution of u8.8"
    case .wideAveragePool: "average pooling of u8.8"
    case .wideSumOrProduct: "add or multiply of u8.8"
    case .wideLookup: "lookup of u8.8"
    }
  }

  /// How many samples there are.
  package var count: Int {
    switch self {
    case .convolution: 40
    case .depthwise, .maxPool, .averagePool, .sumOrProduct: 30
    case .fullyConnected, .longConvolution: 1
    case .winograd: 8
    case .lookup, .localResponseNormalization, .reshape, .pad: 12
    case .dequantize, .softmax: 8
    case .transpose, .deepConvolution: 12
    case .resize, .gatherChannels, .singleChannelConvolution: 24
    case .colorConvolution, .narrowConvolution, .wideSumOrProduct: 20
    case .wideConvolution: 24
    case .wideDepthwise, .wideAveragePool: 16
    case .wideLookup: 8
    }
  }

  /// Sample `index`, which depends on that alone.
  package func sample(_ index: Int) -> OperatorSample {
    let seed = UInt64(index)
    switch self {
    case .convolution: return .convolution(seed: seed)
    case .singleChannelConvolution: return .singleChannelConvolution(seed: 2000 + seed)
    case .colorConvolution: return .colorConvolution(seed: 2100 + seed)
    case .narrowConvolution: return .narrowConvolution(seed: 2200 + seed)
    case .deepConvolution: return .deepConvolution(seed: 2300 + seed)
    case .depthwise: return .depthwise(seed: 100 + seed)
    case .fullyConnected: return .fullyConnected(seed: 7 + seed)
    case .longConvolution: return .longConvolution(seed: 8 + seed)
    case .winograd: return .winograd(seed: 20 + seed)
    case .maxPool: return .maxPool(seed: 200 + seed)
    case .averagePool: return .averagePool(seed: 300 + seed)
    case .sumOrProduct: return .sumOrProduct(seed: 400 + seed)
    case .lookup: return .lookup(seed: 500 + seed)
    case .gatherChannels: return .gatherChannels(seed: 600 + seed)
    case .dequantize: return .dequantize(seed: 700 + seed)
    case .localResponseNormalization: return .localResponseNormalization(seed: 800 + seed)
    case .reshape: return .reshape(seed: 900 + seed)
    case .transpose: return .transpose(index)
    case .pad: return .pad(seed: 1000 + seed)
    case .resize: return .resize(index)
    case .softmax: return .softmax(seed: 1100 + seed)
    case .wideConvolution: return .wideConvolution(seed: 3000 + seed, isDepthwise: false)
    case .wideDepthwise: return .wideConvolution(seed: 3100 + seed, isDepthwise: true)
    case .wideAveragePool: return .wideAveragePool(seed: 3200 + seed)
    case .wideSumOrProduct: return .wideSumOrProduct(seed: 3300 + seed)
    case .wideLookup: return .wideLookup(seed: 3400 + seed)
    }
  }
}
