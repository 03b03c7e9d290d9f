import Foundation
import GraphIR
import Testing

@testable import Importers

private let net = """
  # LeNet, written by hand.
  input image 1x6x6

  conv1 = conv(image, out=2, kernel=3, pad=1)
  bn1 = batchnorm(conv1, eps=0.001)   # after the convolution
  relu1 = relu(bn1)
  pool1 = maxpool(relu1, kernel=2)
  flat = flatten(pool1)
  drop = dropout(flat, p=0.5)
  fc = linear(drop, out=3)
  p = softmax(fc)
  """

private func ramp(_ shape: [Int], _ seed: Int) -> Tensor {
  let count = shape.reduce(1, *)
  return Tensor(
    shape: shape,
    values: (0..<count).map { Float((($0 + seed) * 7919) % 101) / 50 - 1 }
  )
}

private func parameters() -> [String: Tensor] {
  [
    "conv1.weight": ramp([2, 1, 3, 3], 1), "conv1.bias": ramp([2], 2),
    "bn1.weight": ramp([2], 3), "bn1.bias": ramp([2], 4), "bn1.running_mean": ramp([2], 5),
    "bn1.running_var": Tensor(shape: [2], values: [0.5, 2]),
    "bn1.num_batches_tracked": Tensor(shape: [], values: [9]),
    "fc.weight": ramp([3, 18], 6), "fc.bias": ramp([3], 7),
  ]
}

private func message(_ text: String, _ parameters: [String: Tensor] = parameters()) -> String {
  do throws(ImportError) {
    _ = try Architecture.read(text: text, path: "net.txt").build(
      parameters: parameters,
      source: "net.pth"
    )
    return "built"
  } catch { return error.description }
}

struct ArchitectureTests {
  @Test func `a network of ten lines computes what its layers say`() throws {
    let given = parameters()
    let graph = try Architecture.read(text: net).build(parameters: given)
    let image = ramp([1, 6, 6, 1], 8)
    let output = try FloatEvaluator(graph).run([image])[0]

    let scores = byHand(given, image)
    let sum = scores.reduce(0) { $0 + exp($1) }
    #expect(output.shape == [1, 3])
    for (value, score) in zip(output.values, scores) {
      #expect(abs(value - exp(score) / sum) < 1e-5)
    }
  }

  /// The same network as plain loops, channels first.
  private func byHand(_ given: [String: Tensor], _ image: Tensor) -> [Float] {
    func numbers(_ name: String) -> [Float] { given[name]?.values ?? [] }
    let weights = numbers("conv1.weight")
    var pooled: [Float] = []
    for channel in 0..<2 {
      let mean = numbers("bn1.running_mean")[channel]
      let deviation: Float = (numbers("bn1.running_var")[channel] + 0.001).squareRoot()
      let (gamma, beta) = (numbers("bn1.weight")[channel], numbers("bn1.bias")[channel])
      func value(_ y: Int, _ x: Int) -> Float {
        var sum: Float = numbers("conv1.bias")[channel]
        for ky in 0..<3 {
          for kx in 0..<3 {
            let (iy, ix) = (y + ky - 1, x + kx - 1)
            guard (0..<6).contains(iy), (0..<6).contains(ix) else { continue }
            let weight: Float = weights[channel * 9 + ky * 3 + kx]
            sum += weight * image.values[iy * 6 + ix]
          }
        }
        let normal: Float = (sum - mean) / deviation
        return max(0, normal * gamma + beta)
      }
      for y in 0..<3 {
        for x in 0..<3 {
          let upper = max(value(2 * y, 2 * x), value(2 * y, 2 * x + 1))
          let lower = max(value(2 * y + 1, 2 * x), value(2 * y + 1, 2 * x + 1))
          pooled.append(max(upper, lower))
        }
      }
    }
    let matrix = numbers("fc.weight")
    return (0..<3).map { row in
      var sum: Float = numbers("fc.bias")[row]
      for column in 0..<18 { sum += matrix[row * 18 + column] * pooled[column] }
      return sum
    }
  }

  @Test func `missing and unexpected names are listed together`() {
    var given = parameters()
    given["fc.weight"] = nil
    given["bn1.running_var"] = nil
    given["head.weight"] = ramp([1], 0)
    #expect(
      message(net, given)
        == "net.pth: parameters do not fit the network: missing \"bn1.running_var\", \"fc.weight\"; unexpected \"head.weight\""
    )
  }

  @Test func `a wrong shape names the parameter`() {
    var given = parameters()
    given["fc.weight"] = ramp([3, 17], 0)
    #expect(
      message(net, given)
        == "net.pth: parameters do not fit the network: wrong shape \"fc.weight [3, 17], expected [3, 18]\""
    )
  }

  @Test(arguments: [
    ("", "line 1: no input, expected a line \"input NAME CxHxW\""),
    ("input x 1x6", "line 1: no layers, expected lines \"NAME = OPERATOR(…)\""),
    ("input x", "line 1: expected \"input NAME CxHxW\""),
    ("input x 0x6x6", "line 1: expected \"input NAME CxHxW\""),
    ("input x 3x65536x65536", "line 1: expected \"input NAME CxHxW\""),
    (
      "input x 1x6x6\n\ny relu(x)",
      "line 3: expected \"NAME = OPERATOR(OPERAND, …, OPTION=VALUE, …)\""
    ),
    ("input x 1x6x6\ny = relu(z)", "line 2: \"z\" is not the name of an earlier line"),
    ("input x 1x6x6\nx = relu(x)", "line 2: \"x\" comes twice"),
    ("input x 1x6x6\ny = relu(x, x)", "line 2: relu of 2 operands, expected 1"),
    ("input x 1x6x6\ny = add(x)", "line 2: add of 1 operands, expected 2 or more"),
    (
      "input x 1x6x6\ny = maxpool(x, size=2)",
      "line 2: maxpool has no option \"size\", expected one of kernel, stride, pad, dilation, ceil, from"
    ),
    ("input x 1x6x6\ny = maxpool(x)", "line 2: maxpool needs kernel=N"),
    ("input x 1x6x6\ny = maxpool(x, kernel=0)", "line 2: kernel=0, expected N or HxW"),
    (
      "input x 1x6x6\ny = maxpool(x, kernel=9)",
      "line 2: maxpool: window of 9 on 6 with padding 0 and 0"
    ),
    (
      "input x 1x6x6\ny = maxpool(x, kernel=2, pad=1:2)",
      "line 2: pad=1:2, expected N, HxW, TOP:LEFT:BOTTOM:RIGHT or same"
    ),
    (
      "input x 1x6x6\ny = maxpool(x, kernel=2, kernel=2)", "line 2: option \"kernel\" comes twice"
    ),
    ("input x 1x6x6\ny = relu(x,)", "line 2: argument \"\", expected a name or OPTION=VALUE"),
    ("input x 1x6x6\ny = relu(x)\noutput z", "line 3: output \"z\" is not the name of a line"),
    ("input x 1x6x6\ny = clamp(x, min=nan)", "line 2: min=nan, expected a number"),
  ])
  func `a mistake is named with its line`(text: String, expected: String) {
    #expect(message(text, [:]) == "net.txt: \(expected)")
  }

  @Test func `an unknown operator lists those there are`() {
    let text = message("input x 1x6x6\ny = rleu(x)", [:])
    #expect(
      text.hasPrefix(
        "net.txt: line 2: unknown operator \"rleu\", expected one of abs, add, affine,"
      )
    )
  }

  @Test(arguments: ONNXFixture.all)
  func `text and parameters of a graph are the graph again`(_ fixture: ONNXFixture) throws {
    var request = ImportRequest(path: fixture.path)
    request.outputs = fixture.outputs.map(\.name)
    let graph = try ModelImporters.importModel(request).graph
    let text = GraphText(graph)
    let again = try Architecture.read(text: text.text).build(parameters: text.parameters)
    let shape = graph.shape(of: graph.inputs[0])
    let input = Tensor(shape: shape, values: ONNXFixture.ramp(shape.reduce(1, *)))
    try #require(again.shape(of: again.inputs[0]) == shape)
    let (before, after) = (
      try FloatEvaluator(graph).run([input]), try FloatEvaluator(again).run([input])
    )
    #expect(before.map(\.shape) == after.map(\.shape))
    for (a, b) in zip(before, after) {
      let error = zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
      #expect(error < 1e-5)
    }
    #expect(GraphText(again).text == text.text)
  }

  @Test func `an ONNX file is an architecture too`() throws {
    let fixture = try ONNXFixture.named("external_13")
    let architecture = try Architecture.read(path: fixture.path)
    let graph = try architecture.build(
      parameters: [
        "conv.weight": Tensor(shape: [3, 2, 1, 1], values: [1, 0, 0, 1, 1, 1]),
        "conv.bias": Tensor(shape: [3], values: [0, 0, 5]),
      ],
      source: "net.pth"
    )
    let output = try FloatEvaluator(graph).run([Tensor(shape: [1, 3, 3, 2], repeating: 2)])[0]
    #expect(Array(output.values.prefix(3)) == [2, 2, 9])
    #expect(
      throws: ImportError.parameterMismatch(
        path: "net.pth",
        missing: ["conv.bias", "conv.weight"],
        unexpected: [],
        wrong: []
      )
    ) { try architecture.build(parameters: [:], source: "net.pth") }
  }

  @Test func `a damaged text is refused or builds`() throws {
    let bytes = Array(net.utf8)
    var texts = bytes.indices.map { Array(bytes[..<$0]) }
    for index in bytes.indices {
      for bit in 0..<7 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        texts.append(damaged)
      }
    }
    for text in texts {
      let result = message(String(decoding: text, as: UTF8.self))
      #expect(result == "built" || result.hasPrefix("net.") && !result.contains("\n"), "\(result)")
    }
  }
}
