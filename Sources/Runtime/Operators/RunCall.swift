internal import CKernels
internal import ModelFormat

#if arch(x86_64)
/// What every call of `conv_run` for an operator has in common.
struct RunCall {
  let output: TensorView
  let residual: TensorView?
  let blockBytes: Int
  let blocks: Int
  private let kernel:
    @convention(c) (UnsafePointer<ck_conv_run>?, UnsafePointer<ck_epilogue>?) -> Void
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue

  /// Nil where the set has no such kernel, and for grouped convolutions and float outputs.
  init?(_ plan: Plan, _ record: OperatorRecord) {
    let output = plan.view(record.output)
    guard let kernel = plan.kernels.conv_run, record.groups == 1, output.elementSize == 1 else {
      return nil
    }
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    let packed = PackedLayout(
      outputs: output.channels,
      inputs: plan.view(record.input).channels,
      taps: record.kernelHeight * record.kernelWidth,
      groups: 1
    )
    self.output = output
    self.kernel = kernel
    residual = hasResidual ? plan.view(record.secondInput) : nil
    weights = plan.weights(record)
    blockBytes = packed.steps * 64
    blocks = packed.blocks
    epilogue = plan.epilogue(record, packed, output: output, residual: residual)
  }

  /// Steps of four input channels of a window.
  var steps: Int { blockBytes / 64 }

  func weights(fromBlock block: Int) -> UnsafePointer<Int8> { weights + block * blockBytes }

  /// The biases from a block on.
  func bias(fromBlock block: Int) -> UnsafePointer<Int32> { epilogue.bias + block * 16 }

  /// Makes output pixels of blocks.
  ///
  /// - Parameters:
  ///   - pixels: consecutive output pixels.
  ///   - rows: in how many rows of as many pixels they are.
  ///   - range: their blocks of 16 channels.
  ///   - bias: of these blocks, nil for the file's.
  ///   - setInput: says where the inputs are.
  @inline(__always)
  func callAsFunction(
    _ pixels: Range<Int>,
    rows: Int = 1,
    _ range: Range<Int>,
    bias: UnsafePointer<Int32>? = nil,
    _ setInput: (inout ck_conv_run) -> Void
  ) {
    let start = range.lowerBound * 16
    var run = ck_conv_run()
    setInput(&run)
    run.pixels = pixels.count / rows
    run.rows = rows
    run.weights = weights(fromBlock: range.lowerBound)
    run.channels = min(output.channels, range.upperBound * 16) - start
    run.output = output.pixel(pixels.lowerBound) + start
    run.output_bytes = output.pixelBytes
    if let residual {
      run.residual = UnsafePointer(residual.pixel(pixels.lowerBound)) + start
      run.residual_bytes = residual.pixelBytes
    }
    var ending = epilogue
    ending.bias = bias ?? self.bias(fromBlock: range.lowerBound)
    ending.multiplier += start
    ending.weight_sum += start
    kernel(&run, &ending)
  }
}

extension OperatorRecord {
  /// Whether output pixel i reads input pixel i alone.
  func isLinear(input: TensorView, output: TensorView) -> Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideY == 1 && strideX == 1 && padTop == 0
      && padLeft == 0 && output.width == input.width && output.height <= input.height
  }
}

extension InputRows {
  /// Calls `body` with the runs of `pixels`, some output rows or a part of one each, how many rows, and what tells a kernel
  /// their inputs.
  @inline(__always)
  func forEachRun(
    _ scratch: UnsafeMutableRawPointer,
    _ pixels: Range<Int>,
    width: Int,
    _ body: (Range<Int>, Int, (inout ck_conv_run) -> Void) -> Void
  ) {
    var pass = Pass()
    var pixel = pixels.lowerBound
    while pixel < pixels.upperBound {
      let y = pixel / width
      let x = pixel - y * width
      let left = pixels.upperBound - pixel
      let wholeRows = x == 0 ? left / width : 0
      let inputs = taps(scratch, y: y, count: max(wholeRows, 1), x: x, &pass)
      let count = wholeRows > 0 ? inputs.rows * width : min(width - x, left)
      body(pixel..<pixel + count, inputs.rows) {
        $0.input = UnsafePointer(inputs.pointers)
        $0.row_bytes = lineBytes
        $0.input_bytes = stepBytes
        $0.taps = taps
        $0.k4 = tapQuads
      }
      pixel += count
    }
  }
}
#endif
