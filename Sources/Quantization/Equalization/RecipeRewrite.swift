public import GraphIR

extension QuantizationRecipe {
  /// Rewrites a verified graph into one with the same function that loses less as int8; what was done, a line each.
  public func rewrite(_ graph: inout Graph) -> [String] {
    var notes: [String] = []
    if equalizes {
      let done = CrossLayerEqualization(&graph)
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
