internal import CKernels
internal import ModelFormat

/// Any function of one byte: FORMAT.md, kind 7.
struct Lookup {
  private let input: TensorView
  private let output: TensorView
  private let kernels: ck_kernels
  private let table: UnsafePointer<UInt8>
  private let isPerChannel: Bool
  private let isFlat: Bool

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    kernels = plan.kernels
    table = plan.constants(record, UInt8.self)
    isPerChannel = record.flags == 1
    isFlat = input.pixelBytes == output.pixelBytes && (output.ownsMemory || output.isDense)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let range = share.range(output.pixels)
    if isPerChannel {
      for pixel in range {
        let (from, to) = (input.pixel(pixel), output.pixel(pixel))
        for channel in 0..<output.channels {
          to[channel] = table[channel * 256 + Int(from[channel])]
        }
      }
    } else if isFlat {
      let first = range.lowerBound
      let count = range.count * output.pixelBytes
      if count > 0 { kernels.lookup_u8(table, input.pixel(first), output.pixel(first), count) }
    } else {
      for pixel in range {
        kernels.lookup_u8(table, input.pixel(pixel), output.pixel(pixel), output.channels)
      }
    }
  }
}
