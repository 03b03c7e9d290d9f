import GraphIR
import Quantization
import Testing

@Suite("The best observer for each value")
struct ObserverChoiceTests {
  /// A value that one reader clips at `bound` and that holds a few numbers far beyond it.
  static func graph(clippingAt bound: Float) throws -> Graph {
    var graph = Graph(name: "choice")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 1])
    let op = Convolution(weights: Tensor(shape: [1, 1, 1, 1], repeating: 1), bias: [0])
    let a = try graph.append(.convolution(op), name: "a", inputs: [image])
    let clip = UnaryFunction.clamp(Clamp(low: 0, high: bound))
    graph.outputs = [try graph.append(.unary(clip), name: "clip", inputs: [a])]
    return graph
  }

  static let images = CalibrationImages(count: 3) { index in
    Tensor(
      shape: [1, 4, 4, 1],
      values: (0..<16).map { $0 == 15 ? 250 : Float($0) + Float(index) / 3 }
    )
  }

  @Test(arguments: [(20, 1), (255, 0)] as [(Float, Int)])
  func `the range that costs the reader least wins`(_ bound: Float, _ expected: Int) throws {
    let graph = try Self.graph(clippingAt: bound)
    let value = graph.nodes[0].output
    // A reader that clips at 20 loses nothing by a range to 20, one that does not loses the 250.
    let best = try ObserverChoice(graph).best(
      among: [value: [ValueRange(0, 250), ValueRange(0, 20)]],
      Self.images,
      threads: 2
    )
    #expect(best == [value: expected])
  }

  @Test func `the choice does not depend on the number of threads`() throws {
    let graph = try RandomNetwork(seed: 3).graph
    let images = CalibrationImages.synthetic(count: 5, shape: [1, 10, 9, 3])
    let seen = try Calibrator(graph).run(images, threads: 1)
    let candidates = seen.histograms.mapValues { histogram in
      RangeObserver.candidates.map { $0.range(of: histogram) }
    }
    let choices = try [1, 2, 7].map {
      try ObserverChoice(graph).best(among: candidates, images, threads: $0)
    }
    #expect(choices[0] == choices[1] && choices[0] == choices[2])
    #expect(choices[0].values.contains { $0 > 0 })
  }

  struct Unreadable: Error, CustomStringConvertible { var description: String { "no such file" } }

  @Test func `an image that does not load stops the choice with its index`() throws {
    let graph = try Self.graph(clippingAt: 1)
    let images = CalibrationImages(count: 1) { _ in throw Unreadable() }
    #expect(throws: QuantizationError.image(index: 0, problem: "no such file")) {
      try ObserverChoice(graph).best(among: [:], images, threads: 1)
    }
  }
}
