import GraphIR
import ModelFormat
import Testing

extension SplitMix64 {
  mutating func tensor(_ shape: [Int]) -> Tensor {
    Tensor(
      shape: shape,
      values: (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &self) }
    )
  }
}

/// The definition of a convolution, written as six loops over an explicitly padded image, in double precision.
private func oracle(_ op: Convolution, _ input: Tensor) -> [Double] {
  let (h, w, c) = (input.shape[1], input.shape[2], input.shape[3])
  let p = op.padding
  let (ph, pw) = (h + p.top + p.bottom, w + p.left + p.right)
  var padded = [[[Double]]](
    repeating: [[Double]](
      repeating: (0..<c).map { op.paddingValues.isEmpty ? 0 : Double(op.paddingValues[$0]) },
      count: pw
    ),
    count: ph
  )
  for y in 0..<h {
    for x in 0..<w {
      for k in 0..<c {
        padded[y + p.top][x + p.left][k] = Double(input.values[(y * w + x) * c + k])
      }
    }
  }
  var output: [Double] = []
  let perGroup = c / op.groups
  for y in stride(from: 0, through: ph - op.dilation.y * (op.kernelHeight - 1) - 1, by: op.stride.y)
  {
    for x in stride(
      from: 0,
      through: pw - op.dilation.x * (op.kernelWidth - 1) - 1,
      by: op.stride.x
    ) {
      for o in 0..<op.outputChannels {
        var sum = Double(op.bias[o])
        for ky in 0..<op.kernelHeight {
          for kx in 0..<op.kernelWidth {
            for k in 0..<perGroup {
              let channel = o / (op.outputChannels / op.groups) * perGroup + k
              let weight = op.weights.values[
                ((o * op.kernelHeight + ky) * op.kernelWidth + kx) * perGroup + k
              ]
              sum +=
                padded[y + ky * op.dilation.y][x + kx * op.dilation.x][channel] * Double(weight)
            }
          }
        }
        output.append(min(max(sum, Double(op.clamp.low)), Double(op.clamp.high)))
      }
    }
  }
  return output
}

@Suite struct `a float convolution` {
  @Test(arguments: UInt64(1)...80)
  func `equals six loops in double precision`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let groups = [1, 1, 2, 3, 5][pick(0...4)]
    let inputs = groups * pick(1...3)
    let outputs = groups * pick(1...3)
    let isDepthwise = pick(0...3) == 0
    let shape = [1, pick(5...9), pick(5...9), isDepthwise ? inputs * 2 : inputs]
    let channels = shape[3]
    let op = Convolution(
      weights: random.tensor(
        isDepthwise
          ? [channels, pick(1...3), pick(1...3), 1]
          : [outputs, pick(1...3), pick(1...3), inputs / groups]
      ),
      bias: random.tensor([isDepthwise ? channels : outputs]).values,
      stride: (pick(1...3), pick(1...3)),
      dilation: (pick(1...2), pick(1...2)),
      padding: Padding(
        top: pick(0...2),
        left: pick(0...2),
        bottom: pick(0...2),
        right: pick(0...2)
      ),
      paddingValues: pick(0...1) == 0 ? [] : random.tensor([channels]).values,
      groups: isDepthwise ? channels : groups,
      clamp: pick(0...1) == 0 ? .none : Clamp(low: -0.5, high: 0.75)
    )
    let input = random.tensor(shape)
    let output = op.evaluate([input])
    let expected = oracle(op, input)
    #expect(output.shape == (try op.outputShape([shape])), "seed \(seed)")
    #expect(output.count == expected.count, "seed \(seed)")
    for (value, exact) in zip(output.values, expected) {
      #expect(abs(Double(value) - exact) < 1e-4, "seed \(seed)")
    }
  }

  @Test func `adds its residual before the clamp`() throws {
    let op = Convolution(
      weights: Tensor(shape: [1, 1, 1, 1], values: [2]),
      bias: [1],
      clamp: Clamp(low: 0, high: 6)
    )
    let input = Tensor(shape: [1, 1, 3, 1], values: [-1, 1, 2])
    let residual = Tensor(shape: [1, 1, 3, 1], values: [3, -10, 5])
    #expect(op.evaluate([input, residual]).values == [2, 0, 6])
  }

  @Test(
    arguments: [
      ([[1, 4, 4, 2]], "input has 2 channels, weights [4, 3, 3, 3] with 1 groups expect 3"),
      ([[1, 2, 4, 3]], "window of 3 on 2 with padding 0 and 0"),
      ([[1, 4, 4, 3], [1, 4, 4, 4]], "residual [1, 4, 4, 4], expected [1, 2, 2, 4]"),
    ])
  func `refuses what does not fit, with the sizes`(inputs: [[Int]], message: String) {
    let op = Convolution(
      weights: Tensor(shape: [4, 3, 3, 3], repeating: 0),
      bias: [0, 0, 0, 0]
    )
    #expect(throws: GraphError(message)) { try op.outputShape(inputs) }
  }
}

@Suite struct `a window` {
  @Test(
    arguments: [
      // input, kernel, stride, before, after, ceil, expected
      (7, 3, 2, 0, 0, false, 3), (8, 3, 2, 0, 0, false, 3), (8, 3, 2, 0, 0, true, 4),
      (112, 3, 2, 1, 1, false, 56), (112, 3, 2, 0, 0, true, 56), (5, 2, 2, 1, 1, true, 3),
      (4, 2, 3, 1, 1, true, 2), (1, 1, 1, 0, 0, false, 1),
    ])
  func `counts positions as the frameworks do`(
    input: Int,
    kernel: Int,
    stride: Int,
    before: Int,
    after: Int,
    ceil: Bool,
    expected: Int
  ) throws {
    let window = Window(
      kernel: (kernel, 1),
      stride: (stride, 1),
      padding: Padding(top: before, bottom: after),
      ceilMode: ceil
    )
    #expect(try window.outputSize(height: input, width: 1).height == expected)
  }

  @Test func `SAME padding puts the odd row after`() {
    #expect(
      Window.samePadding(height: 224, width: 5, kernel: (3, 3), stride: (2, 1))
        == Padding(top: 0, left: 1, bottom: 1, right: 1)
    )
  }

  @Test(arguments: [0, -1, 1 << 40])
  func `an extent out of range is refused`(kernel: Int) {
    #expect(throws: GraphError.self) {
      try Window(kernel: (kernel, 1)).outputSize(height: 10, width: 10)
    }
  }
}
