public import GraphIR

extension QuantizationRecipe {
  /// Rewrites a verified graph into one with the same function that loses less as int8; what was done, a line each.
  ///
  /// - Throws: `QuantizationError` for an image that does not load.
  public func rewrite(
    _ graph: inout Graph,
    _ images: CalibrationImages
  ) throws(QuantizationError) -> [String] {
    var notes: [String] = []
    if equalizes {
      let done = CrossLayerEqualization(
        &graph,
        reach: try ChannelReach.measure(graph, images)
      )
      notes.append(
        "equalization: \(done.scaledGroups) groups of channels divided by \(done.leastScale)…\(done.largestScale)"
      )
    }
    if absorbsBias {
      let done = HighBiasAbsorption(&graph)
      notes.append("bias absorption: \(done.channels) channels")
    }
    return notes
  }
}
