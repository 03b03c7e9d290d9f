import PlainText
import Testing

@testable import CameraService

@Suite struct MetricsTests {
  private func lines(_ metrics: Metrics) -> [String] {
    var text = TextBuilder()
    metrics.render(into: &text)
    return text.string.split(separator: "\n").map(String.init)
  }

  @Test func `counters and faults are what has been counted`() {
    let metrics = Metrics()
    metrics.add(.framesClassified, 3)
    metrics.set(.framesDropped, to: 7)
    metrics.add(.short)
    let lines = lines(metrics)
    #expect(lines.contains("edgecnn_frames_classified_total 3"))
    #expect(lines.contains("edgecnn_frames_dropped_total 7"))
    #expect(lines.contains("edgecnn_errors_total{kind=\"short\"} 1"))
    #expect(lines.contains("edgecnn_errors_total{kind=\"io\"} 0"))
    #expect(lines.contains("# TYPE edgecnn_frames_dropped_total counter"))
  }

  @Test func `a histogram counts all that is not above a bound`() {
    let metrics = Metrics()
    for time in [99_999, 100_000, 100_001, 5_000_000_000, 5_000_000_001] as [Int64] {
      var times = StageTimes()
      times.pixels = time
      metrics.observe(times)
    }
    let lines = lines(metrics)
    let pixels = lines.filter { $0.hasPrefix("edgecnn_stage_seconds_bucket{stage=\"pixels\"") }
    #expect(pixels.count == 16)
    #expect(pixels.first == "edgecnn_stage_seconds_bucket{stage=\"pixels\",le=\"0.0001\"} 2")
    #expect(pixels[1] == "edgecnn_stage_seconds_bucket{stage=\"pixels\",le=\"0.0002\"} 3")
    #expect(pixels[14] == "edgecnn_stage_seconds_bucket{stage=\"pixels\",le=\"5.0\"} 4")
    #expect(pixels[15] == "edgecnn_stage_seconds_bucket{stage=\"pixels\",le=\"+Inf\"} 5")
    #expect(lines.contains("edgecnn_stage_seconds_sum{stage=\"pixels\"} 10.0003"))
    #expect(lines.contains("edgecnn_stage_seconds_count{stage=\"pixels\"} 5"))
  }

  @Test func `what the board does not tell is not there`() {
    let metrics = Metrics()
    #expect(!lines(metrics).contains { $0.contains("celsius") || $0.contains("throttled") })
    metrics.observe(temperature: 61.25, isThrottled: true)
    #expect(lines(metrics).contains("edgecnn_temperature_celsius 61.3"))
    #expect(lines(metrics).contains("edgecnn_throttled 1"))
  }
}
