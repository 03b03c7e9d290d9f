internal import CLinux
internal import ImageCodecs
internal import ModelFormat
internal import Pixels
internal import Runtime

/// `cnnrun model.bin IMAGE…`: runs the network on each image and prints the best classes.
struct Classification {
  /// An image that could not be used: one line without its path.
  private struct ImageProblem: Error {
    let message: String
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
        Console.write(
          arguments.isJSON
            ? json(path, scores, milliseconds) : text(path, scores, milliseconds)
        )
      } catch {
        Console.report(path + ": " + error.message)
        status = 1
      }
    }
    return status
  }

  /// Makes the file at `path` the network's input.
  private func load(_ path: String) throws(ImageProblem) {
    var memory: UnsafeMutablePointer<UInt8>?
    var size = 0
    let failure = path.withCString { cl_read_file($0, Self.fileLimit, &memory, &size) }
    guard failure == 0 else {
      throw ImageProblem(message: "cannot be read, " + String(cString: cl_error_text(failure)))
    }
    defer { cl_free(memory) }
    let bytes = UnsafeRawBufferPointer(start: memory, count: size)
    if arguments.isRaw {
      guard size == network.inputByteCount else {
        let expected = network.inputByteCount
        throw ImageProblem(message: "\(size) bytes, expected \(expected) of raw input")
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
      throw ImageProblem(message: error.message)
    }
    if image.warnings.contains(.truncated) {
      Console.report(path + ": warning: the file ends early, the rest of the image is a guess")
    } else if image.warnings.contains(.damaged) {
      Console.report(path + ": warning: the file is damaged, parts of the image may be a guess")
    }
    do throws(PixelError) {
      var plan = try PixelPlan(
        sourceHeight: image.height,
        sourceWidth: image.width,
        contract: network.file.input
      )
      let input = network.inputRecord
      let target = UnsafeMutableBufferPointer(
        start: network.inputPixels,
        count: input.height * input.width * network.inputPixelStride
      )
      plan.convert(image.rgb, into: target, pixelStride: network.inputPixelStride)
    } catch {
      throw ImageProblem(message: error.message)
    }
  }

  private func label(_ index: Int) -> String? {
    index < network.file.labelCount ? network.file.label(index) : nil
  }

  private func json(_ path: String, _ scores: [Score], _ milliseconds: Double) -> String {
    var text = "{\"image\":" + JSONText.string(path) + ",\"top\":["
    for (place, score) in scores.enumerated() {
      let name = if let label = label(score.index) { JSONText.string(label) } else { "null" }
      text += place == 0 ? "" : ","
      text += "{\"class\":\(score.index),\"label\":" + name + ",\"score\":"
      text += NumberText.json(Double(score.value), 6) + "}"
    }
    return text + "],\"milliseconds\":" + NumberText.json(milliseconds, 3) + "}\n"
  }

  private func text(_ path: String, _ scores: [Score], _ milliseconds: Double) -> String {
    var table = TextTable([.left, .right, .right, .left])
    for score in scores {
      let value = Double(score.value)
      let shown =
        network.file.input.outputIsProbability
        ? NumberText.fixed(value * 100, 1) + " %" : NumberText.fixed(value, 4)
      table.append(["", shown, String(score.index), label(score.index) ?? ""])
    }
    return path + "  (" + NumberText.fixed(milliseconds, 2) + " ms)\n" + table.text
  }
}

extension Network {
  /// The network of the first file, with the threads and the kernel set that the arguments name.
  static func open(_ arguments: Arguments) throws(RuntimeError) -> Network {
    let file = try ModelFile.open(arguments.files[0])
    let kernels: KernelSet? =
      if let name = arguments.kernels { try KernelSet.named(name) } else { nil }
    return try Network(file, threads: arguments.threads, kernels: kernels)
  }
}
