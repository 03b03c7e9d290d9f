internal import CommandWords
internal import PlainText

/// What the user asked for.
struct Arguments: Equatable {
  /// The things that cnnrun does.
  enum Action: Equatable {
    case classify
    case selfTest
    case bench(runs: Int)
    case listKernels
    case help
    case version
  }

  /// The words that begin with a dash.
  private enum Option: CommandOption {
    case top, json, threads, kernels, raw, selfTest, bench, profile, listKernels, help, version

    var name: StaticString {
      switch self {
      case .top: "--top"
      case .json: "--json"
      case .threads: "--threads"
      case .kernels: "--kernels"
      case .raw: "--raw"
      case .selfTest: "--selftest"
      case .bench: "--bench"
      case .profile: "--profile"
      case .listKernels: "--list-kernels"
      case .help: "--help"
      case .version: "--version"
      }
    }

    /// Whether a value may follow.
    var takesValue: Bool {
      switch self {
      case .top, .threads, .kernels, .bench: true
      default: false
      }
    }
  }

  var action = Action.classify
  /// The model, then the images.
  var files: [String] = []
  /// Classes to print, at least 1.
  var top = 5
  var threads = 1
  /// The kernel set that must be used; nil for the best, or what EDGECNN_KERNELS says.
  var kernels: String?
  var isJSON = false
  var isRaw = false
  var hasProfile = false

  static let defaultRuns = 100

  /// Reads what follows the program's name.
  init(_ arguments: [String]) throws(UsageError) {
    var words = Words(arguments)
    while let word = words.next() {
      guard word.isOption else {
        files.append(word.text)
        continue
      }
      try read(word, &words)
    }
    try check()
  }

  private mutating func read(_ word: Words.Word, _ words: inout Words) throws(UsageError) {
    switch try Option(word, of: "cnnrun") {
    case .top: top = try words.number(word, upTo: 1_000_000)
    case .threads: threads = try words.number(word, upTo: 64)
    case .kernels: kernels = try words.value(word)
    case .bench:
      let runs = try words.optionalNumber(word, upTo: 1_000_000)
      try choose(.bench(runs: runs ?? Self.defaultRuns))
    case .json: isJSON = true
    case .raw: isRaw = true
    case .profile: hasProfile = true
    case .selfTest: try choose(.selfTest)
    case .listKernels: try choose(.listKernels)
    case .help: action = .help
    case .version: if action != .help { action = .version }
    }
  }

  private mutating func choose(_ other: Action) throws(UsageError) {
    switch action {
    case .help, .version: return
    case .classify: action = other
    default: throw UsageError("--selftest, --bench and --list-kernels exclude each other")
    }
  }

  private func check() throws(UsageError) {
    switch action {
    case .help, .version, .listKernels: return
    case .classify:
      guard let model = files.first else { throw UsageError("no model given; try cnnrun --help") }
      guard files.count > 1 else {
        var message = TextBuilder(string: model)
        message.append(": no image given, expected cnnrun model.bin IMAGE...")
        throw UsageError(message)
      }
    case .selfTest:
      try checkModelOnly(.selfTest)
      guard !isJSON else { throw UsageError("--json is not for --selftest") }
    case .bench: return try checkModelOnly(.bench)
    }
    guard !hasProfile else { throw UsageError("--profile is for --bench") }
  }

  private func checkModelOnly(_ option: Option) throws(UsageError) {
    guard files.count != 1 else { return }
    var message = TextBuilder(option.name)
    message.append(": ", files.count)
    message.append(" files given, expected one model")
    throw UsageError(message)
  }
}
