internal import COpenBLAS

/// `c += a × b` for row-major float32 matrices: a is rows × depth, b depth × columns (or its transpose), on this thread.
public func matrixMultiply(
  rows: Int,
  columns: Int,
  depth: Int,
  _ a: [Float],
  _ b: [Float],
  transposeB: Bool,
  into c: inout [Float]
) {
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      c.withUnsafeMutableBufferPointer { c in
        matrixMultiply(
          rows: rows,
          columns: columns,
          depth: depth,
          a,
          strideA: depth,
          b,
          strideB: transposeB ? depth : columns,
          transposeB: transposeB,
          into: c,
          strideC: columns
        )
      }
    }
  }
}

/// The same over buffers with row strides; traps if a buffer is too small.
public func matrixMultiply(
  rows: Int,
  columns: Int,
  depth: Int,
  _ a: UnsafeBufferPointer<Float>,
  strideA: Int,
  _ b: UnsafeBufferPointer<Float>,
  strideB: Int,
  transposeB: Bool,
  into c: UnsafeMutableBufferPointer<Float>,
  strideC: Int
) {
  guard rows > 0, columns > 0, depth > 0 else { return }
  precondition(a.count >= (rows - 1) * strideA + depth)
  precondition(
    b.count >= ((transposeB ? columns : depth) - 1) * strideB + (transposeB ? depth : columns)
  )
  precondition(c.count >= (rows - 1) * strideC + columns)
  cblas_sgemm(
    CblasRowMajor,
    CblasNoTrans,
    transposeB ? CblasTrans : CblasNoTrans,
    blasint(rows),
    blasint(columns),
    blasint(depth),
    1,
    a.baseAddress,
    blasint(strideA),
    b.baseAddress,
    blasint(strideB),
    1,
    c.baseAddress,
    blasint(strideC)
  )
}

/// Keeps the linear-algebra library on the calling thread, so that images can run side by side and sums keep one order.
public func useOneThreadForMatrices() { openblas_set_num_threads(1) }
