internal import COpenBLAS

/// `c += aᵀ × a` for row-major float32 matrices, in the upper triangle of c alone, on this thread.
///
/// a is rows × columns, c columns × columns; traps if a buffer is too small.
public func addGram(
  of a: UnsafeBufferPointer<Float>,
  rows: Int,
  columns: Int,
  to c: UnsafeMutableBufferPointer<Float>
) {
  guard rows > 0, columns > 0 else { return }
  precondition(a.count >= rows * columns && c.count >= columns * columns)
  cblas_ssyrk(
    CblasRowMajor,
    CblasUpper,
    CblasTrans,
    blasint(columns),
    blasint(rows),
    1,
    a.baseAddress,
    blasint(columns),
    1,
    c.baseAddress,
    blasint(columns)
  )
}

/// The upper triangle R with `a = Rᵀ R` of a symmetric positive definite matrix of size × size, of which the upper triangle is read.
///
/// Below the diagonal a's own values stay. Nil where a is not positive definite; traps if `a` is too small.
public func choleskyFactor(_ a: [Float], size: Int) -> [Float]? {
  precondition(a.count >= size * size)
  var factor = a
  var result: blasint = 0
  var order = blasint(size)
  // The upper triangle by rows is the lower one by columns.
  var half = CChar(UInt8(ascii: "L"))
  factor.withUnsafeMutableBufferPointer { factor in
    var stride = order
    spotrf_(&half, &order, factor.baseAddress, &stride, &result)
  }
  return result == 0 ? factor : nil
}
