internal import ModelFormat

/// The input rows of a convolution as runs: every tap of the pixels of output rows lies evenly.
///
/// Where the image is padded, the rows of a few output rows at a time are copied between their pads first, each once. Where the
/// pixels of a row lie without gaps, a row of taps is one long tap.
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
  /// Pixels of a row, bytes of such a pixel, and most output rows whose inputs are there at once.
  @Compact private var rowPixels: Int
  @Compact private var rowPixelBytes: Int
  @Compact private var mostRows: Int
  @Compact private var copyOffset: Int
  @Compact private var padRowOffset: Int
  @Compact private var tapsOffset: Int

  /// Bytes of copied rows above which nothing is gained, and that leave room in the first-level cache.
  private static let (mostBytes, cachedBytes) = (128 << 10, 24 << 10)
  /// With fewer output rows, moving the input rows that they share takes longer than what calls cost.
  private static let leastRows = 4

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
    let columns = (record.kernelWidth - 1) * record.dilationX + 1
    let rowPixels = (output.width - 1) * record.strideX + columns
    let windowRows = (record.kernelHeight - 1) * record.dilationY + 1
    let rows = (output.height - 1) * record.strideY + windowRows
    let isPadded =
      record.padLeft > 0 || rowPixels > input.width || record.padTop > 0 || rows > input.height
    let isDense = input.pixelBytes == 4 * quads
    let isCopied = isPadded || (!isDense && record.kernelWidth > 1 && record.dilationX == 1)
    self.isCopied = isCopied
    isMerged = record.dilationX == 1 && (isCopied || isDense || record.kernelWidth == 1)
    self.rowPixels = isCopied ? rowPixels : input.width
    rowPixelBytes = isCopied ? 4 * quads : input.pixelBytes
    let rowBytes = rowPixels * 4 * quads
    // As many as the cache holds, but not too few, if there is room.
    let least = windowRows + (Self.leastRows - 1) * record.strideY
    let capacity = min(rows, max(Self.cachedBytes / rowBytes, least), Self.mostBytes / rowBytes - 1)
    guard !isCopied || capacity >= windowRows else { return nil }
    mostRows = isCopied ? (capacity - windowRows) / record.strideY + 1 : output.height
    // Behind the last row are the left pads of another.
    copyOffset = scratch.reserve(UInt8.self, isCopied ? (capacity + 1) * rowBytes + 64 : 0)
    padRowOffset = scratch.reserve(UInt8.self, isCopied ? rowBytes : 0)
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

  /// Bytes from an output row's taps to the next one's.
  var lineBytes: Int { strideY * rowBytes }
  private var rowBytes: Int { rowPixels * rowPixelBytes }

  /// How far a pass from top to bottom has come.
  struct Pass {
    /// The input row that was copied first.
    fileprivate var top = 0
    /// The first input row that is not there yet.
    fileprivate var next = Int.min
  }

  /// Prepares the scratch memory for passes.
  @_optimize(speed)
  func start(_ scratch: UnsafeMutableRawPointer) {
    guard isCopied else { return }
    let padRow = scratch.array(UInt32.self, at: padRowOffset)
    for index in 0..<rowBytes / 4 { padRow[index] = UInt32(littleEndian: padPixel) }
  }

  /// Makes the inputs of output rows from `y` on ready, as many as there is room for, at most `count`.
  ///
  /// - Returns: the taps of pixel x of row y, and the number of rows.
  @_optimize(speed)
  func taps(
    _ scratch: UnsafeMutableRawPointer,
    y: Int,
    count: Int,
    x: Int,
    _ pass: inout Pass
  ) -> (pointers: UnsafeMutablePointer<UnsafePointer<UInt8>?>, rows: Int) {
    let rows = min(count, mostRows)
    let top = y * strideY - padTop
    var line: UnsafePointer<UInt8>
    if isCopied {
      line = UnsafePointer(scratch.array(UInt8.self, at: copyOffset))
      let end = top + (rows - 1) * strideY + (kernelHeight - 1) * dilationY + 1
      copyRows(scratch, top..<end, &pass)
    } else {
      line = input + top * rowBytes
    }
    line += x * strideX * rowPixelBytes
    let pointers = scratch.array(UnsafePointer<UInt8>?.self, at: tapsOffset)
    var entry = pointers
    for _ in 0..<kernelHeight {
      var at = line
      for _ in 0..<(isMerged ? 1 : kernelWidth) {
        entry.pointee = at
        entry += 1
        at += dilationX * rowPixelBytes
      }
      line += dilationY * rowBytes
    }
    return (pointers, rows)
  }

  /// Copies the rows, moving those that are there already.
  @_optimize(speed)
  private func copyRows(
    _ scratch: UnsafeMutableRawPointer,
    _ rows: Range<Int>,
    _ pass: inout Pass
  ) {
    let start = scratch + copyOffset
    let padRow = scratch + padRowOffset
    let first = max(pass.next, rows.lowerBound)
    if first > rows.lowerBound && rows.lowerBound > pass.top {
      let moved = start + (rows.lowerBound - pass.top) * rowBytes
      start.copyMemory(from: moved, byteCount: (first - rows.lowerBound) * rowBytes)
    }
    pass = Pass(top: rows.lowerBound, next: max(pass.next, rows.upperBound))
    let left = min(padLeft, rowPixels)
    let copied = min(width, rowPixels - left)
    let pads = (rowPixels - copied) * rowPixelBytes
    let line = start + (first - rows.lowerBound) * rowBytes
    line.copyMemory(from: padRow, byteCount: left * rowPixelBytes)
    // Pads at the right end of a row and the left end of the next are one piece.
    var inside = line + left * rowPixelBytes
    var row = first
    while row < rows.upperBound {
      defer {
        row += 1
        inside += rowBytes
      }
      guard row >= 0 && row < height else {
        inside.copyMemory(from: padRow, byteCount: rowBytes)
        continue
      }
      let source = UnsafeRawPointer(input) + row * width * pixelBytes
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
      (inside + copied * rowPixelBytes).copyMemory(from: padRow, byteCount: pads)
    }
  }
}
