import Foundation
import Glibc

/// A plain socket to a server of this machine: what a client sends and gets, byte by byte.
final class WebConnection {
  private let descriptor: Int32
  /// What has come and not been taken.
  private(set) var bytes: [UInt8] = []
  /// Whether the other end has closed, or reset.
  private(set) var isClosed = false

  struct Answer {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
  }

  struct Failure: Error {
    let what: String
  }

  /// Connects; `source` is the address to come from.
  init(port: Int, from source: String = "127.0.0.1", receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC_SOCKET, 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var own = Self.address(source, 0)
    var other = Self.address("127.0.0.1", port)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafePointer(to: &own) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    let isConnected = withUnsafePointer(to: &other) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    guard isBound == 0, isConnected == 0 else {
      throw Failure(what: "cannot connect: " + String(cString: strerror(errno)))
    }
  }

  deinit { close(descriptor) }

  private static func address(_ text: String, _ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr(text)
    return address
  }

  /// From now on closing forgets the connection at once, so that thousands leave no trace in the kernel.
  func forgetOnClose() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor,
      SOL_SOCKET,
      SO_LINGER,
      &linger,
      socklen_t(MemoryLayout.size(ofValue: linger))
    )
  }

  /// Sends; false if the other end does not want it any more.
  @discardableResult func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends a GET or another request with the headers that are needed.
  func request(
    _ path: String,
    method: String = "GET",
    host: String = "127.0.0.1",
    headers: [String] = []
  ) {
    let lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)"] + headers
    send(lines.joined(separator: "\r\n") + "\r\n\r\n")
  }

  /// Waits until `isEnough`, the end, or the time is up; says whether it was enough.
  @discardableResult
  func read(seconds: Double = 5, until isEnough: ([UInt8]) -> Bool) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while !isEnough(bytes) {
      let left = end.timeIntervalSinceNow
      guard !isClosed, left > 0 else { return false }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(left * 1000) + 1) == 1 else { continue }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { isClosed = true } else { bytes += chunk[..<count] }
    }
    return true
  }

  /// Waits for the other end to close; says whether it did.
  func readToEnd(seconds: Double = 5) -> Bool {
    read(seconds: seconds) { _ in false }
    return isClosed
  }

  /// Takes the next `count` bytes.
  func take(_ count: Int) -> [UInt8] {
    defer { bytes.removeFirst(min(count, bytes.count)) }
    return Array(bytes.prefix(count))
  }

  /// Takes the text before `mark`, and drops the mark.
  func take(through mark: String, seconds: Double = 5) throws -> String {
    let mark = Array(mark.utf8)
    guard read(seconds: seconds, until: { Self.find(mark, in: $0) != nil }),
      let place = Self.find(mark, in: bytes)
    else {
      throw Failure(
        what:
          "no \(String(decoding: mark, as: UTF8.self)) in \(String(decoding: bytes, as: UTF8.self))"
      )
    }
    return String(decoding: take(place + mark.count).dropLast(mark.count), as: UTF8.self)
  }

  /// Takes the status line and headers of an answer.
  func takeHead(seconds: Double = 5) throws -> Answer {
    let head = try take(through: "\r\n\r\n", seconds: seconds)
    var lines = head.components(separatedBy: "\r\n")
    let words = lines.removeFirst().split(separator: " ")
    guard words.count >= 2, let status = Int(words[1]) else { throw Failure(what: head) }
    let headers = lines.compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return (String(line[..<colon]), value)
    }
    return Answer(status: status, headers: headers, body: [])
  }

  /// Takes a whole answer, whose length it must say.
  func takeAnswer(isHead: Bool = false, seconds: Double = 5) throws -> Answer {
    let head = try takeHead(seconds: seconds)
    if isHead || head.status == 304 { return head }
    guard let length = head.header("Content-Length").flatMap({ Int($0) }) else {
      throw Failure(what: "no length")
    }
    guard read(seconds: seconds, until: { $0.count >= length }) else {
      throw Failure(what: "\(bytes.count) bytes of \(length)")
    }
    return Answer(status: head.status, headers: head.headers, body: take(length))
  }

  private static func find(_ mark: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= mark.count else { return nil }
    return (0...(bytes.count - mark.count)).first {
      bytes[$0..<($0 + mark.count)].elementsEqual(mark)
    }
  }
}

private let O_CLOEXEC_SOCKET = Int32(SOCK_CLOEXEC.rawValue)
