internal import CLinux
internal import ModelFormat
internal import PlainText

/// A file that is open as long as the value lives.
struct OpenFile: ~Copyable {
  private let descriptor: Int32
  private let path: String

  init(reading path: String) throws(ModelStoreError) {
    var descriptor: Int32 = 0
    let error = path.withTerminatedBytes { cl_open_to_read($0, &descriptor) }
    guard error == 0 else { throw .system(path: path, .read, code: error) }
    (self.descriptor, self.path) = (descriptor, path)
  }

  init(writing path: String, empties: Bool) throws(ModelStoreError) {
    var descriptor: Int32 = 0
    let error = path.withTerminatedBytes { cl_open_to_write($0, empties ? 1 : 0, &descriptor) }
    guard error == 0 else { throw .system(path: path, .write, code: error) }
    (self.descriptor, self.path) = (descriptor, path)
  }

  deinit { _ = cl_close_file(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ModelStoreError) {
    guard let base = bytes.baseAddress else { return }
    let error = cl_write_at(descriptor, base, bytes.count, UInt64(offset))
    guard error == 0 else { throw .system(path: path, .write, code: error) }
  }

  /// Fills `buffer` from `offset` on; fewer bytes only at the end of the file.
  func read(
    _ buffer: UnsafeMutableRawBufferPointer,
    at offset: Int
  ) throws(ModelStoreError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var count = 0
    let error = cl_read_at(descriptor, base, buffer.count, UInt64(offset), &count)
    guard error == 0 else { throw .system(path: path, .read, code: error) }
    return count
  }

  func sync() throws(ModelStoreError) {
    let error = cl_sync(descriptor)
    guard error == 0 else { throw .system(path: path, .write, code: error) }
  }

  /// Calls `body` with all bytes, a portion at a time, and returns their XXH64 (seed 0) and number.
  ///
  /// - Throws: `.tooLarge` beyond `limit`, and what `body` throws.
  func readAll(
    limit: Int,
    _ body: (UnsafeRawBufferPointer, Int) throws(ModelStoreError) -> Void
  ) throws(ModelStoreError) -> (hash: UInt64, count: Int) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: StoreFolder.portion,
      alignment: 64
    )
    defer { buffer.deallocate() }
    var hash = XXH64()
    var at = 0
    while true {
      let count = try read(buffer, at: at)
      guard at + count <= limit else {
        throw .tooLarge(path: path, found: at + count, limit: limit)
      }
      let portion = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      hash.update(portion)
      try body(portion, at)
      at += count
      if count < buffer.count { return (hash.finalize(), at) }
    }
  }
}

/// What tells one state of a file from another without reading it.
struct FileMark: Equatable {
  private var device: UInt64 = 0
  private var inode: UInt64 = 0
  private(set) var size: UInt64 = 0
  /// Nanoseconds since 1970.
  private(set) var modified: Int64 = 0

  /// The mark of what is at `path` now; nil where there is nothing.
  init?(of path: String) {
    var status = cl_file_status()
    guard path.withTerminatedBytes({ cl_status_of_file($0, &status) }) == 0 else { return nil }
    (device, inode) = (status.device, status.inode)
    (size, modified) = (status.size, status.modified_nanoseconds)
  }
}
