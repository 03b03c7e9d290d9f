import Foundation
import GraphIR

/// Where the PyTorch tests find their files.
enum PyTorchFiles {
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let fixtures = package.appendingPathComponent("Tests/Fixtures/pytorch")
  static let shared = package.deletingLastPathComponent().appendingPathComponent("shared")
  static var hasShared: Bool { FileManager.default.fileExists(atPath: shared.path) }

  static func fixture(_ name: String) -> String { fixtures.appendingPathComponent(name).path }
  static func shared(_ name: String) -> String { shared.appendingPathComponent(name).path }

  /// Bytes of a NumPy file of u8, without its header.
  static func array(_ path: String) throws -> [UInt8] {
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return Array(data[(10 + Int(data[8]) + Int(data[9]) << 8)...])
  }

  /// The first digits of MNIST's test set, 28 × 28, as `scale × pixel + offset`.
  static func digit(_ index: Int, scale: Float, offset: Float) throws -> Tensor {
    let bytes = try array(fixture("digits.npy"))
    return Tensor(
      shape: [1, 28, 28, 1],
      values: bytes[index * 784..<(index + 1) * 784].map { Float($0) * scale + offset }
    )
  }

  /// A picture of CIFAR-10's test set, channels-last, as `(pixel ÷ 255 − mean) ÷ std`.
  static func picture(_ index: Int, mean: [Float], std: [Float]) throws -> Tensor {
    let path = shared("models/images/cifar10/test_open_2000.bin")
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(index * 3073 + 1))
    let bytes = [UInt8](try file.read(upToCount: 3072) ?? Data())
    var values: [Float] = []
    for pixel in 0..<1024 {
      for channel in 0..<3 {
        values.append((Float(bytes[channel * 1024 + pixel]) / 255 - mean[channel]) / std[channel])
      }
    }
    return Tensor(shape: [1, 32, 32, 3], values: values)
  }

  /// Outputs recorded in a model's reference.json, by image.
  static func reference(_ path: String) throws -> [(image: Int, outputs: [Float])] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let json = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let samples = json?["samples"] as? [[String: Any]] ?? []
    return samples.compactMap { sample in
      guard let index = sample["image_index_in_set"] as? Int,
        let outputs = sample["all_outputs"] as? [Double]
      else { return nil }
      return (index, outputs.map { Float($0) })
    }
  }

  /// Outputs recorded in a fixture's reference.json.
  static func outputs(_ path: String) throws -> [[Float]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let json = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return (json?["outputs"] as? [[Double]] ?? []).map { $0.map { Float($0) } }
  }
}

/// The largest difference of two lists; infinity where they differ in length.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// Position of the largest value.
func topClass(_ values: [Float]) -> Int { values.indices.max { values[$0] < values[$1] } ?? -1 }
