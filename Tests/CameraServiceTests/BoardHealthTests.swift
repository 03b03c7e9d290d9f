import Foundation
import Testing

@testable import CameraService

@Suite struct BoardHealthTests {
  /// A folder that stands for /sys.
  private final class Folder {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(
      "edgecnn-health-" + UUID().uuidString
    )

    deinit { try? FileManager.default.removeItem(at: root) }

    func write(_ path: String, _ text: String) throws {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try Data(text.utf8).write(to: file)
    }
  }

  @Test func `the hottest zone counts, and reads anew each time`() throws {
    let folder = Folder()
    try folder.write("class/thermal/thermal_zone0/temp", "48125\n")
    try folder.write("class/thermal/thermal_zone1/temp", "61000\n")
    try folder.write("class/thermal/thermal_zone2/temp", "nothing\n")
    let health = BoardHealth(root: folder.root.path)
    #expect(health.temperature == 61)
    #expect(health.isThrottled == nil)
    let zone = try FileHandle(
      forWritingTo: folder.root.appendingPathComponent("class/thermal/thermal_zone0/temp")
    )
    try zone.write(contentsOf: Data("75500\n".utf8))
    #expect(health.temperature == 75.5)
  }

  @Test(arguments: [("0\n", false), ("1\n", true), ("12\n", true)])
  func `an active cooler of processors is throttling, a fan is not`(
    _ state: String,
    _ isThrottled: Bool
  ) throws {
    let folder = Folder()
    try folder.write("class/thermal/cooling_device0/type", "pwm-fan\n")
    try folder.write("class/thermal/cooling_device0/cur_state", "3\n")
    try folder.write("class/thermal/cooling_device1/type", "cpufreq-cpu0\n")
    try folder.write("class/thermal/cooling_device1/cur_state", state)
    #expect(BoardHealth(root: folder.root.path).isThrottled == isThrottled)
  }

  @Test(arguments: [("0\n", false), ("50000\n", false), ("0x50005\n", true), ("8\n", true)])
  func `the firmware of a Raspberry Pi is asked first`(_ bits: String, _ isThrottled: Bool) throws {
    let folder = Folder()
    try folder.write("devices/platform/soc/soc:firmware/get_throttled", bits)
    #expect(BoardHealth(root: folder.root.path).isThrottled == isThrottled)
  }

  @Test func `a machine that tells nothing has neither`() {
    let health = BoardHealth(root: "/nowhere")
    #expect(health.temperature == nil)
    #expect(health.isThrottled == nil)
  }
}
