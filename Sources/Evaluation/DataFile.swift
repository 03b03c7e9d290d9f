internal import CZlib

/// Whole files, with gzip or without.
enum DataFile {
  /// The bytes of a file, unpacked at most: 4 GB.
  private static let limit = 1 << 32
  private static let portion = 1 << 20

  /// Reads `path`, and unpacks it if it begins as gzip does.
  static func read(_ path: String) throws(DataSetError) -> [UInt8] {
    guard let file = gzopen(path, "rb") else {
      throw .file(path: path, problem: "cannot be read")
    }
    defer { gzclose(file) }
    var bytes: [UInt8] = []
    while true {
      let start = bytes.count
      guard start < limit else {
        throw .file(path: path, problem: "more than \(limit) bytes")
      }
      bytes.append(contentsOf: repeatElement(0, count: portion))
      let count = bytes.withUnsafeMutableBytes {
        gzread(file, $0.baseAddress.map { $0 + start }, UInt32(portion))
      }
      guard count >= 0 else {
        throw .file(path: path, problem: "cannot be read; is it damaged or a folder?")
      }
      bytes.removeLast(portion - Int(count))
      guard count > 0 else { break }
    }
    // A file that ends early gives what there is, and an error only here.
    var code: Int32 = 0
    _ = gzerror(file, &code)
    guard code == Z_OK else { throw .file(path: path, problem: "gzip data ends early") }
    return bytes
  }
}
