internal import CLinux
internal import PlainText

/// All that can be set, section by section; the defaults do for a camera and a terminal.
public struct Settings: Sendable {
  /// `[model]`.
  public var model = ModelSettings()
  /// `[results]`.
  public var results = ResultSettings()
  /// `[http]`.
  public var http = HTTPSettings()
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

  private mutating func take(_ entry: SettingsEntry) throws(SettingsError) {
    if entry.section.hasBytes(of: ModelSettings.name) { return try model.take(entry) }
    if entry.section.hasBytes(of: ResultSettings.name) { return try results.take(entry) }
    if entry.section.hasBytes(of: HTTPSettings.name) { return try http.take(entry) }
    if entry.section.hasBytes(of: LogSettings.name) { return try log.take(entry) }
    let names = [ModelSettings.name, ResultSettings.name, HTTPSettings.name, LogSettings.name]
    throw SettingsError(entry, ModelSettings.unknown("section", entry.section, names))
  }
}
