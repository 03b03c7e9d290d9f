import ModelFormat
import Testing

@testable import Quantization

@Suite("Moments of patches")
struct InputMomentsTests {
  @Test(arguments: [false, true])
  func `many patches give their second moments`(_ isCentred: Bool) {
    var random = SplitMix64(seed: 4)
    let (depth, groups, count) = (5, 2, 4000)
    var patches: [Float] = []
    for _ in 0..<groups * count {
      let common = Float.random(in: 0...2, using: &random)
      for k in 0..<depth {
        patches.append(common * Float(k + 1) + Float.random(in: -1...1, using: &random))
      }
    }
    var moments = InputMoments(depth: depth, groups: groups)
    // In pieces of every group.
    for start in stride(from: 0, to: count, by: 1000) {
      var piece: [Float] = []
      for group in 0..<groups {
        let first = (group * count + start) * depth
        piece += patches[first..<first + 1000 * depth]
      }
      moments.add(piece, count: 1000)
    }
    for group in 0..<groups {
      let matrix = moments.matrix(group: group, isCentred: isCentred)
      func value(_ sample: Int, _ k: Int) -> Double {
        Double(patches[(group * count + sample) * depth + k])
      }
      /// The mean over the samples.
      func mean(_ body: (Int) -> Double) -> Double {
        var sum = 0.0
        for sample in 0..<count { sum += body(sample) }
        return sum / Double(count)
      }
      let means = (0..<depth).map { k in mean { value($0, k) } }
      for i in 0..<depth {
        for j in 0..<depth {
          let raw = mean { value($0, i) * value($0, j) }
          let exact = isCentred ? raw - means[i] * means[j] : raw
          let found = Double(matrix[i * depth + j])
          #expect(abs(found - exact) < 0.01 * abs(exact) + 0.02)
        }
      }
    }
  }

  @Test func `what few patches show by chance is taken away`() {
    var random = SplitMix64(seed: 8)
    var moments = InputMoments(depth: 40, groups: 1)
    moments.add((0..<40 * 12).map { _ in Float.random(in: -1...1, using: &random) }, count: 12)
    let matrix = moments.matrix(group: 0, isCentred: true)
    for i in 0..<40 {
      for j in 0..<40 where i != j { #expect(abs(matrix[i * 40 + j]) < 0.05) }
      #expect(matrix[i * 41] > 0.05)
    }
  }

  @Test func `patches of zeros give a matrix that can still be solved`() {
    var moments = InputMoments(depth: 3, groups: 1)
    moments.add([Float](repeating: 0, count: 30), count: 10)
    let rounder = RowRounder(moments.matrix(group: 0, isCentred: true), depth: 3)
    #expect(rounder.round([0.4, 1.6, -0.6][...], scales: [1]) == [0, 2, -1])
  }
}
