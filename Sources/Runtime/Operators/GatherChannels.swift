internal import CKernels
internal import ModelFormat

/// Reordering, selection or repetition of channels: FORMAT.md, kind 8.
struct GatherChannels {
  /// What the indices are.
  private enum Order {
    /// Two runs in turn: a shuffle of two groups.
    case alternating
    /// Runs of neighbours, some of them long.
    case runs
    case any
  }

  private let input: TensorView
  private let output: TensorView
  private let kernels: ck_kernels
  private let indices: UnsafePointer<UInt32>
  private let order: Order

  /// The average length from which copying runs takes less time than copying elements.
  private static let longRun = 8

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    kernels = plan.kernels
    indices = plan.constants(record, UInt32.self)
    let count = output.channels
    var (runs, isAlternating) = (1, output.elementSize == 1 && count > 1)
    for channel in 1..<max(1, count) {
      if indices[channel] != indices[channel - 1] + 1 { runs += 1 }
      if channel > 1 && indices[channel] != indices[channel - 2] + 1 { isAlternating = false }
    }
    order = runs * Self.longRun <= count ? .runs : isAlternating ? .alternating : .any
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let pixels = share.range(output.pixels)
    switch order {
    case .alternating:
      let from = input.pixel(pixels.lowerBound)
      kernels.interleave_u8(
        from + Int(indices[0]),
        from + Int(indices[1]),
        input.pixelBytes,
        output.pixel(pixels.lowerBound),
        output.pixelBytes,
        pixels.count,
        output.channels
      )
    case .runs: copyRuns(pixels)
    case .any:
      for pixel in pixels {
        if output.elementSize == 1 {
          let (from, to) = (input.pixel(pixel), output.pixel(pixel))
          for channel in 0..<output.channels { to[channel] = from[Int(indices[channel])] }
        } else {
          let (from, to) = (input.floats(pixel), output.floats(pixel))
          for channel in 0..<output.channels { to[channel] = from[Int(indices[channel])] }
        }
      }
    }
  }

  @_optimize(speed)
  private func copyRuns(_ pixels: Range<Int>) {
    var channel = 0
    while channel < output.channels {
      let first = channel
      repeat {
        channel += 1
      } while channel < output.channels
        && indices[channel] == indices[channel - 1] + 1
      let byteCount = (channel - first) * output.elementSize
      let from = input.base + Int(indices[first]) * output.elementSize
      let to = output.base + first * output.elementSize
      for pixel in pixels {
        (to + pixel * output.pixelBytes).copyMemory(
          from: from + pixel * input.pixelBytes,
          byteCount: byteCount
        )
      }
    }
  }
}
