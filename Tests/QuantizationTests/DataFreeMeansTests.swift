import Foundation
import GraphIR
import Quantization
import Testing

@Suite("Means without images")
struct DataFreeMeansTests {
  static func graph(_ clamp: Clamp, _ mean: Float, _ deviation: Float) throws -> Graph {
    var graph = Graph(name: "means")
    let image = graph.addInput(name: "image", shape: [1, 2, 2, 1])
    var op = Convolution(weights: Tensor(shape: [1, 1, 1, 1], repeating: 1), bias: [0])
    op.clamp = clamp
    op.statistics = ChannelStatistics(mean: [mean], deviation: [deviation])
    graph.outputs = [try graph.append(.convolution(op), name: "a", inputs: [image])]
    return graph
  }

  /// Density and distribution of the standard normal.
  static func density(_ z: Double) -> Double { exp(-z * z / 2) / (2 * .pi).squareRoot() }
  static func share(below z: Double) -> Double { 0.5 * (1 + erf(z / 2.0.squareRoot())) }

  @Test(arguments: [(0, 1), (1, 0.5), (-2, 1), (5, 2), (7, 0.1)] as [(Float, Float)])
  func `a clipped normal has the mean of its closed form`(_ mean: Float, _ deviation: Float) throws
  {
    let graph = try Self.graph(Clamp(low: 0, high: 6), mean, deviation)
    let found = DataFreeMeans(graph).means(observed: [:])[graph.outputs[0]]?[0] ?? .nan
    let (m, s) = (Double(mean), Double(deviation))
    let (a, b) = (-m / s, (6 - m) / s)
    let inside = Self.share(below: b) - Self.share(below: a)
    let expected =
      m * inside + s * (Self.density(a) - Self.density(b)) + 6 * (1 - Self.share(below: b))
    #expect(abs(found - expected) < 1e-3 * max(1, s))
  }

  @Test func `sums add means and spread, averages keep means`() throws {
    var graph = try Self.graph(.none, 2, 3)
    var op = Convolution(
      weights: Tensor(shape: [1, 1, 1, 1], repeating: 1),
      bias: [0],
      clamp: Clamp(low: 0, high: .infinity)
    )
    op.statistics = ChannelStatistics(mean: [-2], deviation: [4])
    let a = graph.outputs[0]
    let b = try graph.append(.convolution(op), name: "b", inputs: [graph.inputs[0], a])
    let mean = Mean(axes: [1, 2], keepsAxes: false)
    let c = try graph.append(.mean(mean), name: "c", inputs: [b])
    graph.outputs = [c]
    let found = DataFreeMeans(graph).means(observed: [:])
    // max(x, 0) of a normal with mean 0 and deviation 5.
    #expect(abs((found[c]?[0] ?? .nan) - 5 * Self.density(0)) < 5e-3)
    #expect(found[b] == found[c])
  }

  @Test func `what no statistics tell is as made-up images show it`() throws {
    var graph = try Self.graph(.none, 2, 3)
    graph.nodes[0].operation = .convolution(
      Convolution(weights: Tensor(shape: [1, 1, 1, 1], repeating: 1), bias: [0])
    )
    let value = graph.outputs[0]
    #expect(DataFreeMeans(graph).means(observed: [value: [0.75]]) == [value: [0.75]])
  }
}
