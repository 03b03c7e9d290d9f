internal import ModelFormat

/// Scales luma and colour differences each by itself, rows first, and makes light of the output's pixels only.
///
/// Three steps of one rounding each: a weighted sum of source rows to levels in 2⁻⁶ (`blend`), one of its columns to the
/// same (`dot`), and the conversion (`color`). The weights (`SampleWeights`) see each component with the samples it has: a
/// difference that stands for 2 × 2 pixels is never copied to them. Planes whose components lie beside each other (YUYV)
/// are summed as they lie; the columns' weights have zeros for the others.
struct PlanarScaler: ~Copyable {
  /// One component of the source.
  private struct Component {
    let layout: SampleLayout
    let columns: SampleWeights
    /// An output row: levels in 2⁻⁶.
    let row: UnsafeMutableBufferPointer<Int16>

    /// The bytes of a plane's row that it is made of.
    var bytes: Range<Int> {
      let last = (columns.end - 1) * layout.step + layout.offset
      return columns.first * layout.step + layout.offset..<last + 1
    }
  }

  /// One plane of the source.
  private struct Plane {
    let rows: SampleWeights
    /// The bytes of a row that are read.
    let bytes: Range<Int>
    /// Their sums over rows, and after them zeros that `dot` may read.
    let sums: UnsafeMutableBufferPointer<Int16>
    /// The rows of one sum.
    let taps: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>
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
    let components = layouts.map { layout in
      Component(
        layout: layout,
        columns: SampleWeights(
          columns,
          filter: filter,
          samplePixels: layout.columns,
          step: layout.step,
          multiple: kernels.multiple
        ),
        row: .allocate(capacity: columns.keptCount)
      )
    }
    var planes: [Plane] = []
    var needed = 0
    for index in 0...2 {
      let parts = components.filter { $0.layout.plane == index }
      guard var bytes = parts.first?.bytes, let pixels = parts.first?.layout.rows else { break }
      var slack = 0
      for part in parts {
        let range = part.bytes
        bytes = min(bytes.lowerBound, range.lowerBound)..<max(bytes.upperBound, range.upperBound)
        slack = max(slack, part.columns.stride)
      }
      let weights = SampleWeights(rows, filter: filter, samplePixels: pixels, step: 1, multiple: 2)
      let plane = Plane(
        rows: weights,
        bytes: bytes,
        sums: .allocate(capacity: bytes.count + slack),
        taps: .allocate(capacity: weights.stride)
      )
      needed = max(needed, weights.end * pixels)
      plane.sums.initialize(repeating: 0)
      plane.taps.initialize(repeating: nil)
      planes.append(plane)
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
      let weights = plane.rows.weights.baseAddress, let taps = plane.taps.baseAddress,
      let sums = plane.sums.baseAddress
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
      sums,
      plane.bytes.count
    )
  }

  private func scale(_ index: Int) {
    let component = components[index]
    let plane = planes[component.layout.plane]
    guard let sums = plane.sums.baseAddress, let starts = component.columns.starts.baseAddress,
      let weights = component.columns.weights.baseAddress, let row = component.row.baseAddress
    else { return }
    kernels.dot(
      sums + component.bytes.lowerBound - plane.bytes.lowerBound,
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
