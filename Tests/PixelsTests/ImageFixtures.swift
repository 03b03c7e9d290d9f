import Foundation

/// The pictures of Tests/Fixtures/images.
enum ImageFixtures {
  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/images")
    return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// Width, height and pixels of a PPM as Pillow writes it, read without the code under test.
  static func pixels(_ name: String) throws -> (width: Int, height: Int, rgb: [UInt8]) {
    let bytes = try bytes(name)
    let header = bytes.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
    let sides = String(decoding: header[1], as: UTF8.self).split(separator: " ")
    return (Int(sides[0]) ?? 0, Int(sides[1]) ?? 0, Array(header[3]))
  }

  /// `name` with an EXIF segment of one entry after its first marker.
  static func withOrientation(_ code: UInt8, _ name: String, littleEndian: Bool) throws -> [UInt8] {
    let bytes = try bytes(name)
    let big: [UInt8] = [
      0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, code, 0, 0, 0, 0, 0, 0,
    ]
    let little: [UInt8] = [
      0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, code, 0, 0, 0, 0, 0, 0, 0,
    ]
    let payload = Array("Exif\0\0".utf8) + (littleEndian ? little : big)
    let segment = [0xFF, 0xE1, 0, UInt8(payload.count + 2)] + payload
    return bytes[..<2] + segment + bytes[2...]
  }
}
