import Foundation
import Testing

@testable import Compiler

@Suite("The conversion report")
struct ReportTests {
  static var report: ConversionReport {
    var report = ConversionReport()
    report.name = "net"
    report.sourceLayers = 7
    report.layers = [
      .init(
        name: "conv1",
        kind: "convolution",
        shape: [8, 8, 16],
        multiplyAccumulates: 27648,
        weightBytes: 768,
        noiseRatio: 31.25,
        rangeNoiseRatio: 38.5,
        weightNoiseRatio: 42,
        saturation: 0.0001,
        rangeUse: 0.97,
        channelRatio: 40
      ),
      .init(
        name: "pool",
        kind: "maxPool",
        shape: [4, 4, 16],
        multiplyAccumulates: 0,
        weightBytes: 0,
        noiseRatio: 28
      ),
      .init(
        name: "scores",
        kind: "softmax",
        shape: [1, 1, 16],
        multiplyAccumulates: 0,
        weightBytes: 0,
        noiseRatio: nil
      ),
    ]
    report.passes = [PassCount(name: "fuse clamps", count: 3)]
    report.multiplyAccumulates = 27648
    report.fileBytes = 2048
    report.sourceBytes = 8192
    report.arenaBytes = 1536
    report.calibration = "min-max"
    report.calibrationImages = 8
    report.comparedImages = 4
    report.agreeing = 7
    report.notes = ["something to know"]
    report.causes = [
      Cause(
        layer: 0,
        name: "conv1",
        kind: .wideChannel,
        channel: 3,
        words: "channel 3's weights are 40 times wider than the median",
        remedy: "--mend"
      ),
      Cause(layer: 1, name: "pool", kind: .deadChannels, words: "2 of 16 channels are always 0"),
    ]
    return report
  }

  @Test func `it is read back from its JSON`() throws {
    let data = Data(Self.report.json.utf8)
    #expect(try JSONDecoder().decode(ConversionReport.self, from: data) == Self.report)
  }

  @Test func `the worst layers come first`() {
    #expect(Self.report.worstLayers == ["pool", "conv1"])
  }

  @Test func `the text is a table with aligned columns`() {
    #expect(
      Self.report.text == """
        layer   operator     output    MACs  weights  SQNR dB
        conv1   convolution  8×8×16  27.6 K      768     31.3
        pool    maxPool      4×4×16                      28.0
        scores  softmax      1×1×16

        pass         applied
        fuse clamps        3

        network     net
        layers      7 in the source, 3 in the file
        work        27.6 K multiply-accumulates
        file        2.05 KB of 8.19 KB float (4.00× smaller)
        memory      1.54 KB
        ranges      min-max, 8 images
        most noise  pool, conv1
        agreement   float and int8 name the same class for 7 of 8 images (87.5 %, 95 % interval 52.9 … 97.8)
        note: something to know
        conv1: channel 3's weights are 40 times wider than the median; --mend mends it
        channels that tell nothing: pool; pruning them in training would save work

        """
    )
  }

  @Test func `the essence is one line that is read back without the details`() throws {
    var report = Self.report
    report.details = ReportDetails()
    let essence = report.essence
    #expect(!essence.contains("\n"))
    report.details = nil
    #expect(ConversionReport(essence: essence) == report)
  }

  @Test(arguments: ["", "{}", "[1, 2]", "{\"layers\": 3}"])
  func `other text is no report`(_ text: String) {
    #expect(ConversionReport(essence: text) == nil)
  }

  @Test func `inspecting shows how good each layer is`() {
    #expect(
      Self.report.qualityLines.joined(separator: "\n") == """
        ranges     min-max, 8 images
        agreement  float and int8 name the same class for 7 of 8 images (87.5 %, 95 % interval 52.9 … 97.8)

        layer   SQNR dB  range dB  weights dB  clipped %  in use %  widest channel
        conv1      31.3      38.5        42.0       0.01        97             40×
        pool       28.0
        scores

        conv1: channel 3's weights are 40 times wider than the median; --mend mends it
        channels that tell nothing: pool; pruning them in training would save work
        """
    )
  }
}
