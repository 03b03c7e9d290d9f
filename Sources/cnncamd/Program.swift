internal import Camera
internal import CameraService
internal import CommandWords
internal import PlainText

/// Where cnncamd writes.
let console = Console(program: "cnncamd")

/// The whole of cnncamd: arguments in, exit status out.
enum Program {
  /// Does what the arguments (without the program's name) ask for and returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    console.status { () throws(UsageError) in run(try Arguments(words)) }
  }

  private static func run(_ arguments: Arguments) -> Int32 {
    switch arguments.action {
    case .help:
      console.write(TextBuilder(Help.text))
      return 0
    case .version:
      var text = TextBuilder(Help.name)
      text.append("\n")
      console.write(text)
      return 0
    case .listCameras:
      return listCameras()
    case .run, .checkConfig: break
    }
    do throws(SettingsError) {
      var settings = Settings()
      if let config = arguments.config { settings = try Settings(path: config) }
      for change in arguments.changes { try settings.apply(change) }
      try settings.check()
      guard arguments.action == .run else {
        var text = TextBuilder(string: arguments.config ?? "")
        text.append(": ok\n")
        console.write(text)
        return 0
      }
      // A service's results go where its settings say; somebody at a terminal wants to see them.
      let usual = arguments.config == nil ? ConsoleStyle.people : ConsoleStyle.none
      return Service.run(settings, console: arguments.console ?? usual, version: Help.name)
    } catch {
      console.report(error.message)
      return 2
    }
  }

  private static func listCameras() -> Int32 {
    let cameras = CameraList.text()
    guard !cameras.bytes.isEmpty else {
      console.report(TextBuilder("no camera found, expected a V4L2 node that gives pictures"))
      return 1
    }
    console.write(cameras)
    return 0
  }
}
