internal import PlainText

/// What tells a camera from others, also after it was unplugged.
struct CameraIdentity {
  var name = ""
  var bus = ""
  var serial = ""
  /// Vendor and product of a USB device, or 0.
  var usb: UInt32 = 0
  /// Which of its device's nodes.
  var index = 0
  /// What the kernel calls the node, which can be asked without opening it; empty where unknown.
  var nodeName = ""

  /// How surely another node is the same camera, 0 for not at all.
  ///
  /// 4: serial number and socket; 3: serial number, in another socket; 2: no serial number, but the socket and the model; 1: the
  /// model only. Serial numbers of cheap cameras are all the same, so the socket decides between two of them.
  func likeness(to other: CameraIdentity) -> Int {
    guard usb == other.usb && index == other.index && name.hasBytes(of: other.name) else {
      return 0
    }
    let isSameSocket = bus.hasBytes(of: other.bus)
    if serial.utf8.count > 0 || other.serial.utf8.count > 0 {
      guard serial.hasBytes(of: other.serial) else { return 0 }
      return isSameSocket ? 4 : 3
    }
    return isSameSocket ? 2 : 1
  }

  /// Whether a part of name, serial number or bus is `words`, in any case of ASCII.
  func mentions(_ words: String) -> Bool {
    Self.contains(name, words) || Self.contains(serial, words) || Self.contains(bus, words)
  }

  private static func contains(_ text: String, _ part: String) -> Bool {
    let text = lowered(text)
    let part = lowered(part)
    guard part.count <= text.count else { return false }
    for start in 0...text.count - part.count {
      var length = 0
      while length < part.count && text[start + length] == part[length] { length += 1 }
      if length == part.count { return true }
    }
    return false
  }

  private static func lowered(_ text: String) -> [UInt8] {
    var bytes = TextBuilder(string: text).bytes
    for index in bytes.indices where (0x41...0x5A).contains(bytes[index]) { bytes[index] |= 0x20 }
    return bytes
  }
}
