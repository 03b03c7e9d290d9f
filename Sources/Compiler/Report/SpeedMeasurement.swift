internal import Dispatch
internal import Foundation
internal import ModelFormat
internal import Runtime

/// Runs a finished file on this machine for a moment, as a prediction for machines like it.
public enum SpeedMeasurement {
  private static let longestNanoseconds: UInt64 = 400_000_000
  private static let mostRuns = 200

  /// The shortest of up to 200 runs within 0.4 s, one thread; nil for bytes that are no model.
  ///
  /// The shortest is what the machine does when nobody else uses it.
  public static func run(_ bytes: [UInt8]) -> ReportDetails.Speed? {
    guard let file = try? ModelFile(copying: bytes), let network = try? Network(file, threads: 1)
    else { return nil }
    let input = file.input
    network.setInput([UInt8](repeating: 128, count: input.height * input.width * input.channels))
    network.run()
    var shortest = UInt64.max
    var runs = 0
    let start = DispatchTime.now().uptimeNanoseconds
    var now = start
    while runs < 3 || (runs < mostRuns && now - start < longestNanoseconds) {
      network.run()
      let end = DispatchTime.now().uptimeNanoseconds
      shortest = min(shortest, end - now)
      now = end
      runs += 1
    }
    return ReportDetails.Speed(
      milliseconds: Double(shortest) / 1e6,
      runs: runs,
      kernels: network.kernels.name,
      processor: processor
    )
  }

  /// The processor by the name that Linux shows.
  private static var processor: String {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else {
      return ""
    }
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let key = parts[0].trimmingCharacters(in: .whitespaces)
      guard ["model name", "Model", "Hardware"].contains(key) else { continue }
      return parts[1].trimmingCharacters(in: .whitespaces)
    }
    return ""
  }
}
