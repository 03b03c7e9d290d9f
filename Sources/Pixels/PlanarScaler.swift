internal import ModelFormat

/// Scales luma and colour differences each by itself, rows first, and makes light of the output's pixels only.
///
/// Three steps of one rounding each: a weighted sum of source rows to levels in 2⁻⁶ (`blend`), one of its columns to the
/// same (`dot`), and the conversion (`color`). The weights (`SampleWeights`) see each component with the samples it has: a
/// difference that stands for 2 × 2 pixels is never copied to them. Planes whose components lie beside each other (YUYV)
/// are summed as they lie, and the sums then taken apart (`split`).
struct PlanarScaler: ~Copyable {
  /// One component of the source.
  private struct Component {
    let columns: SampleWeights
    /// The sums from its first sample on, and behind all of them as many that `dot` may read.
    let sums: UnsafePointer<Int16>
    /// An output row: levels in 2⁻⁶.
    let row: UnsafeMutableBufferPointer<Int16>
  }

  /// One plane of the source.
  private struct Plane {
    let rows: SampleWeights
    /// The bytes of a row that are read: of all components the same samples.
    let bytes: Range<Int>
    /// Their sums over rows, and behind them what is taken apart.
    let sums: UnsafeMutablePointer<Int16>
    let halves: Split?
    let quarters: Split?
    /// The rows of one sum.
    let taps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
  }

  /// Every second of `2 * count` sums, and the others.
  private struct Split {
    let from: UnsafePointer<Int16>
    let even: UnsafeMutablePointer<Int16>
    let odd: UnsafeMutablePointer<Int16>
    let count: Int

    /// Of `sums`, to places behind each other.
    init(_ sums: UnsafeMutablePointer<Int16>, count: Int, to place: UnsafeMutablePointer<Int16>) {
      from = UnsafePointer(sums)
      even = place
      odd = place + count
      self.count = count
    }
  }

  /// Source rows, from the first on, that are read: whole ones of every component.
  let neededRows: Int
  private let kernels: PixelKernels
  private let components: UnsafeMutableBufferPointer<Component>
  private let planes: UnsafeMutableBufferPointer<Plane>
  private let coefficients: ColorEncoding.Coefficients
  private let keptRows: Int
  private let line: UnsafeMutableBufferPointer<UInt32>

  /// A scaler for one component, luma, or all three.
  init(
    _ layouts: [SampleLayout],
    rows: AxisGeometry,
    columns: AxisGeometry,
    filter: InputContract.Filter,
    encoding: ColorEncoding,
    kernels: PixelKernels
  ) {
    self.kernels = kernels
    var components: [Component] = []
    var planes: [Plane] = []
    var needed = 0
    for index in 0...2 {
      let parts = layouts.filter { $0.plane == index }
      guard let pixels = parts.first?.rows else { break }
      let weights = parts.map {
        SampleWeights(
          columns,
          filter: filter,
          samplePixels: $0.columns,
          multiple: kernels.multiple
        )
      }
      let rowWeights = SampleWeights(rows, filter: filter, samplePixels: pixels, multiple: 2)
      let plane = Self.plane(parts, weights, rows: rowWeights)
      needed = max(needed, rowWeights.end * pixels)
      planes.append(plane)
      for (part, columns) in zip(parts, weights) {
        let split = part.step == 1 ? nil : part.step == 2 ? plane.halves : plane.quarters
        // The last step takes apart what lies half a step apart.
        let isOdd = part.offset >= max(part.step / 2, 1)
        let sums = split.map { isOdd ? $0.odd : $0.even } ?? plane.sums
        components.append(
          Component(
            columns: columns,
            sums: UnsafePointer(sums) + (columns.first - plane.bytes.lowerBound / part.step),
            row: .allocate(capacity: columns.starts.count)
          )
        )
      }
    }
    self.components = .allocate(capacity: components.count)
    _ = self.components.initialize(from: components)
    self.planes = .allocate(capacity: planes.count)
    _ = self.planes.initialize(from: planes)
    neededRows = needed
    coefficients = encoding.coefficients
    keptRows = rows.keptCount
    line = .allocate(capacity: columns.keptCount)
  }

  /// A plane of components that lie 1, 2 or 4 bytes apart.
  private static func plane(
    _ parts: [SampleLayout],
    _ weights: [SampleWeights],
    rows: SampleWeights
  ) -> Plane {
    let group = parts.reduce(1) { max($0, $1.step) }
    var (first, end, slack) = (Int.max, 0, 0)
    for (part, columns) in zip(parts, weights) {
      first = min(first, columns.first * part.step / group)
      end = max(end, (columns.end * part.step + group - 1) / group)
      slack = max(slack, columns.stride)
    }
    let count = (end - first) * group
    let taken = group == 1 ? 0 : group == 2 ? count : count + count / 2
    let sums = UnsafeMutablePointer<Int16>.allocate(capacity: count + taken + slack)
    sums.initialize(repeating: 0, count: count + taken + slack)
    let halves = Split(sums, count: count / 2, to: sums + count)
    // Differences are all in one half.
    let isOdd = parts.contains { $0.step == 4 && $0.offset % 2 == 1 }
    let half = isOdd ? halves.odd : halves.even
    let quarters = Split(half, count: count / 4, to: sums + 2 * count)
    let taps = UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>.allocate(capacity: rows.stride)
    taps.initialize(repeating: nil)
    return Plane(
      rows: rows,
      bytes: first * group..<end * group,
      sums: sums,
      halves: group > 1 ? halves : nil,
      quarters: group > 2 ? quarters : nil,
      taps: taps
    )
  }

  deinit {
    for component in components {
      component.columns.deallocate()
      component.row.deallocate()
    }
    for plane in planes {
      plane.rows.deallocate()
      plane.sums.deallocate()
      plane.taps.deallocate()
    }
    components.deallocate()
    planes.deallocate()
    line.deallocate()
  }

  /// Hands each output row, top to bottom as the source has them, to `body`: a pixel is 0x00BBGGRR, or luma alone.
  func forEachRow(
    _ source: PixelPlanes,
    _ body: (_ row: Int, _ pixels: UnsafeBufferPointer<UInt32>) -> Void
  ) {
    for row in 0..<keptRows {
      for index in planes.indices { sum(index, source.plane(index), row) }
      for index in components.indices { scale(index) }
      finish()
      body(row, UnsafeBufferPointer(line))
    }
  }

  private func sum(_ index: Int, _ source: PixelPlanes.Plane, _ row: Int) {
    let plane = planes[index]
    guard let base = source.bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
      let weights = plane.rows.weights.baseAddress, let taps = plane.taps.baseAddress
    else { return }
    let first = plane.rows.first + Int(plane.rows.starts[row])
    let count = plane.rows.count(row)
    for tap in 0..<count {
      taps[tap] = UnsafePointer(base + (first + tap) * source.rowStride + plane.bytes.lowerBound)
    }
    kernels.blend(
      taps,
      weights + row * plane.rows.stride,
      count,
      plane.sums,
      plane.bytes.count
    )
    if let halves = plane.halves { take(halves) }
    if let quarters = plane.quarters { take(quarters) }
  }

  private func take(_ split: Split) {
    kernels.split(split.from, split.even, split.odd, split.count)
  }

  private func scale(_ index: Int) {
    let component = components[index]
    guard let starts = component.columns.starts.baseAddress,
      let weights = component.columns.weights.baseAddress, let row = component.row.baseAddress
    else { return }
    kernels.dot(
      component.sums,
      starts,
      weights,
      component.columns.stride,
      row,
      component.row.count
    )
  }

  private func finish() {
    guard let pixels = line.baseAddress, let luma = components[0].row.baseAddress else { return }
    if components.count == 3, let blue = components[1].row.baseAddress,
      let red = components[2].row.baseAddress
    {
      kernels.color(luma, blue, red, coefficients, pixels, line.count)
    } else {
      PortablePixelKernels.grey(luma, coefficients, pixels, line.count)
    }
  }
}
