internal import CLinux
internal import PlainText

/// The service's state and circumstances, as JSON and for Prometheus.
struct WebStatus {
  /// The program and its version.
  let version: StaticString
  private let startedNanoseconds = cl_nanoseconds()

  init(version: StaticString) { self.version = version }

  /// Appends an object without a line's end.
  func append(to text: inout TextBuilder, _ board: Bulletin) {
    let description = board.description
    text.append("{")
    appendState(board.state, to: &text)
    text.append(",\"model\":{\"name\":")
    text.append(json: description.modelName)
    text.append(",\"hash\":")
    text.append(json: description.modelHash)
    text.append("},\"camera\":{\"name\":")
    text.append(json: description.camera)
    text.append(",\"format\":")
    text.append(json: description.format)
    text.append(",\"width\":", description.width)
    text.append(",\"height\":", description.height)
    text.append("},\"uptime_seconds\":")
    text.append(Self.seconds(since: startedNanoseconds), decimals: 1)
    text.append(",\"version\":\"")
    text.append(version)
    text.append("\"}")
  }

  /// Appends the members that say what the service is doing.
  func appendState(_ state: ServiceState, to text: inout TextBuilder) {
    text.append("\"state\":\"")
    text.append(Self.name(of: state))
    text.append("\"")
    guard case .cameraLost(let since) = state else { return }
    let nanoseconds = max(0, cl_nanoseconds() - since)
    text.append(",\"since\":\"")
    WallTime(nanoseconds: cl_wall_nanoseconds() - nanoseconds).append(to: &text)
    text.append("\",\"lost_seconds\":")
    text.append(Double(nanoseconds) / 1e9, decimals: 1)
  }

  /// Appends metrics in Prometheus' text format.
  func appendMetrics(to text: inout TextBuilder, _ board: Bulletin) {
    text.append("# HELP edgecnn_state What the service is doing: 1 for the state that it is in.\n")
    text.append("# TYPE edgecnn_state gauge\n")
    let current = board.state
    for state in [ServiceState.starting, .running, .cameraLost(sinceNanoseconds: 0)] {
      text.append("edgecnn_state{state=\"")
      text.append(Self.name(of: state))
      text.append("\"} ", Self.isSame(state, current) ? 1 : 0)
      text.append("\n")
    }
    let description = board.description
    text.append("# HELP edgecnn_model_info The model, by name and checksum.\n")
    text.append("# TYPE edgecnn_model_info gauge\nedgecnn_model_info{name=\"")
    Self.append(label: description.modelName, to: &text)
    text.append("\",hash=\"")
    Self.append(label: description.modelHash, to: &text)
    text.append("\"} 1\n")
    text.append("# HELP edgecnn_uptime_seconds Time since the start of the service.\n")
    text.append("# TYPE edgecnn_uptime_seconds gauge\nedgecnn_uptime_seconds ")
    text.append(Self.seconds(since: startedNanoseconds), decimals: 1)
    text.append("\n")
  }

  /// Appends the value of a label, with what would end it or its line escaped.
  private static func append(label value: String, to text: inout TextBuilder) {
    for byte in TextBuilder(string: value).bytes {
      if byte == 0x22 || byte == 0x5C { text.append("\\") }
      if byte == 0x0A { text.append("\\n") } else { text.append(byte: byte) }
    }
  }

  private static func seconds(since start: Int64) -> Double {
    Double(max(0, cl_nanoseconds() - start)) / 1e9
  }

  private static func name(of state: ServiceState) -> StaticString {
    switch state {
    case .starting: "starting"
    case .running: "running"
    case .cameraLost: "camera lost"
    }
  }

  private static func isSame(_ a: ServiceState, _ b: ServiceState) -> Bool {
    switch (a, b) {
    case (.starting, .starting), (.running, .running), (.cameraLost, .cameraLost): true
    default: false
    }
  }
}
