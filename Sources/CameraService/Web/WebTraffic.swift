internal import PlainText

/// What the server counts of its own work.
struct WebTraffic {
  private static let codes: InlineArray<7, UInt32> = [200, 304, 401, 404, 421, 503, 0]
  private var counts = InlineArray<7, UInt64>(repeating: 0)

  /// Counts an answer with one of the codes that are used.
  mutating func count(_ code: UInt32) {
    var place = 0
    while place < counts.count - 1 && Self.codes[place] != code { place += 1 }
    counts[place] += 1
  }

  /// Appends metrics in Prometheus' text format.
  func append(to text: inout TextBuilder, _ streams: [WebStream]) {
    text.append("# HELP edgecnn_http_answers_total Answers of the HTTP server, by status.\n")
    text.append("# TYPE edgecnn_http_answers_total counter\n")
    for place in 0..<(counts.count - 1) {
      text.append("edgecnn_http_answers_total{code=\"", Int(Self.codes[place]))
      text.append("\"} ")
      text.append(counts[place])
      text.append("\n")
    }
    text.append("# HELP edgecnn_http_streams Streams that are open, by kind.\n")
    text.append("# TYPE edgecnn_http_streams gauge\n")
    var (events, pictures) = (0, 0)
    for stream in streams {
      if stream.kind == .events { events += 1 }
      if stream.kind == .pictures { pictures += 1 }
    }
    text.append("edgecnn_http_streams{kind=\"events\"} ", events)
    text.append("\nedgecnn_http_streams{kind=\"pictures\"} ", pictures)
    text.append("\n")
  }
}
