public import PlainText
internal import Threads

/// What is counted from the start on.
public enum Counter: Int, Sendable, CaseIterable {
  case framesCaptured, framesDropped, framesClassified, framesSaved, reconnects
  case resultsPublished, resultsDropped, modelSwaps, modelsRefused

  var name: StaticString {
    switch self {
    case .framesCaptured: "frames_captured"
    case .framesDropped: "frames_dropped"
    case .framesClassified: "frames_classified"
    case .framesSaved: "frames_saved"
    case .reconnects: "reconnects"
    case .resultsPublished: "results_published"
    case .resultsDropped: "results_dropped"
    case .modelSwaps: "model_swaps"
    case .modelsRefused: "models_refused"
    }
  }

  var help: StaticString {
    switch self {
    case .framesCaptured: "Frames that the camera delivered."
    case .framesDropped: "Frames for which a newer one came before they were looked at."
    case .framesClassified: "Frames that the network ran on."
    case .framesSaved: "Frames saved for relabelling."
    case .reconnects: "Times that the camera was opened again."
    case .resultsPublished: "Results given to outputs."
    case .resultsDropped: "Results that an output could not take."
    case .modelSwaps: "Times that another model took over."
    case .modelsRefused: "Models that did not pass verification."
    }
  }
}

/// What may go wrong with frames, counted by kind.
public enum FrameFault: Int, Sendable, CaseIterable {
  case flagged, short, damaged, frozen, inputOutput, unplugged, open, format

  var name: StaticString {
    switch self {
    case .flagged: "flagged"
    case .short: "short"
    case .damaged: "damaged"
    case .frozen: "frozen"
    case .inputOutput: "io"
    case .unplugged: "unplugged"
    case .open: "open"
    case .format: "format"
    }
  }
}

/// The parts of a frame's way from the driver to the outputs.
public enum Stage: Int, Sendable, CaseIterable {
  case capture, pixels, inference, publish, total

  var name: StaticString {
    switch self {
    case .capture: "capture"
    case .pixels: "pixels"
    case .inference: "inference"
    case .publish: "publish"
    case .total: "total"
    }
  }
}

/// Counters, times and temperatures of the service, as Prometheus reads them.
///
/// Any thread may write and read; a reader copies first and formats after, so that the frame loop never waits for it.
public final class Metrics: @unchecked Sendable {
  /// The values at one moment.
  private struct Values {
    var counters = [UInt64](repeating: 0, count: Counter.allCases.count)
    var faults = [UInt64](repeating: 0, count: FrameFault.allCases.count)
    var stages = [Histogram](repeating: Histogram(), count: Stage.allCases.count)
    /// Degrees Celsius; nil where the board reports none.
    var temperature: Double?
    /// Whether the board runs slower than it could; nil where it does not say.
    var isThrottled: Bool?
    /// Nil where there is no broker.
    var mqtt: MQTTCounts?
    /// Nil where the model says nothing to compare with.
    var drift: DriftMonitor?
  }

  private let monitor = Monitor()
  private var values = Values()

  /// Metrics at their start.
  public init() {}

  /// Counts something.
  public func add(_ counter: Counter, _ count: UInt64 = 1) {
    monitor.locked { values.counters[counter.rawValue] += count }
  }

  /// Takes over what somebody else counts.
  public func set(_ counter: Counter, to value: Int) {
    monitor.locked { values.counters[counter.rawValue] = UInt64(max(0, value)) }
  }

  /// The value of a counter.
  public func value(_ counter: Counter) -> UInt64 {
    monitor.locked { values.counters[counter.rawValue] }
  }

  /// Counts a fault.
  public func add(_ fault: FrameFault) { monitor.locked { values.faults[fault.rawValue] += 1 } }

  /// Takes over what somebody else counts.
  public func set(_ fault: FrameFault, to value: Int) {
    monitor.locked { values.faults[fault.rawValue] = UInt64(max(0, value)) }
  }

  /// The number of faults of a kind.
  public func value(_ fault: FrameFault) -> UInt64 {
    monitor.locked { values.faults[fault.rawValue] }
  }

  /// Notes the times of one frame, in nanoseconds.
  public func observe(_ times: StageTimes) {
    monitor.locked {
      for stage in Stage.allCases { values.stages[stage.rawValue].add(times[stage]) }
    }
  }

  /// Notes what the board says of itself.
  public func observe(temperature: Double?, isThrottled: Bool?) {
    monitor.locked {
      values.temperature = temperature
      values.isThrottled = isThrottled
    }
  }

  /// Notes what has become of messages to the broker.
  public func observe(_ mqtt: MQTTCounts) { monitor.locked { values.mqtt = mqtt } }

  /// Has the metrics of a model's drift rendered with the others from now on.
  public func observe(_ drift: DriftMonitor?) { monitor.locked { values.drift = drift } }

  /// Appends all of it in Prometheus' text format 0.0.4.
  public func render(into text: inout TextBuilder) {
    let values = monitor.locked { self.values }
    for counter in Counter.allCases {
      let value = values.counters[counter.rawValue]
      Self.line(counter.name, "_total", counter.help, "counter", value, &text)
    }
    Self.head(
      "errors",
      "_total",
      "Frames and cameras that could not be used, by kind.",
      "counter",
      &text
    )
    for fault in FrameFault.allCases {
      text.append("edgecnn_errors_total{kind=\"")
      text.append(fault.name)
      text.append("\"} ")
      text.append(values.faults[fault.rawValue])
      text.append("\n")
    }
    Self.head(
      "stage_seconds",
      "",
      "Time from the driver's timestamp to the outputs, by part.",
      "histogram",
      &text
    )
    for stage in Stage.allCases {
      values.stages[stage.rawValue].render(
        "edgecnn_stage_seconds",
        "stage",
        stage.name,
        into: &text
      )
    }
    if let temperature = values.temperature {
      Self.head("temperature_celsius", "", "The board's hottest sensor.", "gauge", &text)
      text.append("edgecnn_temperature_celsius ")
      text.append(temperature, decimals: 1)
      text.append("\n")
    }
    if let isThrottled = values.isThrottled {
      let help: StaticString = "1 while the board runs slower than it could."
      Self.line("throttled", "", help, "gauge", isThrottled ? 1 : 0, &text)
    }
    if let mqtt = values.mqtt {
      Self.line("mqtt_connected", "", "1 with a broker.", "gauge", mqtt.isConnected ? 1 : 0, &text)
      Self.line("mqtt_waiting", "", "Messages that wait.", "gauge", UInt64(mqtt.waiting), &text)
      let connections: StaticString = "Connections to the broker so far."
      Self.line("mqtt_connections", "_total", connections, "counter", mqtt.connections, &text)
      let delivered: StaticString = "Messages that the broker has."
      Self.line("mqtt_delivered", "_total", delivered, "counter", mqtt.delivered, &text)
      let dropped: StaticString = "Messages that gave way to newer ones."
      Self.line("mqtt_dropped", "_total", dropped, "counter", mqtt.dropped, &text)
    }
    values.drift?.render(into: &text)
  }

  /// A metric of one value.
  private static func line(
    _ name: StaticString,
    _ suffix: StaticString,
    _ help: StaticString,
    _ type: StaticString,
    _ value: UInt64,
    _ text: inout TextBuilder
  ) {
    head(name, suffix, help, type, &text)
    text.append("edgecnn_")
    text.append(name)
    text.append(suffix)
    text.append(" ")
    text.append(value)
    text.append("\n")
  }

  private static func head(
    _ name: StaticString,
    _ suffix: StaticString,
    _ help: StaticString,
    _ type: StaticString,
    _ text: inout TextBuilder
  ) {
    text.append("# HELP edgecnn_")
    text.append(name)
    text.append(suffix)
    text.append(" ")
    text.append(help)
    text.append("\n# TYPE edgecnn_")
    text.append(name)
    text.append(suffix)
    text.append(" ")
    text.append(type)
    text.append("\n")
  }
}
