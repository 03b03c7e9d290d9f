internal import CKernels
internal import ModelFormat

#if arch(x86_64)
/// Depthwise convolution with one of the usual windows, by output rows: FORMAT.md, kind 2.
///
/// A call of the kernel takes some rows of a strip of columns, so that what it reads stays in the first-level cache while it
/// goes over it once a few channels.
struct DepthwiseRows {
  private let output: TensorView
  private let table: ColumnTable
  private let kernel:
    @convention(c) (UnsafePointer<ck_depthwise_rows>?, UnsafePointer<ck_epilogue>?) -> Void
  @Compact private var rowsPerCall: Int
  @Compact private var columnsPerCall: Int
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  private let padPixel: UInt32
  @Compact private var padWords: Int
  private let padOffset: Int
  private let tableOffset: Int

  /// Most columns of a strip.
  private static let strip = 64
  /// Images with more rows than this are cut.
  private static let mostRows = 8
  /// Rows of a call then, fours since vectors may hold as many, and what a vector of their channels may read in bytes.
  private static let (rowsPerCall, bytesPerCall) = (4...16, 20 << 10)

  /// Nil where the kernel set has no kernel for it: then it is for `DepthwiseConvolution`.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    let output = plan.view(record.output)
    guard let kernel = plan.kernels.depthwise_rows,
      record.secondInput == OperatorRecord.noTensor,
      let table = ColumnTable(record, input: input)
    else { return nil }
    self.kernel = kernel
    self.output = output
    self.table = table
    let strips = (output.width + Self.strip - 1) / Self.strip
    let columnsPerCall = ((output.width + strips - 1) / strips + 1) / 2 * 2
    let rowBytes = columnsPerCall * table.stride * table.stride * min(input.channels, 64)
    let fitting = Self.bytesPerCall / rowBytes / 4 * 4
    let most = min(max(Self.rowsPerCall.lowerBound, fitting), Self.rowsPerCall.upperBound)
    let rowsPerCall = output.height > Self.mostRows ? most : output.height
    self.rowsPerCall = rowsPerCall
    self.columnsPerCall = columnsPerCall
    weights = plan.weights(record)
    let taps = table.kernel * table.kernel
    let layout = PackedLayout(depthwiseChannels: input.channels, taps: taps)
    epilogue = plan.epilogue(record, layout, output: output, residual: nil)
    padPixel = record.padPixel
    let padWords = (input.channels + 63) / 64 * 16
    self.padWords = padWords
    padOffset = scratch.reserve(UInt32.self, padWords)
    tableOffset = scratch.reserve(
      UnsafePointer<UInt8>?.self,
      table.count(rows: rowsPerCall, columns: columnsPerCall)
    )
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let pad = share.scratch.array(UInt32.self, at: padOffset)
    for word in 0..<padWords { pad[word] = UInt32(littleEndian: padPixel) }
    let padPointer = UnsafePointer((share.scratch + padOffset).assumingMemoryBound(to: UInt8.self))
    let inputs = share.scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset)
    var ending = epilogue
    let all = share.range(output.height)
    var row = all.lowerBound
    while row < all.upperBound {
      let rows = row..<min(row + rowsPerCall, all.upperBound)
      var column = 0
      while column < output.width {
        let columns = column..<min(column + columnsPerCall, output.width)
        table.fill(inputs, rows: rows, columns: columns, pad: padPointer)
        var call = ck_depthwise_rows(
          input: UnsafePointer(inputs),
          rows: rows.count,
          width: columns.count,
          kernel: table.kernel,
          stride: table.stride,
          weights: weights,
          channels: output.channels,
          output: output.pixel(row * output.width + column),
          pixel_bytes: output.pixelBytes,
          row_bytes: output.width * output.pixelBytes
        )
        kernel(&call, &ending)
        column = columns.upperBound
      }
      row = rows.upperBound
    }
  }
}
#else
typealias DepthwiseRows = AbsentForm
#endif
