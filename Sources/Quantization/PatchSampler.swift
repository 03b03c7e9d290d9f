internal import GraphIR

/// Takes patches of a layer's input: what one output element of each group is computed from.
///
/// A group's patch is K values in the order of its weights. Fully connected layers and images of few pixels are taken whole; of others,
/// places follow the additive recurrence with the plastic number (Roberts 2018, "The unreasonable effectiveness of quasirandom
/// sequences"), which covers all images evenly without any random number.
struct PatchSampler: Sendable {
  /// K, values of a patch.
  let depth: Int
  /// Groups, each with patches of its own.
  let groups: Int
  private let convolution: Convolution?
  private let height: Int
  private let width: Int
  private let outputHeight: Int
  private let outputWidth: Int

  /// For a node with a kernel; nil for others.
  init?(_ node: Node, _ graph: Graph) {
    let input = graph.shape(of: node.inputs[0])
    let output = graph.shape(of: node.output)
    switch node.operation {
    case .convolution(let op):
      convolution = op
      depth = op.weights.count / op.outputChannels
      groups = op.groups
      (height, width) = (input[1], input[2])
      (outputHeight, outputWidth) = (output[1], output[2])
    case .fullyConnected(let op):
      convolution = nil
      depth = op.weights.shape[1]
      groups = 1
      (height, width, outputHeight, outputWidth) = (1, 1, 1, 1)
    default: return nil
    }
  }

  /// Patches of image `image` of the set, at most `limit`: `[groups][count][K]`.
  func patches(of input: Tensor, image: Int, limit: Int) -> (values: [Float], count: Int) {
    guard let convolution else { return (input.values, 1) }
    let places = places(image: image, limit: limit)
    let total = groups * places.count * depth
    let values = [Float](unsafeUninitializedCapacity: total) { target, initialized in
      input.values.withUnsafeBufferPointer { source in
        for group in 0..<groups {
          for (index, place) in places.enumerated() {
            let start = (group * places.count + index) * depth
            copy(
              convolution,
              source,
              place,
              group,
              into: UnsafeMutableBufferPointer(rebasing: target[start..<start + depth])
            )
          }
        }
      }
      initialized = total
    }
    return (values, places.count)
  }

  /// Rows and columns of outputs.
  private func places(image: Int, limit: Int) -> [(y: Int, x: Int)] {
    let total = outputHeight * outputWidth
    guard total > limit else {
      return (0..<total).map { ($0 / outputWidth, $0 % outputWidth) }
    }
    return (0..<limit).map { index in
      let term = Double(image * limit + index + 1)
      let (y, x) = (0.754_877_666_246_692_7 * term, 0.569_840_290_998_053_2 * term)
      return (
        min(Int((y - y.rounded(.down)) * Double(outputHeight)), outputHeight - 1),
        min(Int((x - x.rounded(.down)) * Double(outputWidth)), outputWidth - 1)
      )
    }
  }

  private func copy(
    _ op: Convolution,
    _ source: UnsafeBufferPointer<Float>,
    _ place: (y: Int, x: Int),
    _ group: Int,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    let count = op.weights.shape[3]
    let first = group * count
    var at = 0
    for ky in 0..<op.kernelHeight {
      let y = place.y * op.stride.y - op.padding.top + ky * op.dilation.y
      for kx in 0..<op.kernelWidth {
        let x = place.x * op.stride.x - op.padding.left + kx * op.dilation.x
        if (0..<height).contains(y), (0..<width).contains(x) {
          let from = (y * width + x) * op.inputChannels + first
          for c in 0..<count { target[at + c] = source[from + c] }
        } else {
          for c in 0..<count {
            target[at + c] = op.paddingValues.isEmpty ? 0 : op.paddingValues[first + c]
          }
        }
        at += count
      }
    }
  }
}
