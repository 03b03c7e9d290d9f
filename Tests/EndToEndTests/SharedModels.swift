import Foundation
import ImageCodecs
import ModelFormat
import Pixels

/// Trained models and labelled images that stand beside a developer's checkout, and are nowhere else.
enum SharedModels {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared/models")

  static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
}

/// Images of one task, as dense H × W × C bytes: some to calibrate with, others to measure on.
struct ImageSet: Sendable {
  var calibration: [[UInt8]]
  var test: [[UInt8]]

  /// Handwritten digits, 28 × 28 × 1.
  static func mnist() throws -> ImageSet {
    ImageSet(
      calibration: try idx("mnist/calib-train-images-idx3-ubyte.gz", headerBytes: 16, size: 784),
      test: try idx("mnist/t10k-open-images-idx3-ubyte.gz", headerBytes: 16, size: 784)
    )
  }

  /// Traffic signs, 32 × 32 × 3.
  static func gtsrb() throws -> ImageSet {
    ImageSet(
      calibration: try idx(
        "gtsrb/calib-train-32x32-rgb-idx4-ubyte.gz",
        headerBytes: 20,
        size: 3072
      ),
      test: try idx("gtsrb/test-open-32x32-rgb-idx4-ubyte.gz", headerBytes: 20, size: 3072)
    )
  }

  /// CIFAR-10, 32 × 32 × 3: records of a label and three planes.
  static func cifar() throws -> ImageSet {
    func images(_ name: String) throws -> [[UInt8]] {
      let data = [UInt8](
        try Data(contentsOf: SharedModels.folder.appendingPathComponent("images/cifar10/\(name)"))
      )
      return stride(from: 0, to: data.count, by: 3073).map { interleaved(data, start: $0 + 1) }
    }
    return ImageSet(
      calibration: try images("calib_train_1500.bin"),
      test: try images("test_open_2000.bin")
    )
  }

  /// The H × W × C bytes of three 32 × 32 planes.
  private static func interleaved(_ data: [UInt8], start: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for pixel in 0..<1024 {
      for plane in 0..<3 { bytes.append(data[start + plane * 1024 + pixel]) }
    }
    return bytes
  }

  /// Photos; those whose position in the list is a multiple of five calibrate.
  static func imagenet(_ contract: InputContract) throws -> ImageSet {
    let folder = SharedModels.folder.appendingPathComponent("images/imagenet")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".jpg") }.sorted()
    var set = ImageSet(calibration: [], test: [])
    for (index, name) in names.enumerated() {
      let data = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
      let image = try ImageDecoder.decode(data)
      var plan = try PixelPlan(
        sourceHeight: image.height,
        sourceWidth: image.width,
        contract: contract
      )
      var bytes = [UInt8](repeating: 0, count: contract.height * contract.width * 3)
      bytes.withUnsafeMutableBufferPointer {
        plan.convert(image.rgb, into: $0, pixelStride: 3)
      }
      if index % 5 == 0 { set.calibration.append(bytes) } else { set.test.append(bytes) }
    }
    return set
  }

  /// The images with every one's bytes mapped.
  func map(_ transform: ([UInt8]) -> [UInt8]) -> ImageSet {
    ImageSet(calibration: calibration.map(transform), test: test.map(transform))
  }

  /// The first images of each part.
  func prefix(calibration: Int, test: Int) -> ImageSet {
    ImageSet(
      calibration: Array(self.calibration.prefix(calibration)),
      test: Array(self.test.prefix(test))
    )
  }

  private static func idx(_ name: String, headerBytes: Int, size: Int) throws -> [[UInt8]] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", SharedModels.path("images/\(name)")]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    return stride(from: headerBytes, to: data.count, by: size).map {
      Array(data[$0..<min($0 + size, data.count)])
    }
  }
}
