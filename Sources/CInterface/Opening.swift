internal import CEdgeCNN
internal import CKernels
internal import ModelFormat
internal import Pixels
internal import PlainText
internal import Runtime

@c @implementation
func edgecnn_version() -> UInt32 { UInt32(EDGECNN_VERSION) }

@c @implementation
func edgecnn_open(
  _ path: UnsafePointer<CChar>?,
  _ options: UnsafePointer<edgecnn_options>?,
  _ network: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<edgecnn_error>?
) -> edgecnn_status {
  open(options, network, error) { _ throws(OpeningError) in
    guard let path else { throw .argument("path: NULL, expected that of a file") }
    do throws(RuntimeError) {
      return try .open(TextBuilder(cString: path).string)
    } catch {
      throw .runtime(error)
    }
  }
}

@c @implementation
func edgecnn_open_memory(
  _ bytes: UnsafeRawPointer?,
  _ size: Int,
  _ options: UnsafePointer<edgecnn_options>?,
  _ network: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<edgecnn_error>?
) -> edgecnn_status {
  open(options, network, error) { options throws(OpeningError) in
    guard let bytes else { throw .argument("bytes: NULL, expected a model") }
    guard size >= 0 else { throw .argument("size: more than memory can have") }
    return try .inMemory(
      UnsafeRawBufferPointer(start: bytes, count: size),
      isBorrowed: options.borrows
    )
  }
}

@c @implementation
func edgecnn_close(_ network: OpaquePointer?) {
  guard let network else { return }
  let session = Session.at(network)
  session.deinitialize(count: 1)
  session.deallocate()
}

@c @implementation
func edgecnn_kernel_set(
  _ index: Int,
  _ runsHere: UnsafeMutablePointer<Int32>?
) -> UnsafePointer<CChar>? {
  var count = 0
  while let name = ck_kernel_set_name(count) {
    if count == index {
      runsHere?.pointee = isAvailable(name) ? 1 : 0
      return name
    }
    count += 1
  }
  guard index == count else { return nil }
  runsHere?.pointee = 1
  return KernelSet.portable.functions.name
}

private func isAvailable(_ name: UnsafePointer<CChar>) -> Bool {
  var index = 0
  while let set = ck_kernels_at(index) {
    if set.pointee.name == name { return true }
    index += 1
  }
  return false
}

/// Makes a session of the file that `load` gives; what goes wrong goes into `error`.
private func open(
  _ options: UnsafePointer<edgecnn_options>?,
  _ handle: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<edgecnn_error>?,
  _ load: (Options) throws(OpeningError) -> ModelFile
) -> edgecnn_status {
  var message = Message(error)
  handle?.pointee = nil
  do throws(OpeningError) {
    guard let handle else { throw .argument("network: NULL, expected where to put the network") }
    let options = try Options(options)
    handle.pointee = OpaquePointer(try session(load(options), options))
    return EDGECNN_OK
  } catch {
    error.write(&message)
    return error.status
  }
}

private func session(
  _ file: ModelFile,
  _ options: Options
) throws(OpeningError) -> UnsafeMutablePointer<Session> {
  let network: Network
  do throws(RuntimeError) {
    // Not the initializer that throws: see Preparation.
    network = Network(try Preparation(file, threads: options.threads, kernels: options.kernels))
  } catch {
    throw .runtime(error)
  }
  let session = UnsafeMutablePointer<Session>.allocate(capacity: 1)
  session.initialize(to: Session(network))
  guard let images = options.images else { return session }
  do throws(PixelError) {
    _ = try session.plan(images, network)
  } catch {
    edgecnn_close(OpaquePointer(session))
    throw .image(error)
  }
  return session
}
