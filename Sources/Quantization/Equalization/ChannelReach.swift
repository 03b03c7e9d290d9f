public import GraphIR

/// The largest magnitude of every channel of every value, over a few images.
public enum ChannelReach {
  /// Images that are run, spread over the set.
  public static let images = 16

  /// Runs a verified graph in float.
  ///
  /// - Throws: `QuantizationError` for an image that does not load.
  public static func measure(
    _ graph: Graph,
    _ images: CalibrationImages
  ) throws(QuantizationError) -> [ValueID: [Float]] {
    let evaluator = FloatEvaluator(graph)
    let count = min(Self.images, images.count)
    var reach: [ValueID: [Float]] = [:]
    for position in 0..<count {
      let index = position * images.count / count
      let image: Tensor
      do { image = try images.load(index) } catch {
        throw .image(index: index, problem: "\(error)")
      }
      do throws(GraphError) {
        _ = try evaluator.run([image]) { node, tensor in
          let channels = max(1, tensor.shape.last ?? 1)
          var largest = reach[node.output] ?? [Float](repeating: 0, count: channels)
          for (at, value) in tensor.values.enumerated() {
            largest[at % channels] = max(largest[at % channels], abs(value))
          }
          reach[node.output] = largest
        }
      } catch { throw .graph(error.description) }
    }
    return reach
  }
}
