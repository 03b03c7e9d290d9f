import Foundation
import GraphIR

/// Trained models and images that stand beside a checkout on some machines; tests over them are skipped elsewhere.
enum TensorFlowReference {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")
  static let models = shared.appendingPathComponent("models")
  static let fixtures = root.appendingPathComponent("Tests/Fixtures/tensorflow")

  static var isPresent: Bool {
    FileManager.default.fileExists(atPath: models.appendingPathComponent("tensorflow").path)
  }

  /// One recorded output.
  struct Sample {
    var image: Int
    var outputs: [Float]
  }

  private struct Record: Decodable {
    struct Sample: Decodable {
      var image_index_in_set: Int
      var all_outputs: [Float]
    }
    var samples: [Sample]
  }

  static func samples(_ path: String) throws -> [Sample] {
    let data = try Data(contentsOf: models.appendingPathComponent(path))
    return try JSONDecoder().decode(Record.self, from: data).samples
      .map { Sample(image: $0.image_index_in_set, outputs: $0.all_outputs) }
  }

  /// CIFAR-10's binary records: a label, then red, green and blue planes; given as H, W, C.
  static func cifar(_ index: Int, file: String = "test_open_2000.bin") throws -> [Float] {
    let data = try Data(
      contentsOf: models.appendingPathComponent("images/cifar10/\(file)"),
      options: .mappedIfSafe
    )
    let record = [UInt8](data[index * 3073 + 1..<(index + 1) * 3073])
    return (0..<1024).flatMap { pixel in (0..<3).map { Float(record[$0 * 1024 + pixel]) } }
  }

  /// GTSRB's idx file of 32 × 32 RGB images.
  static func gtsrb(_ index: Int) throws -> [Float] {
    let bytes = try unpacked("images/gtsrb/test-open-32x32-rgb-idx4-ubyte.gz")
    let start = 20 + index * 3072
    return bytes[start..<start + 3072].map { Float($0) }
  }

  private static func unpacked(_ path: String) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", models.appendingPathComponent(path).path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return [UInt8](data)
  }

  static func softmax(_ logits: [Float]) -> [Float] {
    let peak = logits.max() ?? 0
    let powers = logits.map { Foundation.exp(Double($0 - peak)) }
    let sum = powers.reduce(0, +)
    return powers.map { Float($0 / sum) }
  }

  static func top(_ values: [Float]) -> Int? { values.indices.max { values[$0] < values[$1] } }

  static func distance(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }
}
