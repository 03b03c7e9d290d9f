internal import PlainText

/// Names in a `Host` header that nobody outside can let point here.
///
/// Addresses, names without a dot, names under ends that public DNS does not have, and those that are configured.
struct WebHosts {
  private let names: [[UInt8]]

  init(_ names: [String]) { self.names = names.map { Self.lowered(TextBuilder(string: $0).bytes) } }

  /// Whether a request with this header may be answered.
  func allows(_ header: UnsafeBufferPointer<CChar>?) -> Bool {
    guard let header, !header.isEmpty else { return false }
    let name = Self.name(Self.lowered(header.map { UInt8(bitPattern: $0) }))
    if name.isEmpty { return false }
    if name.contains(0x3A) || Self.isNumeric(name) || !name.contains(0x2E) { return true }
    if names.contains(name) { return true }
    return Self.ends(name, ".local") || Self.ends(name, ".localhost") || Self.ends(name, ".lan")
      || Self.ends(name, ".internal") || Self.ends(name, ".home.arpa")
  }

  /// Whether an address is one that only this machine reaches.
  static func isLoopback(_ address: String) -> Bool {
    let bytes = TextBuilder(string: address).bytes
    if address.hasBytes(of: "::1") { return true }
    return isNumeric(bytes) && bytes.starts(with: [0x31, 0x32, 0x37, 0x2E])
  }

  /// The name without a port, and an address of IPv6 without its brackets.
  private static func name(_ bytes: [UInt8]) -> [UInt8] {
    if bytes[0] == 0x5B { return Array(bytes.dropFirst().prefix { $0 != 0x5D }) }
    var name = Array(bytes.prefix { $0 != 0x3A })
    if name.last == 0x2E { name.removeLast() }
    return name
  }

  private static func isNumeric(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
  }

  private static func ends(_ bytes: [UInt8], _ end: StaticString) -> Bool {
    let end = TextBuilder(end).bytes
    return bytes.count > end.count && Array(bytes.suffix(end.count)) == end
  }

  private static func lowered(_ bytes: [UInt8]) -> [UInt8] {
    bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
  }
}
