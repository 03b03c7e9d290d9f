internal import CLinux
internal import PlainText

/// Temperature and throttling, where the kernel tells: thermal zones and cooling devices of sysfs.
///
/// The hottest zone counts. The board counts as throttled while a cooling device that slows processors is active
/// (`cpufreq-…`, `thermal-cpufreq-…`, `Processor`), or the Raspberry Pi's firmware says so. The files are opened once; reading
/// them allocates nothing.
struct BoardHealth: ~Copyable {
  private static let mostZones = 32
  private static let mostDevices = 64

  private var zones: [Int32] = []
  private var coolers: [Int32] = []
  private var firmware: Int32?

  /// Opens what `root`, which is `/sys` but for tests, has.
  init(root: String = "/sys") {
    for index in 0..<Self.mostZones {
      guard let file = Self.open(root, "/class/thermal/thermal_zone", index, "/temp") else { break }
      zones.append(file)
    }
    for index in 0..<Self.mostDevices {
      guard let type = Self.open(root, "/class/thermal/cooling_device", index, "/type") else {
        break
      }
      let slowsProcessors = Self.word(type) { word in
        Self.begins(word, "cpufreq") || Self.begins(word, "thermal-cpufreq")
          || Self.begins(word, "Processor")
      }
      _ = cl_close_file(type)
      guard slowsProcessors == true,
        let file = Self.open(root, "/class/thermal/cooling_device", index, "/cur_state")
      else { continue }
      coolers.append(file)
    }
    firmware = Self.open(root, "/devices/platform/soc/soc:firmware/get_throttled", nil, "")
  }

  deinit {
    for file in zones { _ = cl_close_file(file) }
    for file in coolers { _ = cl_close_file(file) }
    if let firmware { _ = cl_close_file(firmware) }
  }

  /// Degrees Celsius of the hottest zone, nil where there is none.
  var temperature: Double? {
    var hottest: Int?
    for zone in zones {
      guard let value = Self.number(zone, radix: 10) else { continue }
      hottest = max(hottest ?? value, value)
    }
    return hottest.map { Double($0) / 1000 }
  }

  /// Whether processors are slowed down, nil where nothing tells.
  var isThrottled: Bool? {
    // Bits 0…3: voltage too low, frequency capped, throttled, soft temperature limit, all of this moment.
    if let firmware, let bits = Self.number(firmware, radix: 16) { return bits & 0xF != 0 }
    guard !coolers.isEmpty else { return nil }
    for cooler in coolers where Self.number(cooler, radix: 10) ?? 0 > 0 { return true }
    return false
  }

  private static func open(
    _ root: String,
    _ path: StaticString,
    _ index: Int?,
    _ name: StaticString
  ) -> Int32? {
    var text = TextBuilder(string: root)
    text.append(path)
    if let index { text.append("", index) }
    text.append(name)
    var descriptor: Int32 = -1
    let failure = text.string.withTerminatedBytes { cl_open_to_read($0, &descriptor) }
    return failure == 0 ? descriptor : nil
  }

  private static func word<Value>(
    _ file: Int32,
    _ body: (UnsafeBufferPointer<UInt8>) -> Value
  ) -> Value? {
    var buffer = InlineArray<64, UInt8>(repeating: 0)
    var span = buffer.mutableSpan
    return span.withUnsafeMutableBufferPointer { memory in
      var count = 0
      guard cl_read_at(file, memory.baseAddress, memory.count, 0, &count) == 0 else { return nil }
      return body(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(memory)[..<count]))
    }
  }

  private static func begins(_ word: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    guard word.count >= text.utf8CodeUnitCount else { return false }
    for place in 0..<text.utf8CodeUnitCount where word[place] != text.utf8Start[place] {
      return false
    }
    return true
  }

  private static func number(_ file: Int32, radix: Int) -> Int? {
    word(file) { word -> Int? in
      var (value, digits) = (0, 0)
      for (place, byte) in word.enumerated() {
        if place == 0 && byte == 0x2D { return nil }
        let digit: Int
        switch byte {
        case 0x30...0x39: digit = Int(byte) - 0x30
        case 0x61...0x66 where radix == 16: digit = Int(byte) - 0x57
        case 0x78 where radix == 16 && value == 0:
          digits = 0
          continue
        default: return digits > 0 ? value : nil
        }
        value = min(value, 1 << 24) * radix + digit
        digits += 1
      }
      return digits > 0 ? value : nil
    } ?? nil
  }
}
