internal import CLinux
internal import CommandWords
internal import ImageCodecs
internal import ModelFormat
internal import Pixels
internal import PlainText
internal import Runtime

/// `cnnrun model.bin IMAGE…`: runs the network on each image and prints the best classes.
struct Classification {
  /// An image that could not be used: one line without its path.
  private struct ImageProblem: Error {
    let message: TextBuilder
  }

  /// Bytes of an image file that are read at most.
  private static let fileLimit = 1 << 28

  private let network: Network
  private let arguments: Arguments

  /// Loads the model and runs it once, so that the first image's time is like the others'.
  init(_ arguments: Arguments) throws(RuntimeError) {
    self.arguments = arguments
    network = try Network.open(arguments)
    network.run()
  }

  /// Classifies all images and returns the exit status: 1 if any could not be used.
  func run() -> Int32 {
    var status: Int32 = 0
    for path in arguments.files.dropFirst() {
      do throws(ImageProblem) {
        try load(path)
        let start = cl_nanoseconds()
        network.run()
        let milliseconds = Double(cl_nanoseconds() - start) / 1e6
        let scores = network.top(arguments.top)
        console.write(
          arguments.isJSON
            ? json(path, scores, milliseconds) : text(path, scores, milliseconds)
        )
      } catch {
        console.report(error.message, of: path)
        status = 1
      }
    }
    return status
  }

  /// Makes the file at `path` the network's input.
  private func load(_ path: String) throws(ImageProblem) {
    var memory: UnsafeMutablePointer<UInt8>?
    var size = 0
    let failure = path.withTerminatedBytes { cl_read_file($0, Self.fileLimit, &memory, &size) }
    guard failure == 0 else {
      var message = TextBuilder("cannot be read, ")
      message.append(TextBuilder(cString: cl_error_text(failure)))
      throw ImageProblem(message: message)
    }
    defer { cl_free(memory) }
    let bytes = UnsafeRawBufferPointer(start: memory, count: size)
    if arguments.isRaw {
      guard size == network.inputByteCount else {
        var message = TextBuilder()
        message.append("", size)
        message.append(" bytes, expected ", network.inputByteCount)
        message.append(" of raw input")
        throw ImageProblem(message: message)
      }
      network.setInput(bytes)
    } else {
      try decode(bytes, path)
    }
  }

  private func decode(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(ImageProblem) {
    let image: Image
    do throws(ImageError) {
      image = try ImageDecoder().decode(bytes)
    } catch {
      throw ImageProblem(message: TextBuilder(string: error.message))
    }
    if let warning = Self.warning(image.warnings) { console.report(TextBuilder(warning), of: path) }
    do throws(PixelError) {
      var plan = try PixelPlan(
        sourceHeight: image.height,
        sourceWidth: image.width,
        contract: network.file.input
      )
      plan.convert(
        image.rgb,
        into: network.inputMemory,
        pixelStride: network.inputPixelStride
      )
    } catch {
      throw ImageProblem(message: TextBuilder(string: error.message))
    }
  }

  private static func warning(_ warnings: Image.Warnings) -> StaticString? {
    if warnings.contains(.truncated) {
      return "warning: the file ends early, the rest of the image is a guess"
    }
    return warnings.contains(.damaged)
      ? "warning: the file is damaged, parts of the image may be a guess" : nil
  }

  private func label(_ index: Int) -> String? {
    index < network.file.labelCount ? network.file.label(index) : nil
  }

  private func json(_ path: String, _ scores: [Score], _ milliseconds: Double) -> TextBuilder {
    var text = TextBuilder("{\"image\":")
    text.append(json: path)
    var opening: StaticString = ",\"top\":[{\"class\":"
    for score in scores {
      text.append(opening, score.index)
      text.append(",\"label\":")
      if let label = label(score.index) { text.append(json: label) } else { text.append("null") }
      text.append(",\"score\":", json: Double(score.value), decimals: 6)
      text.append("}")
      opening = ",{\"class\":"
    }
    text.append("],\"milliseconds\":", json: milliseconds, decimals: 6)
    text.append("}\n")
    return text
  }

  private func text(_ path: String, _ scores: [Score], _ milliseconds: Double) -> TextBuilder {
    var table = TextTable([.left, .right, .right, .left])
    for score in scores {
      table.add("")
      let value = Double(score.value)
      if network.file.input.outputIsProbability {
        table.cell.append(value * 100, decimals: 1)
        table.add(" %")
      } else {
        table.cell.append(value, decimals: 4)
        table.endCell()
      }
      table.add(number: score.index)
      table.add(string: label(score.index) ?? "")
    }
    var text = TextBuilder(string: path)
    text.append("  (")
    text.append(milliseconds, decimals: 2)
    text.append(" ms)\n")
    text.append(table.text)
    return text
  }
}

extension Network {
  /// The network of the first file, with the threads and the kernel set that the arguments name.
  static func open(_ arguments: Arguments) throws(RuntimeError) -> Network {
    try Network(try ModelFile.open(arguments.files[0]), arguments)
  }

  /// A network of a file, with the threads and the kernel set that the arguments name.
  convenience init(_ file: ModelFile, _ arguments: Arguments) throws(RuntimeError) {
    let kernels: KernelSet? =
      if let name = arguments.kernels { try KernelSet.named(name) } else { nil }
    try self.init(file, threads: arguments.threads, kernels: kernels)
  }
}
