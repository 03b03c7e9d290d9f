/// Geometry that convolutions and pooling share.
public struct Window: Sendable {
  /// Taps in y and x.
  public var kernel: (y: Int, x: Int)
  /// Step in y and x.
  public var stride: (y: Int, x: Int)
  /// Distance between taps in y and x.
  public var dilation: (y: Int, x: Int)
  /// Rows and columns added around the input.
  public var padding: Padding
  /// Whether a last partial window counts, as in ceil-mode pooling.
  public var ceilMode: Bool

  /// A window; all extents as in the frameworks.
  public init(
    kernel: (y: Int, x: Int),
    stride: (y: Int, x: Int) = (1, 1),
    dilation: (y: Int, x: Int) = (1, 1),
    padding: Padding = Padding(),
    ceilMode: Bool = false
  ) {
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.ceilMode = ceilMode
  }

  /// Output extents for an input of height × width.
  ///
  /// In ceil mode a window that would start in the bottom or right padding is left out, as PyTorch and Caffe do.
  ///
  /// - Throws: `GraphError` for extents that are not positive or a window larger than the padded input.
  public func outputSize(height: Int, width: Int) throws(GraphError) -> (height: Int, width: Int) {
    (
      try outputExtent(
        height,
        kernel.y,
        stride.y,
        dilation.y,
        before: padding.top,
        after: padding.bottom
      ),
      try outputExtent(
        width,
        kernel.x,
        stride.x,
        dilation.x,
        before: padding.left,
        after: padding.right
      )
    )
  }

  private func outputExtent(
    _ input: Int,
    _ kernel: Int,
    _ stride: Int,
    _ dilation: Int,
    before: Int,
    after: Int
  ) throws(GraphError) -> Int {
    let limit = 1 << 20
    guard (1...limit).contains(kernel), (1...limit).contains(stride),
      (1...limit).contains(dilation), (0...limit).contains(before), (0...limit).contains(after)
    else {
      throw GraphError(
        "kernel \(kernel), stride \(stride), dilation \(dilation), padding \(before) and \(after): expected 1…2^20, padding from 0"
      )
    }
    let reach = dilation * (kernel - 1) + 1
    let free = input + before + after - reach
    guard free >= 0 else {
      throw GraphError("window of \(reach) on \(input) with padding \(before) and \(after)")
    }
    var output = free / stride + 1
    if ceilMode, free % stride != 0, output * stride < input + before { output += 1 }
    return output
  }

  /// SAME padding of TensorFlow: output = ⌈input ÷ stride⌉, the odd row or column after.
  public static func samePadding(
    height: Int,
    width: Int,
    kernel: (y: Int, x: Int),
    stride: (y: Int, x: Int),
    dilation: (y: Int, x: Int) = (1, 1)
  ) -> Padding {
    func total(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
      max(0, ((input + stride - 1) / stride - 1) * stride + dilation * (kernel - 1) + 1 - input)
    }
    let y = total(height, kernel.y, stride.y, dilation.y)
    let x = total(width, kernel.x, stride.x, dilation.x)
    return Padding(top: y / 2, left: x / 2, bottom: y - y / 2, right: x - x / 2)
  }
}
