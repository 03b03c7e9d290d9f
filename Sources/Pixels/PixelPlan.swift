public import ModelFormat

/// Turns images of one size and format into a model's u8 input; everything that can fail or allocate happens in `init`.
///
/// Everything is computed in integers, so the input has the same bits on every machine. RGB and grey images are scaled as
/// Pillow's `Image.resize` does, whose results for `Filter.antialiased` these are (`PackedScaler`); a model of one channel
/// gets luma, `(19595 R + 38470 G + 7471 B + 32768) >> 16` (ITU-R BT.601), taken before scaling. Images of luma and colour
/// differences are scaled component by component, and become light as `ColorEncoding` says after that (`PlanarScaler`).
///
/// A region of the image is treated as if it were the whole. A turned image is the turned result: the source is always
/// scaled along its own rows and columns.
public struct PixelPlan: ~Copyable {
  /// Rows of the images that are converted.
  public let sourceHeight: Int
  /// Columns of the images that are converted.
  public let sourceWidth: Int
  /// How their pixels lie in memory.
  public let format: PixelFormat
  /// What the images become.
  public let contract: InputContract
  /// How they are turned.
  public let orientation: Orientation

  enum Scaler: ~Copyable {
    case packed(PackedScaler)
    case planar(PlanarScaler)
  }

  private let scaler: Scaler
  private let rows: AxisGeometry
  private let columns: AxisGeometry

  /// A plan for images of `sourceHeight` × `sourceWidth` pixels, of which `region`, or all, is turned by `orientation`.
  ///
  /// `encoding` says what luma and differences mean; other formats ignore it. All `kernels` give the same bits. Memory: the weights (about twice the source's
  /// sides), and for RGB ⌈2 × reduction⌉ + 1 rows of the input.
  /// Throws `PixelError` where the contract takes no images or a size is out of range.
  public init(
    sourceHeight: Int,
    sourceWidth: Int,
    format: PixelFormat = .rgb,
    contract: InputContract,
    region: PixelRegion? = nil,
    orientation: Orientation = .upright,
    encoding: ColorEncoding = .camera,
    kernels: PixelKernels = .best
  ) throws(PixelError) {
    let geometry = try ImageGeometry(
      height: sourceHeight,
      width: sourceWidth,
      region: region,
      orientation: orientation,
      contract: contract
    )
    if let samples = format.samples {
      scaler = .planar(
        PlanarScaler(
          contract.channels == 1 ? [samples.luma] : [samples.luma, samples.blue, samples.red],
          rows: geometry.rows,
          columns: geometry.columns,
          filter: contract.filter,
          encoding: encoding,
          kernels: kernels
        )
      )
    } else {
      scaler = .packed(
        try PackedScaler(
          format,
          width: sourceWidth,
          channels: contract.channels,
          rows: geometry.rows,
          columns: geometry.columns,
          filter: contract.filter
        )
      )
    }
    rows = geometry.rows
    columns = geometry.columns
    self.sourceHeight = sourceHeight
    self.sourceWidth = sourceWidth
    self.format = format
    self.contract = contract
    self.orientation = orientation
  }

  // Embedded Swift lets no other module see what else would be destroyed: this is called instead.
  deinit {}

  /// Rows of an image, from its first on, that `convert` reads; perhaps more than it has.
  public var neededRows: Int {
    switch scaler {
    case .packed(let packed): packed.neededRows
    case .planar(let planar): planar.neededRows
    }
  }

  /// By how much images may be reduced before they are converted, as JPEG decoders do at little cost: 8, 4, 2 or 1.
  ///
  /// The reduced image has at least as many rows and columns as it is scaled to.
  /// Throws `PixelError` as the initializer does.
  public static func reduction(
    sourceHeight: Int,
    sourceWidth: Int,
    contract: InputContract,
    region: PixelRegion? = nil,
    orientation: Orientation = .upright
  ) throws(PixelError) -> Int {
    let geometry = try ImageGeometry(
      height: sourceHeight,
      width: sourceWidth,
      region: region,
      orientation: orientation,
      contract: contract
    )
    for reduction in [8, 4, 2] {
      let (rows, columns) = (geometry.rows, geometry.columns)
      if Int64(rows.sourceLength / reduction) >= rows.scaledLength
        && Int64(columns.sourceLength / reduction) >= columns.scaledLength
      {
        return reduction
      }
    }
    return 1
  }

  /// Converts one image: `source` holds rows of pixels in the plan's format, `rowStride` bytes apart, planes one after
  /// another as V4L2 lays them out.
  ///
  /// Channel c of the model's pixel (y, x) is written to `destination[(y × width + x) × pixelStride + c]`; lanes between
  /// channels and `pixelStride` are left alone. Allocates nothing.
  /// Traps if a buffer is too small for the sizes of the plan, or a stride for what it strides over.
  public mutating func convert(
    _ source: UnsafeBufferPointer<UInt8>,
    rowStride: Int,
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) {
    let planes = PixelPlanes(
      UnsafeRawBufferPointer(source),
      rowStride: rowStride,
      height: sourceHeight,
      format: format
    )
    convert(planes, into: destination, pixelStride: pixelStride)
  }

  /// Converts one image whose rows have no gaps, as the other `convert` does.
  public mutating func convert(
    _ source: [UInt8],
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) {
    source.withUnsafeBufferPointer {
      convert(
        $0,
        rowStride: format.rowBytes(width: sourceWidth, plane: 0),
        into: destination,
        pixelStride: pixelStride
      )
    }
  }

  /// Converts one image whose planes lie anywhere, as the other `convert` does.
  public mutating func convert(
    _ source: PixelPlanes,
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) {
    let channels = contract.channels
    let pixels = contract.height * contract.width
    precondition(
      source.hold(height: sourceHeight, width: sourceWidth, format: format),
      "source too small"
    )
    precondition(pixelStride >= channels, "pixels overlap")
    precondition(
      destination.count >= (pixels - 1) * pixelStride + channels,
      "destination too small"
    )
    fillBorder(destination, pixelStride)
    switch scaler {
    case .packed(let packed):
      packed.forEachRow(source, width: sourceWidth) { row, line in
        place(line, row, destination, pixelStride)
      }
    case .planar(let planar):
      planar.forEachRow(source) { row, line in place(line, row, destination, pixelStride) }
    }
  }

  static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    let sum = 19_595 * UInt32(red) + 38_470 * UInt32(green) + 7_471 * UInt32(blue) + 32_768
    return UInt8(truncatingIfNeeded: sum >> 16)
  }

  /// Which rows and columns of the model's input the image fills.
  private var filled: (rows: Range<Int>, columns: Range<Int>) {
    let rowRange = rows.outputStart..<rows.outputStart + rows.keptCount
    let columnRange = columns.outputStart..<columns.outputStart + columns.keptCount
    return orientation.swapsAxes ? (columnRange, rowRange) : (rowRange, columnRange)
  }

  /// Writes the letterbox colour wherever the image will not.
  private func fillBorder(_ destination: UnsafeMutableBufferPointer<UInt8>, _ pixelStride: Int) {
    let (imageRows, imageColumns) = filled
    guard imageRows.count < contract.height || imageColumns.count < contract.width else { return }
    let color = contract.letterboxColor
    let red = UInt8(truncatingIfNeeded: color)
    let green = UInt8(truncatingIfNeeded: color >> 8)
    let blue = UInt8(truncatingIfNeeded: color >> 16)
    for y in 0..<contract.height {
      for x in 0..<contract.width where !(imageRows.contains(y) && imageColumns.contains(x)) {
        let at = (y * contract.width + x) * pixelStride
        if contract.channels == 1 {
          destination[at] = Self.luma(red, green, blue)
        } else {
          destination[at] = red
          destination[at + 1] = green
          destination[at + 2] = blue
        }
      }
    }
  }

  /// Writes a scaled row of the source where it belongs: to a row or a column of the input, perhaps backwards.
  @_optimize(speed)
  private func place(
    _ line: UnsafeBufferPointer<UInt32>,
    _ row: Int,
    _ destination: UnsafeMutableBufferPointer<UInt8>,
    _ pixelStride: Int
  ) {
    let swaps = orientation.swapsAxes
    let rowsRunBack = swaps ? orientation.reversesColumns : orientation.reversesRows
    let columnsRunBack = swaps ? orientation.reversesRows : orientation.reversesColumns
    let down = rows.outputStart + (rowsRunBack ? rows.keptCount - 1 - row : row)
    let across = columns.outputStart + (columnsRunBack ? columns.keptCount - 1 : 0)
    let start = swaps ? across * contract.width + down : down * contract.width + across
    let step = (swaps ? contract.width : 1) * (columnsRunBack ? -pixelStride : pixelStride)
    var at = start * pixelStride
    if contract.channels == 1 {
      for pixel in line {
        destination[at] = UInt8(truncatingIfNeeded: pixel)
        at &+= step
      }
      return
    }
    // Behind the last pixel there may be no fourth byte.
    var first = 0
    if step == 4, let from = line.baseAddress, let to = destination.baseAddress {
      first = line.count - 1
      Self.placeWords(from, first, UnsafeMutableRawPointer(to + at))
      at &+= 4 &* first
    }
    for index in first..<line.count {
      let pixel = line[index]
      destination[at] = UInt8(truncatingIfNeeded: pixel)
      destination[at &+ 1] = UInt8(truncatingIfNeeded: pixel >> 8)
      destination[at &+ 2] = UInt8(truncatingIfNeeded: pixel >> 16)
      at &+= step
    }
  }

  /// Writes pixels of four bytes each, but leaves the fourth as it is.
  @_optimize(speed)
  private static func placeWords(
    _ line: UnsafePointer<UInt32>,
    _ count: Int,
    _ destination: UnsafeMutableRawPointer
  ) {
    let mask = (0xFF_FFFF as UInt32).littleEndian
    for index in 0..<count {
      let at = 4 &* index
      let kept = destination.loadUnaligned(fromByteOffset: at, as: UInt32.self) & ~mask
      let word = kept | line[index].littleEndian & mask
      destination.storeBytes(of: word, toByteOffset: at, as: UInt32.self)
    }
  }
}
