internal import CEdgeCNN
internal import Pixels
internal import Runtime

@c @implementation
func edgecnn_set_input(
  _ network: OpaquePointer?,
  _ dense: UnsafeRawPointer?,
  _ byteCount: Int
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let dense else { return session.missing("dense") }
    guard byteCount == network.inputByteCount else {
      return session.refuse("byte_count", byteCount, ", expected ", network.inputByteCount)
    }
    network.setInput(UnsafeRawBufferPointer(start: dense, count: byteCount))
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_input_pixels(
  _ network: OpaquePointer?,
  _ pixelStride: UnsafeMutablePointer<Int>?
) -> UnsafeMutableRawPointer? {
  guard let network, let pixelStride else { return nil }
  return Session.at(network).pointee.network._withUnsafeGuaranteedRef {
    pixelStride.pointee = $0.inputPixelStride
    return UnsafeMutableRawPointer($0.inputPixels)
  }
}

@c @implementation
func edgecnn_set_image(
  _ network: OpaquePointer?,
  _ pixels: UnsafeRawPointer?,
  _ width: Int,
  _ height: Int,
  _ rowStride: Int,
  _ format: edgecnn_pixel_format
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let pixels else { return session.missing("pixels") }
    guard let shape = ImageShape(width, height, format) else {
      return session.fail(EDGECNN_ARGUMENT) {
        $0.append("format: unknown, expected an edgecnn_pixel_format")
      }
    }
    let plan: UnsafeMutablePointer<PixelPlan>
    do throws(PixelError) {
      plan = try session.plan(shape, network)
    } catch {
      return session.fail(EDGECNN_IMAGE) { $0.append(string: error.message) }
    }
    // The plan has checked width and height. A stride beyond Int is negative here.
    let rowBytes = width * shape.format.pixelBytes
    guard rowStride >= 0, rowStride <= Int.max / height else {
      return session.refuse("row_stride", rowStride, ", expected at most ", Int.max / height)
    }
    guard rowStride >= rowBytes else {
      return session.refuse("row_stride", rowStride, ", expected at least ", rowBytes)
    }
    plan.pointee.convert(
      UnsafeBufferPointer(
        start: pixels.assumingMemoryBound(to: UInt8.self),
        count: (height - 1) * rowStride + rowBytes
      ),
      rowStride: rowStride,
      into: network.inputMemory,
      pixelStride: network.inputPixelStride
    )
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_run(_ network: OpaquePointer?) -> edgecnn_status {
  withSession(network) { _, network in
    network.run()
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_run_profiled(
  _ network: OpaquePointer?,
  _ nanoseconds: UnsafeMutablePointer<Int64>?,
  _ count: Int
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let nanoseconds else { return session.missing("nanoseconds") }
    guard count == network.operatorCount else {
      return session.refuse("count", count, ", expected ", network.operatorCount)
    }
    nanoseconds.update(repeating: 0, count: count)
    network.run(timing: UnsafeMutableBufferPointer(start: nanoseconds, count: count))
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_selftest(_ network: OpaquePointer?) -> edgecnn_status {
  withSession(network) { session, network in
    guard let failure = SelfTest.run(network) else { return EDGECNN_OK }
    return session.fail(EDGECNN_DIFFERS) { $0.append(string: failure.message) }
  }
}

@c @implementation
func edgecnn_output_bytes(
  _ network: OpaquePointer?,
  _ dense: UnsafeMutableRawPointer?,
  _ byteCount: Int
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let dense else { return session.missing("dense") }
    guard byteCount == network.outputByteCount else {
      return session.refuse("byte_count", byteCount, ", expected ", network.outputByteCount)
    }
    network.copyOutput(to: dense)
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_output_floats(
  _ network: OpaquePointer?,
  _ values: UnsafeMutablePointer<Float>?,
  _ elementCount: Int
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let values else { return session.missing("values") }
    guard elementCount == network.outputElementCount else {
      return session.refuse(
        "element_count",
        elementCount,
        ", expected ",
        network.outputElementCount
      )
    }
    network.copyOutputValues(to: values)
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_top(
  _ network: OpaquePointer?,
  _ scores: UnsafeMutablePointer<edgecnn_score>?,
  _ count: Int,
  _ found: UnsafeMutablePointer<Int>?
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let found else { return session.missing("found") }
    found.pointee = 0
    guard let scores else { return session.missing("scores") }
    // A count beyond Int is negative here, and more than any output has.
    let limit = count < 0 ? network.outputElementCount : min(count, network.outputElementCount)
    found.pointee = scores.withMemoryRebound(to: Score.self, capacity: limit) {
      network.top(into: UnsafeMutableBufferPointer(start: $0, count: limit))
    }
    return EDGECNN_OK
  }
}
