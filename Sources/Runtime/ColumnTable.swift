internal import CKernels
internal import ModelFormat

/// The indirection of a depthwise convolution by rows: for each column and row that windows of a run of output pixels cover,
/// where its input pixel lies.
struct ColumnTable {
  private let base: UnsafePointer<UInt8>
  @Compact private var pixelBytes: Int
  @Compact private var height: Int
  @Compact private var width: Int
  @Compact private(set) var kernel: Int
  @Compact private(set) var stride: Int
  @Compact private var padTop: Int
  @Compact private var padLeft: Int

  /// The table of a convolution whose windows `ck_depthwise_rows` can take; nil for another.
  init?(_ record: OperatorRecord, input: TensorView) {
    guard record.kernelHeight == record.kernelWidth,
      record.kernelHeight == 3 || record.kernelHeight == 5,
      record.strideY == record.strideX, record.strideY <= 2,
      record.dilationY == 1, record.dilationX == 1
    else { return nil }
    base = UnsafePointer(input.bytes)
    pixelBytes = input.pixelBytes
    height = input.height
    width = input.width
    kernel = record.kernelHeight
    stride = record.strideY
    padTop = record.padTop
    padLeft = record.padLeft
  }

  /// Input rows of `rows` output rows, as many as there must be pointers for.
  func inputRows(_ rows: Int) -> Int { covered(rows, Int(CK_ROWS)) }

  /// Pointers of `rows` × `columns` output pixels.
  func count(rows: Int, columns: Int) -> Int {
    inputRows(rows) * covered(columns, Int(CK_ROW_PIXELS))
  }

  /// What the windows of a number of outputs, rounded up to a multiple, cover along an axis.
  private func covered(_ outputs: Int, _ multiple: Int) -> Int {
    ((outputs + multiple - 1) / multiple * multiple - 1) * stride + kernel
  }

  /// Writes `table[column × inputRows + row]` for these output pixels; what lies outside the input gives `pad`.
  @_optimize(speed)
  @inline(never)
  func fill(
    _ table: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
    rows: Range<Int>,
    columns: Range<Int>,
    pad: UnsafePointer<UInt8>
  ) {
    let inputRows = inputRows(rows.count)
    let top = rows.lowerBound * stride - padTop
    // Of the rows that no output needs, none is touched: they may not be there.
    let needed = (rows.count - 1) * stride + kernel
    let first = min(max(0, -top), needed)
    let last = max(first, min(needed, height - top))
    let count = covered(columns.count, Int(CK_ROW_PIXELS))
    let left = columns.lowerBound * stride - padLeft
    let firstColumn = min(max(0, -left), count)
    let lastColumn = max(firstColumn, min(count, width - left))
    // As numbers, so that no null check is in the loops.
    let numbers = UnsafeMutableRawPointer(table).assumingMemoryBound(to: Int.self)
    let outside = Int(bitPattern: pad)
    for row in 0..<inputRows {
      let isInside = row >= first && row < last
      let pixel = (top + row) * width + left + firstColumn
      var value = isInside ? Int(bitPattern: base) + pixel * pixelBytes : outside
      let step = isInside ? pixelBytes : 0
      var entry = numbers + row
      for _ in 0..<firstColumn {
        entry.pointee = outside
        entry += inputRows
      }
      for _ in firstColumn..<lastColumn {
        entry.pointee = value
        value &+= step
        entry += inputRows
      }
      for _ in lastColumn..<count {
        entry.pointee = outside
        entry += inputRows
      }
    }
  }
}
