import Foundation
import Testing

@testable import CameraService

@Suite struct WebPageTests {
  private let answer: WebConnection.Answer
  private var page: String { answer.text }

  init() throws { answer = try RunningWebServer().answer("/") }

  private func content(of tag: String) throws -> String {
    let parts = page.components(separatedBy: "<\(tag)>")
    #expect(parts.count == 2, "one <\(tag)>")
    return try #require(parts.last?.components(separatedBy: "</\(tag)>").first)
  }

  /// SHA-256 in base64, by coreutils.
  private func hash(_ text: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sha256sum"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    input.fileHandleForWriting.write(Data(text.utf8))
    try input.fileHandleForWriting.close()
    let line = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let digits = Array(line.prefix(64))
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...($0 + 1)]), radix: 16)
    }
    #expect(bytes.count == 32)
    return "sha256-" + Data(bytes).base64EncodedString()
  }

  @Test(arguments: ["style", "script"])
  func `the policy allows the page's own text by its hash, which page.c has`(tag: String) throws {
    let policy = try #require(answer.header("Content-Security-Policy"))
    #expect(policy.contains("\(tag)-src '\(try hash(content(of: tag)))'"))
    #expect(policy.hasPrefix("default-src 'none'; "))
    #expect(policy.hasSuffix("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"))
  }

  @Test func `it is small`() { #expect(answer.body.count < 20_000) }

  @Test func `it asks nobody but this server`() {
    let addresses = page.matches(of: /https?:\/\/[^ '"]*/).map { String($0.0) }
    #expect(addresses == ["http://www.w3.org/2000/svg"])
    for match in page.matches(of: /(src|href)=["']?([^"' >]*)/) {
      let target = String(match.2)
      #expect(target.hasPrefix("data:") || (target.hasPrefix("/") && !target.hasPrefix("//")))
    }
    #expect(!page.contains("@import") && !page.contains("url("))
  }

  @Test func `its links lead somewhere`() throws {
    let server = try RunningWebServer()
    server.board.state = .running
    server.post(result: "{}")
    for match in page.matches(of: /href="(\/[^"]*)"/) where match.1 != "/snapshot.jpg" {
      #expect(try server.answer(String(match.1), method: "HEAD").status == 200, "\(match.1)")
    }
  }

  @Test func `it has nothing that its policy forbids`() {
    #expect(page.matches(of: /\ style=|\ on[a-z]+=/).isEmpty)
  }
}
