import Conformance
import ModelFormat
import Testing

@testable import Runtime

/// Every kernel set of this machine on 1, 2 and 3 threads, all operators divided however small.
func everyWay(_ file: ModelFile, _ body: (Network, String) throws -> Void) throws {
  for kernels in KernelSet.available {
    for threads in 1...3 {
      let network = try Network(
        Preparation(
          file,
          threads: threads,
          workers: threads,
          kernels: kernels,
          parallelWork: 0
        )
      )
      try body(network, "\(kernels.name), \(threads) threads")
    }
  }
}

/// Runs a sample every way and compares the output tensor's dense bytes, and that nothing around it changed.
func expect(
  _ sample: OperatorSample,
  gives expected: [UInt8],
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let (model, input) = sample.finish()
  let file = try ModelFile(copying: model.encode())
  let output = sample.record.output
  try everyWay(file) { network, way in
    let note: Comment = "\(way), \(sample.record)"
    network.setInput(input)
    network.run()
    #expect(network.outputBytes == expected, note, sourceLocation: sourceLocation)
    // A second run on the same arena gives the same.
    network.setInput(input)
    network.run()
    #expect(network.outputBytes == expected, "again, \(note)", sourceLocation: sourceLocation)
    let view = network.view(output)
    guard !view.ownsMemory else { return }
    let root = network.view(file.tensors[output].root)
    let first = view.base - root.base
    var changed = 0
    for pixel in 0..<root.pixels {
      for byte in 0..<root.rowBytes where !(first..<first + view.rowBytes).contains(byte) {
        changed += root.pixel(pixel)[byte] == 0 ? 0 : 1
      }
    }
    #expect(changed == 0, "neighbours, \(note)", sourceLocation: sourceLocation)
  }
}

/// `clamp(roundTiesToEven(value) + zeroPoint, low, high)` by the standard library.
func quantized(_ value: Float, _ zeroPoint: Int32, _ low: Int32 = 0, _ high: Int32 = 255) -> UInt8 {
  let rounded = Int64(value.rounded(.toNearestOrEven)) + Int64(zeroPoint)
  return UInt8(min(max(rounded, Int64(low)), Int64(high)))
}

/// The bytes of floats.
func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
