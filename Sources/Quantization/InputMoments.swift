internal import GraphIR

/// First and second moments of a layer's patches, a group at a time: sums of x and of x xᵀ.
struct InputMoments: Sendable {
  /// K, values of a patch.
  let depth: Int
  /// Groups with moments of their own.
  let groups: Int
  /// Patches of each group so far.
  private(set) var count = 0
  private var sums: [Double]
  /// `[groups][K][K]`, of which the upper triangles count.
  private var products: [Float]

  /// Bytes that moments of this size take.
  static func bytes(depth: Int, groups: Int) -> Int {
    groups * depth * (4 * depth + 8)
  }

  /// Nothing seen.
  init(depth: Int, groups: Int) {
    (self.depth, self.groups) = (depth, groups)
    sums = [Double](repeating: 0, count: groups * depth)
    products = [Float](repeating: 0, count: groups * depth * depth)
  }

  /// Adds `count` patches of every group, `[groups][count][K]`.
  mutating func add(_ patches: [Float], count: Int) {
    self.count += count
    patches.withUnsafeBufferPointer { patches in
      for group in 0..<groups {
        let start = group * count * depth
        let part = UnsafeBufferPointer(rebasing: patches[start..<start + count * depth])
        addSums(part, group: group)
        products.withUnsafeMutableBufferPointer { products in
          let target = products[group * depth * depth..<(group + 1) * depth * depth]
          addGram(
            of: part,
            rows: count,
            columns: depth,
            to: UnsafeMutableBufferPointer(rebasing: target)
          )
        }
      }
    }
  }

  private mutating func addSums(_ patches: UnsafeBufferPointer<Float>, group: Int) {
    let depth = depth
    sums.withUnsafeMutableBufferPointer { sums in
      for start in stride(from: 0, to: patches.count, by: depth) {
        for k in 0..<depth { sums[group * depth + k] += Double(patches[start + k]) }
      }
    }
  }

  /// What rounding is measured by: the second moments of a group's patches, about their mean if `isCentred`, both triangles.
  ///
  /// Few patches tell less than they seem to: off the diagonal, moments are shrunk by the share that a sample of this size would show
  /// by chance, `Σ (cᵢᵢ cⱼⱼ + cᵢⱼ²) ÷ (n Σ cᵢⱼ²)` over i ≠ j (Schäfer and Strimmer 2005, https://doi.org/10.2202/1544-6115.1175,
  /// with the variances of a normal distribution). A thousandth of the mean is added on the diagonal, so that the matrix is positive definite.
  func matrix(group: Int, isCentred: Bool) -> [Float] {
    let n = Double(max(1, count))
    let base = group * depth * depth
    var matrix = [Float](repeating: 0, count: depth * depth)
    let means = sums[group * depth..<(group + 1) * depth].map { $0 / n }
    for i in 0..<depth {
      let row = base + i * depth
      for j in i..<depth {
        let centre = isCentred ? means[i] * means[j] : 0
        matrix[i * depth + j] = Float(Double(products[row + j]) / n - centre)
      }
    }
    let variances = (0..<depth).map { max(0, Double(matrix[$0 * depth + $0])) }
    let (total, squares) = (variances.reduce(0, +), variances.reduce(0) { $0 + $1 * $1 })
    var shared = 0.0
    for i in 0..<depth {
      for j in i + 1..<max(i + 1, depth) {
        shared += 2 * Double(matrix[i * depth + j]) * Double(matrix[i * depth + j])
      }
    }
    let chance = (total * total - squares + shared) / n
    let kept = shared > 0 ? Float(1 - min(1, chance / shared)) : 0
    let least = Float(max(total / Double(depth) / 1000, 1e-20))
    for i in 0..<depth {
      matrix[i * depth + i] = Float(variances[i]) + least
      for j in i + 1..<max(i + 1, depth) {
        let value = matrix[i * depth + j] * kept
        matrix[i * depth + j] = value
        matrix[j * depth + i] = value
      }
    }
    return matrix
  }
}
