internal import CLinux
internal import PlainText

/// All that can be set, section by section; the defaults do for a camera and a terminal.
public struct Settings: Sendable {
  /// `[model]`.
  public var model = ModelSettings()
  /// `[camera]`.
  public var camera = CameraSettings()
  /// `[results]`.
  public var results = ResultSettings()
  /// `[http]`.
  public var http = HTTPSettings()
  /// `[mqtt]`.
  public var mqtt = MQTTSettings()
  /// `[frames]`.
  public var frames = FrameSettings()
  /// `[drift]`.
  public var drift = DriftSettings()
  /// `[update]`.
  public var update = UpdateSettings()
  /// `[log]`.
  public var log = LogSettings()

  /// The defaults.
  public init() {}

  /// Settings from the file at `path`.
  ///
  /// Throws `SettingsError` at the first entry that cannot be used.
  public init(path: String) throws(SettingsError) {
    var memory: UnsafeMutablePointer<UInt8>?
    var size = 0
    let failure = path.withTerminatedBytes {
      cl_read_file($0, SettingsFile.byteLimit, &memory, &size)
    }
    guard failure == 0 else {
      var text = TextBuilder(string: path)
      text.append(": cannot be read, ")
      text.append(TextBuilder(cString: cl_error_text(failure)))
      throw SettingsError(text)
    }
    defer { cl_free(memory) }
    try self.init(Array(UnsafeBufferPointer(start: memory, count: size)), name: path)
  }

  /// Settings from a file's bytes; `name` is how messages call it.
  public init(_ bytes: [UInt8], name: String) throws(SettingsError) {
    for entry in try SettingsFile(bytes, name: name).entries { try take(entry) }
  }

  /// Takes over a setting from a command line: `section.key=value`.
  public mutating func apply(_ change: String) throws(SettingsError) {
    let bytes = TextBuilder(string: change).bytes
    guard let equals = bytes.firstIndex(of: 0x3D),
      let dot = bytes[..<equals].firstIndex(of: 0x2E)
    else {
      var text = TextBuilder("--set ")
      text.append(string: change)
      text.append(": expected section.key=value, such as results.smoothing=1s")
      throw SettingsError(text)
    }
    try take(
      SettingsEntry(
        file: "command line",
        line: 0,
        section: SettingsFile.string(bytes[..<dot]),
        key: SettingsFile.string(bytes[(dot + 1)..<equals]),
        value: SettingsFile.string(bytes[(equals + 1)...])
      )
    )
  }

  /// Finds what no single entry shows.
  public func check() throws(SettingsError) {
    if model.path.utf8.isEmpty {
      throw SettingsError(TextBuilder("[model] path: missing, expected the model to run"))
    }
    if !camera.device.utf8.isEmpty && !camera.source.utf8.isEmpty {
      throw SettingsError(TextBuilder("[camera] device and source: expected one of them"))
    }
  }

  /// The sections: each is a property above, a case here, and a line in every switch.
  private enum Section: CaseIterable {
    case model, camera, results, http, mqtt, frames, drift, update, log

    var name: StaticString {
      switch self {
      case .model: ModelSettings.name
      case .camera: CameraSettings.name
      case .results: ResultSettings.name
      case .http: HTTPSettings.name
      case .mqtt: MQTTSettings.name
      case .frames: FrameSettings.name
      case .drift: DriftSettings.name
      case .update: UpdateSettings.name
      case .log: LogSettings.name
      }
    }
  }

  /// The names of all keys, by the name of their section.
  static var keys: [(section: String, keys: [String])] {
    func names<Known: SettingsSection>(_ section: Known.Type) -> [String] {
      Known.Key.allCases.map { TextBuilder($0.name).string }
    }
    return Section.allCases.map { section in
      let keys =
        switch section {
        case .model: names(ModelSettings.self)
        case .camera: names(CameraSettings.self)
        case .results: names(ResultSettings.self)
        case .http: names(HTTPSettings.self)
        case .mqtt: names(MQTTSettings.self)
        case .frames: names(FrameSettings.self)
        case .drift: names(DriftSettings.self)
        case .update: names(UpdateSettings.self)
        case .log: names(LogSettings.self)
        }
      return (TextBuilder(section.name).string, keys)
    }
  }

  private mutating func take(_ entry: SettingsEntry) throws(SettingsError) {
    for section in Section.allCases where entry.section.hasBytes(of: section.name) {
      switch section {
      case .model: return try model.take(entry)
      case .camera: return try camera.take(entry)
      case .results: return try results.take(entry)
      case .http: return try http.take(entry)
      case .mqtt: return try mqtt.take(entry)
      case .frames: return try frames.take(entry)
      case .drift: return try drift.take(entry)
      case .update: return try update.take(entry)
      case .log: return try log.take(entry)
      }
    }
    let names = Section.allCases.map { $0.name }
    throw SettingsError(entry, ModelSettings.unknown("section", entry.section, names))
  }
}
