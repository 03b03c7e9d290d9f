internal import ModelFormat
package import Pixels
package import Runtime

/// Images of every format made inputs by a set of pixel kernels, compared with the portable set and with what every machine must
/// give.
package enum PixelSuite {
  /// The XXH64 of the hashes of all inputs, eight bytes each, low byte first.
  package static let expectedHash: UInt64 = 0xe784_d121_469a_a479

  /// What came of converting all images.
  package struct Outcome: Sendable {
    /// Images that were converted.
    package var images = 0
    /// The hash of what they became.
    package var hash: UInt64 = 0
    /// The first difference, one line.
    package var failure: String?
  }

  /// Converts all images by `kernels`; `willConvert` is told each before.
  ///
  /// - Throws: `RuntimeError.resources` where the system has no memory.
  package static func run(
    _ kernels: PixelKernels,
    _ willConvert: (PixelSample) -> Void = { _ in }
  ) throws(RuntimeError) -> Outcome {
    let samples = (0..<PixelSample.count).map { PixelSample($0) }
    let room = samples.reduce(0) { max($0, $1.outputBytes) }
    let found = GuardedRows(rows: 1, rowBytes: room)
    let expected = GuardedRows(rows: 1, rowBytes: room)
    let frame = try GuardedFrame()
    var outcome = Outcome()
    var digest = XXH64()
    for sample in samples {
      willConvert(sample)
      let planes = frame.draw(sample)
      do throws(PixelError) {
        try convert(sample, planes, .portable, expected)
        try convert(sample, planes, kernels, found)
      } catch {
        outcome.failure = sample.text + ": " + error.message
        return outcome
      }
      if let difference = difference(found, expected) {
        outcome.failure = sample.text + ": " + difference
        return outcome
      }
      let output = UnsafeRawBufferPointer(start: expected.row(0), count: sample.outputBytes)
      withUnsafeBytes(of: XXH64.hash(output).littleEndian) { digest.update($0) }
      outcome.images += 1
    }
    outcome.hash = digest.finalize()
    if outcome.hash != expectedHash {
      outcome.failure =
        "all images have hash \(OperatorSuite.hex(outcome.hash)), expected "
        + OperatorSuite.hex(expectedHash)
    }
    return outcome
  }

  private static func convert(
    _ sample: PixelSample,
    _ planes: PixelPlanes,
    _ kernels: PixelKernels,
    _ output: GuardedRows
  ) throws(PixelError) {
    var plan = try PixelPlan(
      sourceHeight: sample.height,
      sourceWidth: sample.width,
      format: sample.format,
      contract: sample.contract,
      region: sample.region,
      orientation: sample.orientation,
      encoding: sample.encoding,
      kernels: kernels
    )
    output.clear(rows: 1, rowBytes: sample.outputBytes)
    let bytes = output.row(0).assumingMemoryBound(to: UInt8.self)
    plan.convert(
      planes,
      into: UnsafeMutableBufferPointer(start: bytes, count: sample.outputBytes),
      pixelStride: sample.pixelStride
    )
  }

  /// What differs, one line; bytes that lie between pixels are as they were in both.
  private static func difference(_ found: GuardedRows, _ expected: GuardedRows) -> String? {
    if let place = found.difference(0, expected.row(0)) {
      let byte = found.row(0).load(fromByteOffset: place, as: UInt8.self)
      let wanted = expected.row(0).load(fromByteOffset: place, as: UInt8.self)
      return "byte \(place) is \(byte), expected \(wanted) as of the portable kernels"
    }
    return found.isIntact(0) ? nil : "bytes around the output were changed"
  }
}
