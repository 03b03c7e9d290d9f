import Foundation

/// A folder that goes away with the value.
final class ScratchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "edgecnn-evaluation-" + UUID().uuidString
    )
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  /// Writes a file, with the folders above it, and returns its path.
  @discardableResult func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try Data(bytes).write(to: file)
    return file.path
  }

  /// Writes a 4 × 4 picture of one colour.
  @discardableResult func picture(_ color: [UInt8], _ name: String) throws -> String {
    try write(Self.picture(color), name)
  }

  static func picture(_ color: [UInt8]) -> [UInt8] {
    Array("P6 4 4 255\n".utf8) + (0..<16).flatMap { _ in color }
  }
}
