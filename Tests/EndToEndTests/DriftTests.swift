import Foundation
import ImageCodecs
import Importers
import ModelFormat
import PlainText
import Runtime
import Testing

@testable import CameraService

/// The bundled model sees its own pictures, and others.
@Suite struct DriftTests {
  /// What is done to a picture's bytes.
  enum Change: CaseIterable {
    case darkened, overexposed, inverted

    func apply(_ byte: UInt8) -> UInt8 {
      switch self {
      case .darkened: byte / 8
      case .overexposed: UInt8(min(255, Int(byte) * 3 + 60))
      case .inverted: 255 - byte
      }
    }
  }

  private static let sample = Result { try Sample() }

  /// The model with the pictures that it was not calibrated with.
  private struct Sample: @unchecked Sendable {
    let file: ModelFile
    let pictures: [[UInt8]]

    init() throws {
      let bundled = BundledExampleTests()
      let (checkpoint, side, mean, std) = BundledExampleTests.models[1]
      func pictures(_ folder: String) throws -> [[UInt8]] {
        try bundled.table("\(folder)/labels.tsv").map {
          let path = BundledExampleTests.signs.appendingPathComponent("\(folder)/\($0.file)")
          return try bundled.pixels(path, side: side)
        }
      }
      let conversion = try Conversion(
        ImportRequest(path: BundledExampleTests.signs.appendingPathComponent(checkpoint).path),
        mean: mean,
        std: std,
        calibration: pictures("calibration")
      )
      file = conversion.network.file
      self.pictures = try pictures("images")
    }
  }

  private func see(
    _ monitor: DriftMonitor,
    _ network: Network,
    _ pictures: [[UInt8]],
    _ change: (UInt8) -> UInt8 = { $0 }
  ) {
    for picture in pictures {
      network.setInput(picture.map(change))
      monitor.look(network)
      for _ in 0..<10 { monitor.observe(score: network.top(1)[0].value) }
    }
  }

  private func settings() -> DriftSettings {
    var settings = DriftSettings()
    settings.sustainMilliseconds = 2000
    return settings
  }

  @Test func `pictures like those of calibration are no news`() throws {
    let sample = try Self.sample.get()
    let network = try Network(sample.file)
    let monitor = try #require(DriftMonitor.make(sample.file, settings()))
    see(monitor, network, sample.pictures)
    #expect(monitor.worstLayer.distance < 1.5)
    #expect(monitor.scoreDistance < 0.2)
    for second in 0..<10 as Range<Int64> {
      #expect(monitor.news(nanoseconds: second * 1_000_000_000)?.isDrifting == nil)
    }
  }

  @Test(arguments: Change.allCases)
  func `other pictures are told once, by layer, and so is their end`(_ change: Change) throws {
    let sample = try Self.sample.get()
    let network = try Network(sample.file)
    let monitor = try #require(DriftMonitor.make(sample.file, settings()))
    see(monitor, network, sample.pictures, change.apply)
    let second: Int64 = 1_000_000_000
    #expect(monitor.news(nanoseconds: 10 * second)?.isDrifting == nil)
    #expect(monitor.news(nanoseconds: 11 * second)?.isDrifting == nil)
    let news = try #require(monitor.news(nanoseconds: 12 * second))
    #expect(news.isDrifting)
    let worst = monitor.name(monitor.worstLayer.index)
    let beginning = "other pictures than those of calibration: layer \(worst) has "
    #expect(news.message.string.hasPrefix(beginning))
    #expect(monitor.news(nanoseconds: 13 * second)?.isDrifting == nil)
    var text = TextBuilder()
    monitor.render(into: &text)
    #expect(text.string.contains("\nedgecnn_drift 1\n"))

    for _ in 0..<2 { see(monitor, network, sample.pictures) }
    #expect(monitor.news(nanoseconds: 20 * second)?.isDrifting == nil)
    let end = try #require(monitor.news(nanoseconds: 22 * second))
    #expect(!end.isDrifting)
    #expect(end.message.string == "pictures are like those of calibration again")
  }

  @Test func `low scores alone are told too`() throws {
    let sample = try Self.sample.get()
    let monitor = try #require(DriftMonitor.make(sample.file, settings()))
    for _ in 0..<200 { monitor.observe(score: 0.1) }
    #expect(monitor.scoreDistance == 1)
    _ = monitor.news(nanoseconds: 0)
    #expect(
      monitor.news(nanoseconds: 2_000_000_000)?.message.string
        == "other pictures than those of calibration: scores are lower, by 1.00 of the distribution, expected at most 0.50; is it the light, the lens, or something new to the model?"
    )
  }

  @Test func `a look counts what a plain loop does, and changes no result`() throws {
    let sample = try Self.sample.get()
    let network = try Network(sample.file)
    network.setInput(sample.pictures[0])
    network.run { operation in
      let record = network.file.operators[operation]
      let output = network.file.tensors[record.output]
      let count = network.countAtLimits(ofOutputOf: operation)
      guard output.elementType == .u8 else {
        #expect(count.elements == 0)
        return
      }
      let bytes = network.bytes(ofOutputOf: operation)
      #expect(count.elements == bytes.count)
      #expect(count.low == bytes.count { Int($0) <= Int(record.clampLow) })
      #expect(count.high == bytes.count { Int($0) >= Int(record.clampHigh) })
    }
    let expected = network.outputBytes
    var settings = DriftSettings()
    settings.every = 1
    let monitor = try #require(DriftMonitor.make(sample.file, settings))
    network.setInput(sample.pictures[0])
    monitor.run(network)
    #expect(network.outputBytes == expected)
  }

  @Test func `metrics name every layer`() throws {
    let sample = try Self.sample.get()
    let monitor = try #require(DriftMonitor.make(sample.file, settings()))
    var text = TextBuilder()
    monitor.render(into: &text)
    let lines = text.string.split(separator: "\n")
    for operation in sample.file.operators {
      let name = sample.file.name(of: operation)
      #expect(lines.contains("edgecnn_layer_saturation_ratio{layer=\"\(name)\"} 0.0000"))
      #expect(lines.contains("edgecnn_layer_drift{layer=\"\(name)\"} 0.0000"))
    }
    #expect(lines.contains("edgecnn_score_drift 0.0000"))
    #expect(lines.contains("edgecnn_drift 0"))
  }

  @Test func `without calibration, or switched off, there is nothing to compare`() throws {
    var settings = DriftSettings()
    let sample = try Self.sample.get()
    settings.every = 0
    #expect(DriftMonitor.make(sample.file, settings) == nil)
  }
}
