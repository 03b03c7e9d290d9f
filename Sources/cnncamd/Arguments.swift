internal import CameraService
internal import CommandWords
internal import PlainText

/// What the user asked for.
struct Arguments {
  /// The things that cnncamd does.
  enum Action: Equatable {
    case run
    case checkConfig
    case listCameras
    case help
    case version
  }

  /// The words that begin with a dash.
  private enum Option: CommandOption {
    case config, checkConfig, device, source, set, json, quiet, listCameras, help, version

    var name: StaticString {
      switch self {
      case .config: "--config"
      case .checkConfig: "--check-config"
      case .device: "--device"
      case .source: "--source"
      case .set: "--set"
      case .json: "--json"
      case .quiet: "--quiet"
      case .listCameras: "--list-cameras"
      case .help: "--help"
      case .version: "--version"
      }
    }

    var takesValue: Bool {
      switch self {
      case .config, .checkConfig, .device, .source, .set: true
      default: false
      }
    }
  }

  var action = Action.run
  /// The settings file.
  var config: String?
  /// Settings that come after the file: `section.key=value`, in order.
  var changes: [String] = []
  /// What standard output shows; nil for the usual.
  var console: ConsoleStyle?

  /// Reads what follows the program's name.
  init(_ arguments: [String]) throws(UsageError) {
    var words = Words(arguments)
    var model: String?
    while let word = words.next() {
      guard word.isOption else {
        guard model == nil else {
          var message = TextBuilder(string: word.text)
          message.append(": a second model, expected one; a camera is given by --device")
          throw UsageError(message)
        }
        model = word.text
        change("model.path", word.text)
        continue
      }
      try read(word, &words)
    }
    guard action == .run, model == nil, config == nil else { return }
    throw UsageError("no model and no settings given; try cnncamd --help")
  }

  private mutating func read(_ word: Words.Word, _ words: inout Words) throws(UsageError) {
    // "-" is a value of --source, so a word of that alone is none here.
    switch try Option(word, of: "cnncamd") {
    case .config: config = try words.value(word)
    case .checkConfig:
      config = try words.value(word)
      action = .checkConfig
    case .device: change("camera.device", try words.value(word))
    case .source: change("camera.source", try words.value(word))
    case .set: changes.append(try words.value(word))
    case .json: console = .json
    case .quiet: console = ConsoleStyle.none
    case .listCameras: action = .listCameras
    case .help: action = .help
    case .version: if action != .help { action = .version }
    }
  }

  private mutating func change(_ key: StaticString, _ value: String) {
    var text = TextBuilder(key)
    text.append("=", value)
    changes.append(text.string)
  }
}
