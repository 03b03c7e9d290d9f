import Foundation
import PlainText
import Testing

@testable import CameraService

@Suite final class ResultSocketTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "edgecnn-" + UUID().uuidString.prefix(8)
  )
  private var path: String { folder.path + "/results.sock" }

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func open(clients: Int = 16, permissions: Int = 0o660) throws -> ResultSocket {
    try ResultSocket.open(path, permissions: permissions, maximumClients: clients)
  }

  private func write(_ text: String, to socket: ResultSocket, at seconds: Double = 0) {
    Array(text.utf8).withUnsafeBufferPointer {
      socket.write($0, now: Int64(seconds * 1_000_000_000))
    }
  }

  private func message(_ path: String) -> String {
    do throws(ServiceError) {
      try ResultSocket.open(path, permissions: 0o660, maximumClients: 1).close()
      return "no error"
    } catch {
      return error.message.string
    }
  }

  @Test func `All who are connected get every line, the first at once`() throws {
    let socket = try open()
    let early = try SocketClient(path)
    write("{\"n\":1}\n", to: socket)
    let late = try SocketClient(path)
    socket.accept(0)
    #expect(late.read() == "{\"n\":1}\n")
    write("{\"n\":2}\n", to: socket)
    #expect(early.read() == "{\"n\":1}\n{\"n\":2}\n")
    #expect(late.read() == "{\"n\":2}\n")
    #expect(socket.clientCount == 2)
    socket.close()
    #expect(early.read() == nil)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(arguments: [0o600, 0o660, 0o666])
  func `The socket has the permissions that were asked for`(permissions: Int) throws {
    let socket = try open(permissions: permissions)
    defer { socket.close() }
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == permissions)
  }

  @Test func `A client that has gone is forgotten`() throws {
    let socket = try open()
    defer { socket.close() }
    do {
      let client = try SocketClient(path)
      write("a\n", to: socket)
      #expect(client.read() == "a\n")
    }
    write("b\n", to: socket)
    #expect(socket.clientCount == 0)
    #expect(socket.dismissed == 0)
  }

  @Test func `A client that does not read misses whole lines, then goes, and nobody waits for it`()
    throws
  {
    let socket = try open()
    defer { socket.close() }
    let (slow, quick) = (try SocketClient(path), try SocketClient(path))
    var seen = ""
    let start = Date()
    for number in 0..<2000 {
      write(
        "{\"number\":\(number),\"blanks\":\"\(String(repeating: " ", count: 300))\"}\n",
        to: socket
      )
      seen += quick.read() ?? ""
    }
    #expect(Date().timeIntervalSince(start) < 5)
    #expect(seen.split(separator: "\n").count == 2000)
    #expect(socket.skipped > 1000)
    #expect(socket.clientCount == 2)
    // It reads on: what it gets are whole lines, with a gap.
    var text = slow.read() ?? ""
    write("{\"number\":2000}\n", to: socket)
    text += slow.read() ?? ""
    write("{\"number\":2001}\n", to: socket)
    text += slow.read() ?? ""
    let numbers = try text.split(separator: "\n").map { line in
      try (JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["number"] as? Int
    }
    #expect(numbers.last == 2001)
    #expect(numbers.count < 300)
    #expect(numbers.dropLast(2).enumerated().allSatisfy { $0.offset == $0.element })
    #expect(socket.dismissed == 0)
  }

  @Test func `A client that takes nothing for ten seconds is let go`() throws {
    let socket = try open()
    defer { socket.close() }
    let client = try SocketClient(path)
    let line = String(repeating: "x", count: 4000) + "\n"
    for _ in 0..<100 { write(line, to: socket, at: 1) }
    write(line, to: socket, at: 10.9)
    #expect(socket.clientCount == 1)
    write(line, to: socket, at: 11.1)
    #expect(socket.clientCount == 0)
    #expect(socket.dismissed == 1)
    _ = client
  }

  @Test func `More clients than are allowed are turned away`() throws {
    let socket = try open(clients: 2)
    defer { socket.close() }
    let clients = try (0..<3).map { _ in try SocketClient(path) }
    write("a\n", to: socket)
    #expect(clients.map { $0.read() } == ["a\n", "a\n", nil])
    #expect(socket.refused == 1)
  }

  @Test func `A line that is too long is left out`() throws {
    let socket = try open()
    defer { socket.close() }
    let client = try SocketClient(path)
    socket.accept(0)
    write(String(repeating: "x", count: 20_000) + "\n", to: socket)
    write("a\n", to: socket)
    #expect(client.read() == "a\n")
    #expect(socket.skipped == 1)
  }

  @Test func `A socket that was left behind is replaced, one in use is not`() throws {
    let first = try open()
    #expect(message(path) == "\(path): no socket can be made there, Address already in use")
    let client = try SocketClient(path)
    write("a\n", to: first)
    #expect(client.read() == "a\n")
    first.close()
    // As after a power cut: bound, and nobody listens.
    let stale = try SocketClient.bound(path)
    close(stale)
    let second = try open()
    let other = try SocketClient(path)
    write("b\n", to: second)
    #expect(other.read() == "b\n")
    second.close()
  }

  @Test func `What is no socket is left alone, and a path that cannot be is named`() throws {
    try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
    #expect(message(path) == "\(path): no socket can be made there, File exists")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    #expect(
      message("/nowhere/s") == "/nowhere/s: no socket can be made there, No such file or directory"
    )
    let long = folder.path + "/" + String(repeating: "x", count: 100)
    #expect(message(long) == "\(long): no socket can be made there, File name too long")
  }
}

/// A program that reads results.
final class SocketClient {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard Self.withAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
      close(descriptor)
      throw WaitError(what: "a connection to \(path)")
    }
  }

  deinit { close(descriptor) }

  /// A descriptor of a socket that nobody listens to.
  static func bound(_ path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
      throw WaitError(what: "a socket at \(path)")
    }
    return descriptor
  }

  /// All that is there; nil after the end.
  func read() -> String? {
    var all: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if count == 0 && all.isEmpty { return nil }
      guard count > 0 else { return String(decoding: all, as: UTF8.self) }
      all += bytes[..<count]
    }
  }

  private static func withAddress(
    _ path: String,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
