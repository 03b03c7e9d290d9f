import ModelFormat
import Testing

/// One broken rule at a time, with the exact message.
@Suite struct ModelRulesTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    var message: String
    var change: @Sendable (inout ModelContents) -> Void
    var testDescription: String { message }

    init(_ message: String, _ change: @escaping @Sendable (inout ModelContents) -> Void) {
      self.message = message
      self.change = change
    }
  }

  static let rules: [Rule] = [
    Rule("header: arena size 65, expected a multiple of 64 from 64 to 2147483584") {
      $0.arenaSize = 65
    },
    Rule("tensor 6: end in the arena 336, expected at most 320, the arena without its slack") {
      $0.arenaSize = 384
    },
    Rule("header: output tensor 7, expected below 7") { $0.outputTensor = 7 },
    Rule("tensor 0: pixel stride 6, expected a multiple of 4 from 3") {
      $0.tensors[0].record.pixelStride = 6
    },
    Rule("tensor 0: channels 0, expected 1 to 65536") { $0.tensors[0].record.channels = 0 },
    Rule("tensor 0: scale 0.0, expected above 0 and finite") { $0.tensors[0].record.scale = 0 },
    Rule("tensor 0: scale nan, expected above 0 and finite") { $0.tensors[0].record.scale = .nan },
    Rule("tensor 0: zero point 256, expected 0 to 255") { $0.tensors[0].record.zeroPoint = 256 },
    Rule("tensor 5: scale 2.0, expected 1 of a float32 tensor") { $0.tensors[5].record.scale = 2 },
    Rule("tensor 0: offset 4, expected a multiple of 64") { $0.tensors[0].record.arenaOffset = 4 },
    Rule("tensor 2: root 9, expected below 7") { $0.tensors[2].record.root = 9 },
    Rule("tensor 3: root 2, a view itself, expected a tensor that owns its memory") {
      $0.tensors[3].record.root = 2
    },
    Rule("tensor 3: offset 70, expected inside the first pixel of tensor 1") {
      $0.tensors[3].record.arenaOffset = 70
    },
    Rule(
      "tensor 3: shape unlike tensor 1's, expected height, width, type and pixel stride of its root"
    ) { $0.tensors[3].record.height = 2 },
    Rule("tensor 4: first writer 1, expected 2") { $0.tensors[4].record.firstWriter = 1 },
    Rule("tensor 4: last reader 5, expected 3") { $0.tensors[4].record.lastReader = 5 },
    Rule("tensor 1: memory shared with tensor 0, expected separate while both are in use") {
      for index in 1...3 { $0.tensors[index].record.arenaOffset -= 64 }
    },
    Rule(
      "operator 1: input tensor 1 not written yet, expected an earlier operator that writes all of it"
    ) {
      $0.operators[1].record.input = 1
      $0.assignLifetimes()
    },
    Rule(
      "operator 1: output tensor 3 written before, expected memory that is written once"
    ) {
      $0.tensors[3].record.arenaOffset = 68
    },
    Rule("tensor 4: writer none, expected an operator that writes it") {
      $0.operators[2].record.output = 5
      $0.assignLifetimes()
    },
    Rule("operator 0: kernel height 0, expected 1 to 65536") {
      $0.operators[0].record.kernelHeight = 0
    },
    Rule("operator 0: clamp 9 to 8, expected 0 ≤ low ≤ high ≤ 255") {
      ($0.operators[0].record.clampLow, $0.operators[0].record.clampHigh) = (9, 8)
    },
    Rule("operator 0: weights size 640, expected 576") { $0.operators[0].record.weightsSize = 640 },
    Rule("operator 1: weights offset 65, expected a multiple of 64 up to 768") {
      $0.operators[1].record.weightsOffset = 65
    },
    Rule("operator 0: groups 2, expected a divisor of 3 and 5 channels") {
      $0.operators[0].record.groups = 2
    },
    Rule("operator 0: multiplier a 1.0, expected 0 with no residual") {
      $0.operators[0].record.multiplierA = 1
    },
    Rule("operator 0: multiplier inf, expected a magnitude below 4194304.0") {
      $0.operators[0].record.multiplierB = .infinity
    },
    Rule(
      "operator 2: window rows a window without a tap inside the input, expected at least one tap in every window"
    ) { $0.operators[2].record.padTop = 3 },
    Rule(
      "operator 2: groups of kind 4 set, expected its default, there is no use for it"
    ) { $0.operators[2].record.groups = 2 },
    Rule("operator 4: flags of kind 10 set, expected its default, there is no use for it") {
      $0.operators[4].record.flags = 1
    },
    Rule("operator 4: clamp of kind 10 set, expected its default, there is no use for it") {
      $0.operators[4].record.clampLow = 1
      $0.operators[4].record.multiplierB = 1
    },
    Rule("operator 2: constants of kind 3 set, expected its default, there is no use for it") {
      $0.operators[2].record.kind = .maxPool
    },
    Rule("operator 0: multiplier b of kind 1 set, expected its default, there is no use for it") {
      $0.operators[0].record.multiplierB = -0.5
    },
    Rule("operator 0: last tap at 2, 4294901762, expected at most 1073741824") {
      $0.operators[0].record.kernelWidth = 65536
      $0.operators[0].record.dilationX = 65536
      $0.operators[0].record.kernelHeight = 1
    },
    Rule("operator 4: shape of the output 1 × 1 × 1, expected 1 × 1 × 2, the input's") {
      $0.tensors[6].record.channels = 1
    },
    Rule("operator 2: channels of the output 6, expected 7, the input's") {
      $0.tensors[4].record.channels = 6
    },
    Rule("operator 2: taps 16777216, expected at most 8388608") {
      $0.operators[2].record.kernelHeight = 4096
      $0.operators[2].record.kernelWidth = 4096
    },
    Rule("operator 4: type of the input u8, expected float32") {
      $0.operators[4].record.input = 4
      $0.assignLifetimes()
    },
    Rule(
      "operator 0: work of a run up to here 1374389534720, expected at most 1099511627776 multiply-accumulates"
    ) {
      // Pools 65536 × 4096 into 64 × 2560 × 1 with 8388608 taps a window.
      let image = $0.tensors[0].record
      var (wide, pooled) = (image, image)
      (wide.height, wide.width, wide.channels) = (65536, 4096, 1)
      (pooled.height, pooled.width, pooled.channels) = (64, 2560, 1)
      (wide.root, pooled.root) = (0, 1)
      pooled.arenaOffset = 1 << 30
      var pool = OperatorRecord(.averagePool)
      (pool.output, pool.kernelHeight, pool.kernelWidth) = (1, 4096, 2048)
      pool.multiplierA = 1
      var model = ModelContents()
      (model.input.height, model.input.width, model.input.channels) = (65536, 4096, 1)
      model.tensors = [.init(name: "a", record: wide), .init(name: "b", record: pooled)]
      model.attach(constants: [UInt32(0)], to: &pool)
      model.operators = [.init(name: "p", record: pool)]
      model.arenaSize = 0x7FFF_FFC0
      model.outputTensor = 1
      model.assignLifetimes()
      $0 = model
    },
    Rule("tensor 2: root 1, expected itself of a u8.8 tensor, which is no view") {
      $0.tensors[2].record.elementType = .wide
    },
    Rule("tensor 4: the model's output u8.8, expected u8 or float32") {
      $0 = wideModel()
      $0.outputTensor = 4
      $0.labels = []
    },
    Rule("operator 4: type of the input u8.8, expected float32") {
      $0.tensors[5].record = wideModel().tensors[4].record
      ($0.tensors[5].record.channels, $0.tensors[5].record.root) = (2, 5)
      $0.tensors[5].record.arenaOffset = 256
      $0.assignLifetimes()
    },
    Rule("operator 2: type of the output u8.8, expected u8") {
      $0 = wideModel()
      $0.operators[2].record.kind = .maxPool
      $0.operators[2].record.multiplierA = 0
      ($0.operators[2].record.constantsOffset, $0.operators[2].record.constantsSize) = (0, 0)
    },
    Rule("operator 1: constants size 256, expected 514") {
      $0 = wideLookup()
      $0.operators[1].record.constantsSize = 256
    },
    Rule("operator 1: tables one a channel, expected one of a u8.8 input") {
      $0 = wideLookup()
      $0.operators[1].record.flags = 1
    },
    Rule("operator 1: type of the output u8.8, expected u8, like the input's") {
      $0 = wideLookup()
      $0.tensors[1].record.elementType = .u8
      $0.tensors[2].record.elementType = .wide
      $0.outputTensor = 1
      $0.assignLifetimes()
    },
    Rule("section labels: size 4, expected 8 for 2 outputs") { $0.labels = ["one"] },
    Rule("section input: height 4, expected 3, that of the input tensor") { $0.input.height = 4 },
    Rule("section input: crop fraction 1.5, expected above 0, at most 1") {
      $0.input.cropFraction = 1.5
    },
    Rule("section metadata: key 1 not above the one before it, expected keys in ascending order") {
      $0.metadata[0].key = "converter"
    },
    Rule("golden vector 0: output size 7, expected 8") { $0.goldens[0].output.removeLast() },
    Rule("golden vector 1: input size 28, expected 27") {
      $0.goldens[1].input = .stored([UInt8](0..<28))
    },
    Rule("section golden: size 216, expected 208, the vectors' end") {
      $0.goldens[1].hashes.append(0)
    },
  ]

  @Test(arguments: rules)
  func `a broken rule is named`(_ rule: Rule) {
    var model = smallModel()
    rule.change(&model)
    #expect(refusal(model.encode()) == rule.message)
  }

  /// The small model with its first convolution's constants or weights replaced.
  private func model(
    weight: Int8 = 1,
    stray: Int8 = 0,
    bias: Int32 = 0,
    multiplier: Float = 0.5,
    weightSum: Int32? = nil
  ) -> ModelContents {
    var model = smallModel()
    let layout = PackedLayout(outputs: 5, inputs: 3, taps: 9, groups: 1)
    var weights = [Int8](repeating: 0, count: layout.weightBytes)
    weights[0] = weight
    weights[3] = stray
    var biases = [Int32](repeating: 0, count: 16)
    var multipliers = [Float](repeating: 0, count: 16)
    var sums = biases
    (biases[0], multipliers[0], sums[0]) = (bias, multiplier, weightSum ?? Int32(weight))
    var record = model.operators[0].record
    model.attach(
      weights: weights,
      bias: biases,
      multiplier: multipliers,
      weightSum: sums,
      to: &record
    )
    model.operators[0].record = record
    return model
  }

  @Test func `weights and constants are checked channel by channel`() {
    #expect(refusal(model().encode()) == nil)
    #expect(
      refusal(model(weight: -128).encode())
        == "operator 0: smallest weight -128, expected -127 or more"
    )
    #expect(
      refusal(model(stray: 1).encode())
        == "operator 0: weights of padding not zero, expected zeros"
    )
    #expect(
      refusal(model(weightSum: 2).encode())
        == "operator 0: weight sum of channel 0 2, expected 1"
    )
    #expect(
      refusal(model(bias: .max).encode())
        == "operator 0: accumulator of channel 0 up to 2147483902, expected below 2147483648"
    )
    #expect(
      refusal(model(bias: .min).encode())
        == "operator 0: accumulator of channel 0 up to 2147483903, expected below 2147483648"
    )
    #expect(
      refusal(model(multiplier: 1).encode())
        == "operator 0: multiplier of channel 0 1.0, expected from 0, below 1"
    )
    #expect(
      refusal(model(multiplier: .nan).encode())
        == "operator 0: multiplier of channel 0 nan, expected from 0, below 1"
    )
    let edge = model(bias: Int32.max - 255, multiplier: Float(1).nextDown)
    #expect(refusal(edge.encode())?.hasPrefix("operator 0: value of channel 0 up to") == true)
  }
}
