import GraphIR
import Testing

@testable import Importers

/// A reproducible stream of numbers (SplitMix64).
private struct Random {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }

  mutating func shuffled(_ count: Int) -> [Int] {
    var list = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) {
      list.swapAt(index, below(index + 1))
    }
    return list
  }

  /// A shape with the same number of elements.
  mutating func shape(_ count: Int) -> [Int] {
    var rest = count
    var shape: [Int] = []
    while rest > 1 {
      let divisors = (1...rest).filter { rest % $0 == 0 }
      let divisor = divisors[below(divisors.count)]
      shape.append(divisor)
      rest /= divisor
      if shape.count == 5 { break }
    }
    shape.append(rest)
    return shape
  }
}

struct AxisViewTests {
  @Test(arguments: UInt64(0)..<200)
  func `reshapes and transposes of a view are those of the tensor`(seed: UInt64) throws {
    var random = Random(state: seed)
    let stored = [1, 4, 6, 12]
    var graph = Graph(name: "view")
    let id = graph.addInput(name: "x", shape: stored)
    let input = Tensor(shape: stored, values: (0..<288).map(Float.init))
    var view = AxisView(id, stored: stored, order: [0, 2, 3, 1])
    var expected = input.transposed([0, 3, 1, 2])
    for _ in 0..<4 {
      if random.below(2) == 0 {
        let permutation = random.shuffled(view.axes.count)
        view = view.transposed(permutation)
        expected = expected.transposed(permutation)
      } else if let next = view.reshaped(random.shape(288)) {
        expected = expected.reshaped(next.shape)
        view = next
      }
      #expect(view.shape == expected.shape, "seed \(seed)")
    }
    let order = random.shuffled(view.axes.count)
    let result = try view.stored(in: order, of: &graph, name: "y")
    graph.outputs = [result]
    try graph.verify()
    let outputs = try FloatEvaluator(graph).run([input])
    #expect(outputs == [expected.transposed(order)], "seed \(seed)")
  }

  @Test func `a channel shuffle is one gather`() throws {
    var graph = Graph(name: "shuffle")
    let id = graph.addInput(name: "x", shape: [1, 5, 5, 6])
    let view = AxisView(id, stored: [1, 5, 5, 6], order: [0, 2, 3, 1])
    let shuffled = try #require(
      view.reshaped([1, 2, 3, 5, 5])?.transposed([0, 2, 1, 3, 4]).reshaped([1, 6, 5, 5])
    )
    _ = try shuffled.stored(in: [0, 2, 3, 1], of: &graph, name: "y")
    #expect(graph.nodes.count == 1)
    #expect(
      graph.nodes.first?.operation == .gatherChannels(GatherChannels(shuffling: 6, groups: 2))
    )
  }

  @Test func `channels-last inputs of channels-first operators cost nothing`() throws {
    var graph = Graph(name: "last")
    let id = graph.addInput(name: "x", shape: [1, 5, 7, 3])
    let view = AxisView(id, stored: [1, 5, 7, 3], order: [0, 1, 2, 3]).transposed([0, 3, 1, 2])
    #expect(try view.stored(in: [0, 2, 3, 1], of: &graph, name: "y") == id)
    #expect(graph.nodes.isEmpty)
  }
}
