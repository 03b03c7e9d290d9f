internal import Foundation

/// Bytes that are read in ranges: a file on disk, or an array.
///
/// A large checkpoint is never held as a whole; each tensor's bytes are read when it is asked for.
public struct ByteSource: Sendable {
  private enum Storage: Sendable {
    case file(path: String)
    case bytes([UInt8])
  }

  /// For error messages.
  public let name: String
  /// Size in bytes.
  public let count: Int
  private let storage: Storage

  /// The given bytes.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.count = bytes.count
    self.storage = .bytes(bytes)
  }

  /// The file at `path`.
  ///
  /// - Throws: `TensorFlowFileError` when there is no readable regular file.
  public init(path: String) throws(TensorFlowFileError) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw TensorFlowFileError(path, "no such file")
    }
    guard !isDirectory.boolValue else { throw TensorFlowFileError(path, "is a directory") }
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let size = attributes[.size] as? NSNumber
    else { throw TensorFlowFileError(path, "cannot be read") }
    name = path
    count = size.intValue
    storage = .file(path: path)
  }

  /// `count` bytes from `offset`.
  ///
  /// - Throws: `TensorFlowFileError` when the range is not inside the source.
  public func read(offset: Int, count: Int) throws(TensorFlowFileError) -> [UInt8] {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      throw TensorFlowFileError(
        name,
        "reads \(count) bytes at \(offset), the file has \(self.count); is it truncated?"
      )
    }
    switch storage {
    case .bytes(let bytes):
      return Array(bytes[offset..<offset + count])
    case .file(let path):
      guard count > 0 else { return [] }
      guard let handle = FileHandle(forReadingAtPath: path) else {
        throw TensorFlowFileError(name, "cannot be read")
      }
      defer { try? handle.close() }
      guard (try? handle.seek(toOffset: UInt64(offset))) != nil,
        let data = try? handle.read(upToCount: count), data.count == count
      else { throw TensorFlowFileError(name, "\(count) bytes at \(offset) cannot be read") }
      return Array(data)
    }
  }

  /// Everything.
  ///
  /// - Throws: `TensorFlowFileError` when the file cannot be read.
  public func readAll() throws(TensorFlowFileError) -> [UInt8] {
    try read(offset: 0, count: count)
  }
}
