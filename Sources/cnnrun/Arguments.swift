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

  /// A mistake in the command line: one line without the program's name.
  struct UsageError: Error, Equatable {
    let message: String
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
  private static let options = [
    "--top", "--json", "--threads", "--kernels", "--raw", "--selftest", "--bench", "--profile",
    "--list-kernels", "--help", "--version",
  ]

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

  private mutating func read(_ option: Words.Word, _ words: inout Words) throws(UsageError) {
    switch option.name {
    case "--top":
      top = try words.number(option, 1...1_000_000)
    case "--threads":
      threads = try words.number(option, 1...64)
    case "--kernels":
      kernels = try words.value(option)
    case "--bench":
      try choose(.bench(runs: try words.optionalNumber(option, 1...1_000_000) ?? Self.defaultRuns))
    default:
      if option.value != nil, Self.options.contains(option.name) {
        throw UsageError(message: "\(option.name) takes no value")
      }
      try readFlag(option)
    }
  }

  private mutating func readFlag(_ option: Words.Word) throws(UsageError) {
    switch option.name {
    case "--json": isJSON = true
    case "--raw": isRaw = true
    case "--profile": hasProfile = true
    case "--selftest": try choose(.selfTest)
    case "--list-kernels": try choose(.listKernels)
    case "--help", "-h": action = .help
    case "--version": if action != .help { action = .version }
    default:
      var message = "unknown option \(option.name)"
      if let near = Spelling.nearest(to: option.name, among: Self.options) {
        message += ", did you mean \(near)?"
      } else {
        message += "; try cnnrun --help"
      }
      throw UsageError(message: message)
    }
  }

  private mutating func choose(_ other: Action) throws(UsageError) {
    switch action {
    case .help, .version: return
    case .classify: action = other
    default: throw UsageError(message: "--selftest, --bench and --list-kernels exclude each other")
    }
  }

  private func check() throws(UsageError) {
    switch action {
    case .help, .version, .listKernels:
      return
    case .classify:
      guard !files.isEmpty else {
        throw UsageError(message: "no model given; try cnnrun --help")
      }
      guard files.count > 1 else {
        throw UsageError(message: "\(files[0]): no image given, expected cnnrun model.bin IMAGE...")
      }
      guard !hasProfile else { throw UsageError(message: "--profile is for --bench") }
    case .selfTest:
      try checkModelOnly("--selftest")
      guard !isJSON else { throw UsageError(message: "--json is not for --selftest") }
      guard !hasProfile else { throw UsageError(message: "--profile is for --bench") }
    case .bench:
      try checkModelOnly("--bench")
    }
  }

  private func checkModelOnly(_ option: String) throws(UsageError) {
    guard files.count == 1 else {
      throw UsageError(message: "\(option): \(files.count) files given, expected one model")
    }
  }
}

/// The words of a command line, in order.
private struct Words {
  /// One word, split at its first "=" if it is an option.
  struct Word {
    let text: String
    let isOption: Bool
    let name: String
    let value: String?
  }

  private let arguments: [String]
  private var position = 0
  private var optionsEnded = false

  init(_ arguments: [String]) { self.arguments = arguments }

  /// The next word; "--" ends the options and is none itself.
  mutating func next() -> Word? {
    guard position < arguments.count else { return nil }
    let text = arguments[position]
    position += 1
    if optionsEnded || !text.utf8.starts(with: "-".utf8) || text.utf8.count == 1 {
      return Word(text: text, isOption: false, name: text, value: nil)
    }
    if text == "--" {
      optionsEnded = true
      return next()
    }
    let bytes = Array(text.utf8)
    guard let equals = bytes.firstIndex(of: 0x3D) else {
      return Word(text: text, isOption: true, name: text, value: nil)
    }
    return Word(
      text: text,
      isOption: true,
      name: String(decoding: bytes[..<equals], as: UTF8.self),
      value: String(decoding: bytes[(equals + 1)...], as: UTF8.self)
    )
  }

  /// The value of an option: behind its "=", or the next word.
  mutating func value(_ option: Word) throws(Arguments.UsageError) -> String {
    if let value = option.value { return value }
    guard position < arguments.count else {
      throw Arguments.UsageError(message: "\(option.name): value missing")
    }
    position += 1
    return arguments[position - 1]
  }

  mutating func number(
    _ option: Word,
    _ range: ClosedRange<Int>
  ) throws(Arguments.UsageError) -> Int {
    let text = try value(option)
    guard let number = Int(text), range.contains(number) else {
      throw Arguments.UsageError(
        message: "\(option.name) \(text): expected \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return number
  }

  /// The next word if it is a number, and nil where it is another word.
  mutating func optionalNumber(
    _ option: Word,
    _ range: ClosedRange<Int>
  ) throws(Arguments.UsageError) -> Int? {
    if option.value == nil {
      guard position < arguments.count, Int(arguments[position]) != nil else { return nil }
    }
    return try number(option, range)
  }
}
