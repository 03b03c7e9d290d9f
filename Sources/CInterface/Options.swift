internal import CEdgeCNN
internal import PlainText
internal import Runtime

/// The options of a call, checked.
struct Options {
  /// The kernel set to use, nil for the usual one.
  let kernels: KernelSet?
  /// Threads, not checked.
  let threads: Int
  /// Whether memory is used in place.
  let borrows: Bool
  /// The images to come, nil where they are not known.
  let images: ImageShape?

  /// The caller's options, or the defaults.
  init(_ pointer: UnsafePointer<edgecnn_options>?) throws(OpeningError) {
    guard let given = pointer?.pointee else {
      (kernels, threads, borrows, images) = (nil, 1, false, nil)
      return
    }
    guard given.size == MemoryLayout<edgecnn_options>.size else {
      throw .argument("options: of another size than the library's, expected EDGECNN_OPTIONS")
    }
    guard given.flags & ~EDGECNN_BORROW == 0 else {
      throw .argument("options: unknown flags, expected EDGECNN_BORROW or 0")
    }
    threads = Int(given.threads)
    borrows = given.flags == EDGECNN_BORROW
    if given.image_width == 0 && given.image_height == 0 {
      images = nil
    } else {
      guard
        let shape = ImageShape(given.image_width, given.image_height, given.image_format)
      else { throw .argument("options: unknown image format, expected an edgecnn_pixel_format") }
      images = shape
    }
    guard let name = given.kernels else {
      kernels = nil
      return
    }
    do throws(RuntimeError) {
      kernels = try .named(TextBuilder(cString: name).string)
    } catch {
      throw .runtime(error)
    }
  }
}
