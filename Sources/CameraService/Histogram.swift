internal import PlainText

/// Times in buckets, as Prometheus has them: each bound counts all that is not above it.
struct Histogram: Sendable {
  /// Upper bounds in microseconds: 1, 2 and 5 times powers of ten, from 100 µs to 5 s.
  private static let bounds: InlineArray<15, Int64> = [
    100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000,
  ]

  /// Times in each bucket, the last for those above all bounds.
  private var counts = InlineArray<16, UInt64>(repeating: 0)
  private var sumNanoseconds: Int64 = 0

  /// Notes a time.
  mutating func add(_ nanoseconds: Int64) {
    var bucket = 0
    while bucket < Self.bounds.count && nanoseconds > Self.bounds[bucket] * 1000 { bucket += 1 }
    counts[bucket] += 1
    sumNanoseconds += nanoseconds
  }

  /// Appends the lines of a metric with one label.
  func render(
    _ name: StaticString,
    _ label: StaticString,
    _ value: StaticString,
    into text: inout TextBuilder
  ) {
    func head(_ suffix: StaticString) {
      text.append(name)
      text.append(suffix)
      text.append("{")
      text.append(label)
      text.append("=\"")
      text.append(value)
      text.append("\"")
    }
    var total: UInt64 = 0
    for bucket in 0..<counts.count {
      total += counts[bucket]
      head("_bucket")
      text.append(",le=\"")
      if bucket < Self.bounds.count {
        text.append(Double(Self.bounds[bucket]) / 1e6, decimals: 4, trimmed: true)
      } else {
        text.append("+Inf")
      }
      text.append("\"} ")
      text.append(total)
      text.append("\n")
    }
    head("_sum")
    text.append("} ")
    text.append(Double(sumNanoseconds) / 1e9, decimals: 6, trimmed: true)
    text.append("\n")
    head("_count")
    text.append("} ")
    text.append(total)
    text.append("\n")
  }
}
