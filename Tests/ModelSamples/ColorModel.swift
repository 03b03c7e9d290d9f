import ModelFormat
import Runtime

/// A network that names the strongest colour of a 4 × 4 image: sums of red, green and blue ÷ 100, then softmax.
public enum ColorModel {
  /// Names of the classes, with characters that are escaped in places.
  public static let labels = ["red", "gr\"een", "blåu\t"]

  /// Its file. `damagedLayer` gets a wrong golden hash.
  public static func bytes(damagedLayer: Int? = nil) throws -> [UInt8] {
    var model = try contents()
    if let damagedLayer { model.goldens[1].hashes[damagedLayer] ^= 1 }
    return model.encode()
  }

  /// What is in the file.
  public static func contents() throws -> ModelContents {
    var model = ModelContents()
    model.labels = labels
    model.input.height = 4
    model.input.width = 4
    model.input.outputIsProbability = true
    for (index, channels) in [3, 3, 3].enumerated() {
      var record = TensorRecord()
      (record.height, record.width) = index == 0 ? (4, 4) : (1, 1)
      record.channels = channels
      record.arenaOffset = index * 64
      record.root = index
      if index > 0 { record.elementType = .float32 }
      model.tensors.append(.init(name: ["image", "sums", "scores"][index], record: record))
    }
    model.arenaSize = 256
    model.outputTensor = 2

    var convolution = OperatorRecord(.convolution)
    (convolution.input, convolution.output) = (0, 1)
    (convolution.kernelHeight, convolution.kernelWidth) = (4, 4)
    convolution.multiplyAccumulates = 144
    let layout = PackedLayout(outputs: 3, inputs: 3, taps: 16, groups: 1)
    var weights = [Int8](repeating: 0, count: layout.weightBytes)
    var multiplier = [Float](repeating: 0, count: layout.channelSlots)
    var sums = [Int32](repeating: 0, count: layout.channelSlots)
    for channel in 0..<3 {
      for tap in 0..<16 {
        weights[layout.index(group: 0, output: channel, step: tap, lane: channel)] = 1
      }
      multiplier[channel] = 0.01
      sums[channel] = 16
    }
    model.attach(
      weights: weights,
      bias: [Int32](repeating: 0, count: layout.channelSlots),
      multiplier: multiplier,
      weightSum: sums,
      to: &convolution
    )
    model.operators.append(.init(name: "add up", record: convolution))
    var softmax = OperatorRecord(.softmax)
    (softmax.input, softmax.output) = (1, 2)
    model.operators.append(.init(name: "choose", record: softmax))
    model.assignLifetimes()

    let network = try Network(ModelFile(copying: model.encode()), kernels: .portable)
    model.goldens = [network.recordGolden(.seed(1)), network.recordGolden(.seed(2))]
    return model
  }

  /// A PPM of one colour.
  public static func picture(_ color: [UInt8], side: Int = 4) -> [UInt8] {
    Array("P6 \(side) \(side) 255\n".utf8)
      + (0..<(side * side)).flatMap { _ in color }
  }
}
