internal import GraphIR

/// A plain chain of convolutions and linear layers, as LeNet-5 and the networks of tutorials are.
///
/// The parameters tell the layers and their order; what lies between is assumed: ReLU after every layer but the last, max
/// pooling of 2 × 2 after every convolution (or after some, where only that fits), padding that keeps the size or none.
/// The first linear layer's size must be reached in exactly one way, or the chain is not recognised.
struct TorchChain {
  /// One layer with parameters.
  struct Layer {
    var name: String
    var shape: [Int]
    var normalization: String?
    /// Modules without parameters that the numbering leaves room for; nil where names are not numbers.
    var room: Int?
  }

  /// How an image becomes the input of the first linear layer.
  struct Geometry: Equatable {
    var channels: Int
    var height: Int
    var width: Int
    /// Padding of each convolution.
    var paddings: [Int]
    /// Whether a pooling follows each convolution.
    var isPooled: [Bool]
  }

  let convolutions: [Layer]
  let linears: [Layer]
  let geometry: Geometry

  /// The chain that the parameters show, for an image of the given size or of a usual one.
  static func recognize(
    _ parameters: PyTorchParameters,
    inputSize: (height: Int, width: Int)?
  ) -> TorchChain? {
    guard let (convolutions, linears) = layers(parameters), let first = linears.first else {
      return nil
    }
    guard !convolutions.isEmpty else {
      guard let geometry = flat(first.shape[1], inputSize) else { return nil }
      return TorchChain(convolutions: [], linears: linears, geometry: geometry)
    }
    let channels = convolutions[0].shape[1]
    let usual = channels == 1 ? [28, 32] : [32, 64, 96, 128, 224]
    let sizes = inputSize.map { [$0] } ?? usual.map { (height: $0, width: $0) }
    for patterns in poolings(convolutions) {
      var fits: [Geometry] = []
      for size in sizes {
        for isPooled in patterns {
          for paddings in paddings(convolutions, isSizeKnown: inputSize != nil) {
            let geometry = Geometry(
              channels: channels,
              height: size.height,
              width: size.width,
              paddings: paddings,
              isPooled: isPooled
            )
            if reaches(first.shape[1], convolutions, geometry), !fits.contains(geometry) {
              fits.append(geometry)
            }
          }
        }
      }
      if fits.count == 1, let geometry = fits.first {
        return TorchChain(convolutions: convolutions, linears: linears, geometry: geometry)
      }
      if fits.count > 1 { return nil }
    }
    return nil
  }

  // MARK: Layers

  /// Convolutions and linear layers in order, each fitting the one before; nil where anything else is found.
  private static func layers(_ parameters: PyTorchParameters) -> ([Layer], [Layer])? {
    var order: [String] = []
    for name in parameters.names {
      guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
      let prefix = String(name[..<dot])
      guard known.contains(String(name[name.index(after: dot)...])) else { return nil }
      if !order.contains(prefix) { order.append(prefix) }
    }
    guard order.count <= 64 else { return nil }
    var found: [Layer] = []
    var normalizations: [(name: String, after: Int)] = []
    for prefix in order {
      guard let shape = parameters.shape(prefix + ".weight") else { return nil }
      if parameters.contains(prefix + ".running_mean"), shape.count == 1 {
        normalizations.append((prefix, found.count - 1))
      } else if shape.count == 4 || shape.count == 2, shape.allSatisfy({ $0 > 0 }) {
        found.append(Layer(name: prefix, shape: shape))
      } else {
        return nil
      }
    }
    for (name, after) in normalizations {
      let number = trailingNumber(name)
      let byNumber = found.firstIndex {
        number != nil && trailingNumber($0.name) == number && $0.normalization == nil
          && $0.shape.count == 4
      }
      let adjacent = after >= 0 && found[after].normalization == nil ? after : nil
      let hasOwnPlace = normalizations.filter { $0.after == after }.count == 1
      guard let index = hasOwnPlace ? adjacent : byNumber,
        parameters.extent(name + ".weight") == found[index].shape[0]
      else { return nil }
      found[index].normalization = name
    }
    guard found.map(\.shape.count) == found.map(\.shape.count).sorted(by: >) else { return nil }
    for (a, b) in zip(found, found.dropFirst()) where a.shape.count == b.shape.count {
      guard a.shape[0] == b.shape[1] else { return nil }
    }
    for index in found.indices.dropLast() {
      found[index].room = room(after: found[index], before: found[index + 1])
    }
    return (found.filter { $0.shape.count == 4 }, found.filter { $0.shape.count == 2 })
  }

  private static let known: Set<String> = [
    "weight", "bias", "running_mean", "running_var", "num_batches_tracked",
  ]

  /// 2 of `bn2`.
  private static func trailingNumber(_ name: String) -> Int? {
    Int(String(name.reversed().prefix { $0.isNumber }.reversed()))
  }

  /// `a.0` and `a.3` leave room for two modules.
  private static func room(after a: Layer, before b: Layer) -> Int? {
    func parts(_ name: String) -> (String, Int)? {
      guard let dot = name.lastIndex(of: "."), let number = Int(name[name.index(after: dot)...])
      else { return nil }
      return (String(name[..<dot]), number)
    }
    guard let (group, from) = parts(a.normalization ?? a.name), let (other, to) = parts(b.name),
      group == other, to > from
    else { return nil }
    return to - from - 1
  }

  // MARK: Geometry

  /// Ways to place poolings, the most usual ones first.
  private static func poolings(_ layers: [Layer]) -> [[[Bool]]] {
    let fixed: [Bool?] = layers.map { layer in layer.room.map { $0 >= 2 } }
    func fits(_ pattern: [Bool]) -> Bool {
      zip(pattern, fixed).allSatisfy { is2, known in known.map { $0 == is2 } ?? true }
    }
    let every = [Bool](repeating: true, count: layers.count)
    if fixed.contains(where: { $0 != nil }) {
      var patterns: [[Bool]] = []
      for last in [true, false] {
        let pattern = fixed.map { $0 ?? last }
        if !patterns.contains(pattern) { patterns.append(pattern) }
      }
      return patterns.map { [$0] }
    }
    guard layers.count <= 8 else { return [[every]] }
    let others = (1..<(1 << layers.count)).map { bits in
      layers.indices.map { bits >> $0 & 1 == 1 }
    }
    return [[every], others.filter { $0 != every && $0.last == true && fits($0) }]
  }

  /// No padding, or padding that keeps the size; for a known size the first layer may differ from the others.
  private static func paddings(_ layers: [Layer], isSizeKnown: Bool) -> [[Int]] {
    let none = [Int](repeating: 0, count: layers.count)
    let same = layers.map { $0.shape[2] / 2 }
    var result = [none]
    if same != none { result.append(same) }
    if isSizeKnown, layers.count > 1 { result.append([same[0]] + none.dropFirst()) }
    return result
  }

  private static func reaches(_ inputs: Int, _ layers: [Layer], _ geometry: Geometry) -> Bool {
    var (height, width) = (geometry.height, geometry.width)
    for (index, layer) in layers.enumerated() {
      height += 2 * geometry.paddings[index] - layer.shape[2] + 1
      width += 2 * geometry.paddings[index] - layer.shape[3] + 1
      if geometry.isPooled[index] { (height, width) = (height / 2, width / 2) }
      guard height > 0, width > 0 else { return false }
    }
    guard let depth = layers.last?.shape[0] else { return false }
    // One pixel could as well be a global pooling of any size.
    return height * width > 1
      && depth.multipliedReportingOverflow(by: height * width) == (inputs, false)
  }

  /// A perceptron's image: square, of one channel or three.
  static func flat(_ inputs: Int, _ size: (height: Int, width: Int)?) -> Geometry? {
    if let size {
      guard size.height > 0, size.width > 0, inputs % (size.height * size.width) == 0 else {
        return nil
      }
      let channels = inputs / (size.height * size.width)
      return Geometry(
        channels: channels,
        height: size.height,
        width: size.width,
        paddings: [],
        isPooled: []
      )
    }
    for channels in [1, 3] where inputs % channels == 0 {
      let side = Int(Double(inputs / channels).squareRoot().rounded())
      if side >= 8, side * side * channels == inputs {
        return Geometry(
          channels: channels,
          height: side,
          width: side,
          paddings: [],
          isPooled: []
        )
      }
    }
    return nil
  }

  // MARK: Building

  /// What was assumed, for the user.
  var assumption: String {
    let pooled = zip(convolutions, geometry.isPooled).filter(\.1).map(\.0.name)
    let padded = zip(convolutions, geometry.paddings).filter { $0.1 > 0 }.map(\.0.name)
    return "the file holds no network; assumed ReLU between layers"
      + (pooled.isEmpty ? "" : ", max pooling 2 × 2 after \(pooled.joined(separator: ", "))")
      + (padded.isEmpty ? "" : ", padding that keeps the size in \(padded.joined(separator: ", "))")
      + "; use --architecture where that is wrong"
  }

  /// Builds the layers.
  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = input
    for (index, layer) in convolutions.enumerated() {
      x = try network.convolution(x, layer.name, padding: geometry.paddings[index])
      if let name = layer.normalization { x = try network.normalization(x, name) }
      if layer.room != 0 { x = try network.relu(x, layer.name + ".relu") }
      if geometry.isPooled[index] {
        x = try network.maxPool(x, layer.name + ".pool", kernel: 2, stride: 2)
      }
    }
    for (index, layer) in linears.enumerated() {
      x = try network.linear(x, layer.name)
      if let name = layer.normalization { x = try network.normalization(x, name) }
      if index + 1 < linears.count, layer.room != 0 {
        x = try network.relu(x, layer.name + ".relu")
      }
    }
    return x
  }
}
