import PlainText
import Testing

@testable import CameraService

@Suite struct LogTests {
  /// A log on a list, with a clock of its own.
  private final class Bench {
    var now: Int64 = 0
    var lines: [String] = []

    func log(_ level: LogLevel = .info, isJournal: Bool = false) -> Log {
      Log(
        level: level,
        isJournal: isJournal,
        clock: { self.now },
        sink: { self.lines.append($0.string) }
      )
    }
  }

  @Test func `a line has its level and its subject`() {
    let bench = Bench()
    let log = bench.log()
    log.error(.camera, TextBuilder("gone"))
    log.info(.mqtt, TextBuilder("a\nb"))
    log.debug(.http, TextBuilder("not shown"))
    #expect(bench.lines == ["cnncamd: error: camera: gone\n", "cnncamd: mqtt: a?b\n"])
  }

  @Test func `the journal gets its own levels`() {
    let bench = Bench()
    let log = bench.log(.debug, isJournal: true)
    log.error(.camera, TextBuilder("a"))
    log.warning(.camera, TextBuilder("b"))
    log.info(.camera, TextBuilder("c"))
    log.debug(.camera, TextBuilder("d"))
    #expect(
      bench.lines == ["<3>camera: a\n", "<4>camera: b\n", "<6>camera: c\n", "<7>camera: d\n"]
    )
  }

  @Test func `a subject that has much to say is held back, others are not`() {
    let bench = Bench()
    let log = bench.log()
    for _ in 0..<25 { log.warning(.camera, TextBuilder("again")) }
    log.warning(.http, TextBuilder("once"))
    #expect(bench.lines.count == 11)
    bench.now = 6_000_000_000
    log.warning(.camera, TextBuilder("again"))
    log.warning(.camera, TextBuilder("again"))
    #expect(bench.lines.count == 12)
    #expect(bench.lines[11] == "cnncamd: warning: camera: again (15 lines left out)\n")
    bench.now = 600_000_000_000
    for _ in 0..<25 { log.warning(.camera, TextBuilder("again")) }
    #expect(bench.lines.count == 22)
  }

  @Test func `that a camera is back is written wherever its loss was`() {
    let bench = Bench()
    let log = bench.log()
    for replug in 0..<20 {
      log.warning(.camera, TextBuilder(string: "gone \(replug)"))
      log.warning(.camera, TextBuilder("waiting"))
      log.write(.info, .camera, TextBuilder(string: "capturing \(replug)"), endsTrouble: true)
    }
    #expect(bench.lines.count == 15)
    #expect(
      bench.lines[12...] == [
        "cnncamd: warning: camera: gone 4\n", "cnncamd: warning: camera: waiting\n",
        "cnncamd: camera: capturing 4\n",
      ]
    )
    bench.now = 6_000_000_000
    log.warning(.camera, TextBuilder("gone"))
    log.warning(.camera, TextBuilder("waiting"))
    log.write(.info, .camera, TextBuilder("capturing"), endsTrouble: true)
    #expect(
      bench.lines[15...] == [
        "cnncamd: warning: camera: gone (45 lines left out)\n",
        "cnncamd: camera: capturing (1 line left out)\n",
      ]
    )
  }

  @Test func `a line that ends no trouble counts like all others`() {
    let bench = Bench()
    let log = bench.log()
    for _ in 0..<25 { log.write(.info, .camera, TextBuilder("back"), endsTrouble: true) }
    #expect(bench.lines.count == 10)
  }
}
