/// Which methods turn a float graph into int8; everything else about a conversion follows from the graph and the images.
public struct QuantizationRecipe: Sendable, Equatable, CustomStringConvertible {
  /// How the range of an activation follows from what was observed of it.
  public var observer = RangeObserver.percentile(RangeObserver.usualPercentile)
  /// How weights become integers.
  public var rounding = WeightRounding.adaptive
  /// How biases take back the mean error that rounding the weights causes.
  public var biasCorrection = BiasCorrection.analytic
  /// Whether channels are scaled so that the ranges of neighbouring layers match.
  public var equalizes = false
  /// Whether biases so high that a ReLU never cuts move into the next layer.
  public var absorbsBias = false
  /// Names of the layers whose outputs keep 16 bits.
  public var wideLayers: Set<String> = []

  /// What `cnnconvert` does where nothing else is asked for.
  public init() {}

  /// The methods by name, such as `percentile:99.99, adaptive rounding, analytic bias correction`.
  public var description: String {
    var methods = [observer.description]
    if rounding != .nearest { methods.append("\(rounding) rounding") }
    if biasCorrection != .none { methods.append("\(biasCorrection) bias correction") }
    if equalizes { methods.append("equalization") }
    if absorbsBias { methods.append("bias absorption") }
    if !wideLayers.isEmpty {
      let names = wideLayers.sorted()
      let rest = names.count > 4 ? " and \(names.count - 4) more" : ""
      methods.append("16 bits after \(names.prefix(4).joined(separator: ", "))\(rest)")
    }
    return methods.joined(separator: ", ")
  }
}

/// How biases take back the mean error that rounding the weights causes.
public enum BiasCorrection: String, Sendable, CaseIterable {
  /// Not at all.
  case none
  /// By `Σ (q × s − w) × E[x]` with the channel means of float runs (Nagel et al. 2019, section 4.2,
  /// https://arxiv.org/abs/1906.04721).
  case analytic
  /// Analytic first, then by the mean outputs of the int8 network so far, a layer after the other (the same, appendix D).
  case empirical
}
