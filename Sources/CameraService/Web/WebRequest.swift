internal import CWeb
internal import PlainText

/// One request while it is answered; bytes are compared in place.
struct WebRequest {
  private let request: OpaquePointer

  init(_ request: OpaquePointer) { self.request = request }

  /// Whether the path, without what follows a question mark, is this one.
  func asks(for path: StaticString) -> Bool {
    guard let given = cweb_path(request) else { return false }
    return Self.isSame(given, path)
  }

  /// Whether only the header of the answer is wanted.
  var isHead: Bool { cweb_is_head(request) != 0 }

  /// When the request came: monotonic clock, nanoseconds.
  var began: Int64 { cweb_began(request) }

  /// What was noted when it was told to wait, 0 the first time.
  var note: UInt64 {
    get { cweb_note(request)?.pointee ?? 0 }
    nonmutating set { cweb_note(request)?.pointee = newValue }
  }

  /// The bytes of a header without the zero at their end, nil where it is absent.
  func header(_ name: StaticString) -> UnsafeBufferPointer<CChar>? {
    let value = name.withUTF8Buffer { bytes -> UnsafePointer<CChar>? in
      guard let base = bytes.baseAddress else { return nil }
      return cweb_header(request, UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self))
    }
    guard let value else { return nil }
    var count = 0
    while value[count] != 0 { count += 1 }
    return UnsafeBufferPointer(start: value, count: count)
  }

  /// Whether a header is there and is just this.
  func header(_ name: StaticString, is value: TextBuilder) -> Bool {
    guard let given = header(name), given.count == value.bytes.count else { return false }
    for place in 0..<given.count where UInt8(bitPattern: given[place]) != value.bytes[place] {
      return false
    }
    return true
  }

  /// The client's address in numbers.
  var peer: TextBuilder {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CWEB_ADDRESS_BYTES)) { text in
      guard let base = text.baseAddress else { return TextBuilder() }
      cweb_peer(request, base)
      return TextBuilder(cString: base)
    }
  }

  /// Answers with a copy of `bytes`.
  func answer(_ status: UInt32, _ type: StaticString, _ bytes: [UInt8]) {
    bytes.withUnsafeBytes { cweb_answer(request, status, $0.baseAddress, $0.count, 0) }
    set("Content-Type", type)
  }

  /// Answers with bytes that stay where they are.
  func answer(_ status: UInt32, _ type: StaticString, constant bytes: UnsafeRawBufferPointer) {
    cweb_answer(request, status, bytes.baseAddress, bytes.count, 1)
    set("Content-Type", type)
  }

  /// Answers with a stream, in pieces of at most `piece` bytes.
  func answer(_ type: StaticString, stream: Int, piece: Int) {
    cweb_answer_stream(request, Int32(stream), piece)
    set("Content-Type", type)
  }

  /// Adds a header to the answer that was given.
  func set(_ name: StaticString, _ value: StaticString) {
    cweb_set_header(request, Self.characters(name), Self.characters(value))
  }

  /// Adds a header to the answer that was given.
  func set(_ name: StaticString, _ value: TextBuilder) {
    var bytes = value.bytes
    bytes.append(0)
    bytes.withUnsafeBytes {
      guard let base = $0.baseAddress else { return }
      cweb_set_header(
        request,
        Self.characters(name),
        base.assumingMemoryBound(to: CChar.self)
      )
    }
  }

  /// Literals have a zero byte at their end, and stay.
  private static func characters(_ literal: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private static func isSame(_ text: UnsafePointer<CChar>, _ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    for place in 0..<count where UInt8(bitPattern: text[place]) != literal.utf8Start[place] {
      return false
    }
    return text[count] == 0
  }
}
