import Testing

@testable import CameraService

@Suite struct WebMetricsTests {
  private func read(_ server: RunningWebServer) throws -> PrometheusText {
    PrometheusText(try server.answer("/metrics").text)
  }

  private func value(_ text: PrometheusText, _ name: String, _ labels: [String: String] = [:])
    -> Double?
  {
    text.samples.first { $0.name == name && $0.labels == labels }?.value
  }

  @Test func `metrics keep to the format`() throws {
    let server = try RunningWebServer()
    var times = StageTimes()
    for microseconds in [50, 100, 101, 3000, 7_000_000] {
      times.total = Int64(microseconds) * 1000
      server.metrics.observe(times)
    }
    server.metrics.observe(temperature: 51.25, isThrottled: true)
    let text = try read(server)
    #expect(text.faults == [])
    #expect(text.samples.count > 50)
    #expect(text.types.keys.allSatisfy { $0.hasPrefix("edgecnn_") })
    let bucket = { (bound: String) in
      value(text, "edgecnn_stage_seconds_bucket", ["stage": "total", "le": bound])
    }
    #expect(bucket("0.0001") == 2)
    #expect(bucket("0.0002") == 3)
    #expect(bucket("+Inf") == 5)
  }

  @Test func `they name the model, whatever its name`() throws {
    let server = try RunningWebServer()
    var description = ServiceDescription()
    description.modelName = "a \"b\"\\c\nd"
    description.modelHash = "0123456789abcdef"
    server.board.description = description
    let text = try read(server)
    #expect(text.faults == [])
    let labels = ["name": #"a \"b\"\\c\nd"#, "hash": "0123456789abcdef"]
    #expect(value(text, "edgecnn_model_info", labels) == 1)
  }

  @Test func `they count what the server does`() throws {
    let server = try RunningWebServer()
    for path in ["/nothing", "/x", "/api/status", "/api/result"] { _ = try server.answer(path) }
    _ = try server.answer("/", host: "evil.example")
    let stream = try server.connect()
    stream.request("/stream.mjpeg")
    _ = try stream.takeHead()
    let text = try read(server)
    #expect(value(text, "edgecnn_http_answers_total", ["code": "404"]) == 2)
    #expect(value(text, "edgecnn_http_answers_total", ["code": "421"]) == 1)
    #expect(value(text, "edgecnn_http_answers_total", ["code": "503"]) == 1)
    #expect(value(text, "edgecnn_http_answers_total", ["code": "200"]) == 2)
    #expect(value(text, "edgecnn_http_streams", ["kind": "pictures"]) == 1)
    #expect(value(text, "edgecnn_http_streams", ["kind": "events"]) == 0)
    #expect(value(text, "edgecnn_state", ["state": "starting"]) == 1)
    #expect(value(text, "edgecnn_state", ["state": "running"]) == 0)
  }

  @Test(arguments: [
    "a 1", "# TYPE a counter\na 1\n", "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n", "a\n",
    "# TYPE a gauge\na 1\na 1\n", "# TYPE a gauge\na x\n", "# TYPE a gauge\na{x=1} 1\n",
    "# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
    "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na 2\n",
  ])
  func `the reader of these tests sees what is wrong`(text: String) {
    #expect(!PrometheusText(text).faults.isEmpty)
  }
}
