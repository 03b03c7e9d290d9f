internal import ModelFormat

/// The input rows of a convolution as runs: every tap of the pixels of an output row lies evenly.
///
/// Where the image's left or right edge is padded, rows are copied between their pads first, each once, into a ring as high as
/// the window. A row above or below the image is a row of pads. Where the pixels of a row lie without gaps, a row of taps is
/// one long tap.
struct InputRows {
  private let input: UnsafePointer<UInt8>
  @Compact private var height: Int
  @Compact private var width: Int
  @Compact private var pixelBytes: Int
  /// Channels of a pixel that are read, in fours.
  @Compact private var quads: Int
  @Compact private var kernelHeight: Int
  @Compact private var kernelWidth: Int
  @Compact private var strideY: Int
  @Compact private var strideX: Int
  @Compact private var dilationY: Int
  @Compact private var dilationX: Int
  @Compact private var padTop: Int
  @Compact private var padLeft: Int
  private let padPixel: UInt32
  private let isCopied: Bool
  private let isMerged: Bool
  /// Pixels of a row of the ring, bytes of such a pixel, and rows of the ring.
  @Compact private var rowPixels: Int
  @Compact private var rowPixelBytes: Int
  @Compact private var ringRows: Int
  /// Bytes of the row of pads, 0 where none is needed.
  @Compact private var padBytes: Int
  @Compact private var padRowOffset: Int
  @Compact private var ringOffset: Int
  @Compact private var tapsOffset: Int

  /// Bytes of the ring above which nothing is gained.
  private static let mostBytes = 128 << 10

  /// Nil where the rows would need too much memory.
  init?(
    _ record: OperatorRecord,
    input: TensorView,
    output: TensorView,
    _ scratch: inout ScratchLayout
  ) {
    self.input = UnsafePointer(input.bytes)
    height = input.height
    width = input.width
    pixelBytes = input.pixelBytes
    let quads = (input.channels + 3) / 4
    self.quads = quads
    kernelHeight = record.kernelHeight
    kernelWidth = record.kernelWidth
    strideY = record.strideY
    strideX = record.strideX
    dilationY = record.dilationY
    dilationX = record.dilationX
    padTop = record.padTop
    padLeft = record.padLeft
    padPixel = record.padPixel
    let span = (record.kernelWidth - 1) * record.dilationX + 1
    let rowPixels = (output.width - 1) * record.strideX + span
    let isPadded = record.padLeft > 0 || rowPixels > input.width
    let isDense = input.pixelBytes == 4 * quads
    let isCopied = isPadded || (!isDense && record.kernelWidth > 1 && record.dilationX == 1)
    self.isCopied = isCopied
    isMerged = record.dilationX == 1 && (isCopied || isDense || record.kernelWidth == 1)
    let rowPixelBytes = isCopied ? 4 * quads : input.pixelBytes
    self.rowPixels = rowPixels
    self.rowPixelBytes = rowPixelBytes
    let ringRows = isCopied ? (record.kernelHeight - 1) * record.dilationY + 1 : 0
    self.ringRows = ringRows
    let windowRows =
      (output.height - 1) * record.strideY + (record.kernelHeight - 1) * record.dilationY + 1
    let hasPadRow = isCopied || record.padTop > 0 || windowRows > input.height
    let padBytes = hasPadRow ? rowPixels * rowPixelBytes : 0
    self.padBytes = padBytes
    guard padBytes + ringRows * rowPixels * rowPixelBytes <= Self.mostBytes else { return nil }
    padRowOffset = scratch.reserve(UInt8.self, padBytes + 64)
    ringOffset = scratch.reserve(UInt8.self, ringRows * rowPixels * rowPixelBytes + 64)
    tapsOffset = scratch.reserve(
      UnsafePointer<UInt8>?.self,
      record.kernelHeight * (isMerged ? 1 : record.kernelWidth)
    )
  }

  var taps: Int { isMerged ? kernelHeight : kernelHeight * kernelWidth }
  /// Groups of four channels of a tap.
  var tapQuads: Int { isMerged ? kernelWidth * quads : quads }
  /// Bytes from an output pixel's tap to the next one's.
  var stepBytes: Int { strideX * rowPixelBytes }

  /// Prepares the scratch memory for a pass from top to bottom.
  @_optimize(speed)
  func start(_ scratch: UnsafeMutableRawPointer) {
    let padRow = scratch.array(UInt32.self, at: padRowOffset)
    for index in 0..<padBytes / 4 { padRow[index] = UInt32(littleEndian: padPixel) }
  }

  /// The taps of the output pixel (y, x).
  ///
  /// `next` is the first input row that is not in the ring yet, 0 at the start of a pass.
  @_optimize(speed)
  func taps(
    _ scratch: UnsafeMutableRawPointer,
    y: Int,
    x: Int,
    shift: Int,
    next: inout Int
  ) -> UnsafePointer<UnsafePointer<UInt8>?> {
    let pointers = scratch.array(UnsafePointer<UInt8>?.self, at: tapsOffset)
    let padRow = UnsafePointer(scratch.array(UInt8.self, at: padRowOffset))
    let top = y * strideY - padTop
    if isCopied { copyRows(scratch, from: top, shift: shift, next: &next) }
    let left = x * strideX * rowPixelBytes
    let ring = UnsafePointer(scratch.array(UInt8.self, at: ringOffset))
    var entry = pointers
    for tap in 0..<kernelHeight {
      let row = top + tap * dilationY
      var at = padRow
      if row >= 0 && row < height {
        at =
          isCopied
          ? ring + row % ringRows * rowPixels * rowPixelBytes
          : input + (shift + row * width * pixelBytes)
      }
      at += left
      for _ in 0..<(isMerged ? 1 : kernelWidth) {
        entry.pointee = at
        entry += 1
        at += dilationX * rowPixelBytes
      }
    }
    return UnsafePointer(pointers)
  }

  /// Copies the rows of the windows that begin in row `top`.
  @_optimize(speed)
  private func copyRows(
    _ scratch: UnsafeMutableRawPointer,
    from top: Int,
    shift: Int,
    next: inout Int
  ) {
    let ring = scratch + ringOffset
    let padRow = scratch + padRowOffset
    let end = min(top + ringRows, height)
    var row = max(next, top)
    let left = min(padLeft, rowPixels)
    let copied = min(width, rowPixels - left)
    let right = rowPixels - left - copied
    while row < end {
      let line = ring + row % ringRows * rowPixels * rowPixelBytes
      let source = UnsafeRawPointer(input) + (shift + row * width * pixelBytes)
      let inside = line + left * rowPixelBytes
      line.copyMemory(from: padRow, byteCount: left * rowPixelBytes)
      if pixelBytes == rowPixelBytes {
        inside.copyMemory(from: source, byteCount: copied * rowPixelBytes)
      } else {
        for pixel in 0..<copied {
          (inside + pixel * rowPixelBytes).copyMemory(
            from: source + pixel * pixelBytes,
            byteCount: rowPixelBytes
          )
        }
      }
      (inside + copied * rowPixelBytes).copyMemory(
        from: padRow,
        byteCount: right * rowPixelBytes
      )
      row += 1
    }
    next = max(next, end)
  }
}
