@testable import Compiler

/// A report with something in every part.
enum ReportSample {
  static func report(layers count: Int) -> ConversionReport {
    var report = ConversionReport()
    report.name = "net"
    report.source = "net.onnx"
    report.sourceLayers = 2 * count
    report.multiplyAccumulates = 27648 * count
    (report.fileBytes, report.sourceBytes, report.arenaBytes) = (2048, 8192, 1536)
    report.calibration = "min-max"
    (report.calibrationImages, report.comparedImages, report.agreeing) = (200, 4, 195)
    report.notes = ["something to know"]
    report.passes = [PassCount(name: "fuse clamps", count: 3)]
    var details = ReportDetails()
    for index in 0..<count {
      report.layers.append(layer(index))
      details.layers.append(detail(index))
      details.memory.append(
        .init(
          name: "tensor\(index)",
          offset: index % 2 * 640,
          byteCount: 640,
          firstWriter: index - 1,
          lastReader: index + 1
        )
      )
    }
    report.causes = [
      Cause(
        layer: 0,
        name: "layer0",
        kind: .wideChannel,
        channel: 17,
        words: "channel 17 is 40 times wider than the median",
        remedy: "--mend"
      ),
      Cause(layer: count - 1, name: "last", kind: .deadChannels, words: "2 of 16 are always 0"),
    ]
    details.histograms = [
      .init(
        layer: 0,
        start: -2,
        binWidth: 0.1,
        counts: (0..<72).map { $0 * $0 % 97 },
        range: [-1.5, 4]
      )
    ]
    details.channelWeights = [
      .init(layer: 0, channelsPerBin: 1, widest: 3, largest: [0, 0.5, 1, 40, 0.25, 1], median: 1)
    ]
    report.accuracy = .init(float: 181, int8: 180, images: 200, isAccuracy: true)
    details.attempts = [20, 19].map {
      .init(
        methods: "methods \($0)",
        score: .init(float: 20, int8: $0, images: 25, isAccuracy: true),
        seconds: 0.5
      )
    }
    details.chosenAttempt = 0
    details.speed = .init(milliseconds: 0.25, runs: 200, kernels: "avx2", processor: "a chip")
    report.details = details
    return report
  }

  private static func layer(_ index: Int) -> ConversionReport.Layer {
    ConversionReport.Layer(
      name: "layer\(index)",
      kind: index % 2 == 0 ? "convolution" : "maxPool",
      shape: [8, 8, 16],
      multiplyAccumulates: 27648,
      weightBytes: 768,
      noiseRatio: 20.04 + Double(index % 17),
      rangeNoiseRatio: 38.5,
      weightNoiseRatio: 42,
      saturation: 0.0001 * Double(index % 5),
      rangeUse: 0.5 + 0.01 * Double(index % 40),
      channelRatio: 40
    )
  }

  /// Every third layer reads the one before the last as well.
  private static func detail(_ index: Int) -> ReportDetails.Layer {
    var layer = ReportDetails.Layer()
    layer.inputs = index % 3 == 2 ? [index - 2, index - 1] : [index - 1]
    layer.kernel = "3×3/1"
    (layer.range, layer.seen) = ([-1.5, 4], [-2, 5.2])
    layer.weightSpread = [0.1, 0.5, 1, 2, 40]
    return layer
  }
}
