internal import CLinux
internal import PlainText

/// One change of a folder, as far as a power cut can tell them apart.
package enum FolderStep: Sendable, Equatable {
  /// An empty file, in place of what was there.
  case create(String)
  /// Bytes at an offset.
  case write(String, offset: Int, bytes: [UInt8])
  /// A file's content is safe.
  case sync(String)
  /// A file gets a name that another may have had.
  case rename(String, to: String)
  /// A file is gone.
  case remove(String)
  /// The folder's names are safe.
  case syncFolder
}

/// The folder of a store: every change of it goes through here, one step at a time.
///
/// A step that returns is done, but only `sync` and `syncFolder` make earlier ones outlive a power cut.
final class StoreFolder: Sendable {
  /// Bytes that are copied at once.
  static let portion = 1 << 20

  let path: String
  /// Told of each step before it is done, for tests; false stops it, as a power cut would.
  private let watch: (@Sendable (FolderStep) -> Bool)?

  init(path: String, watch: (@Sendable (FolderStep) -> Bool)? = nil) {
    self.path = path
    self.watch = watch
  }

  /// The path of a file in it.
  func path(of name: String) -> String {
    var text = TextBuilder(string: path)
    text.append("/", name)
    return text.string
  }

  /// Makes a file empty, or a new one, and gives its descriptor.
  func create(_ name: String) throws(ModelStoreError) -> OpenFile {
    try announce(.create(name))
    return try OpenFile(writing: path(of: name), empties: true)
  }

  /// Opens a file to go on writing, made where there is none.
  func reopen(_ name: String) throws(ModelStoreError) -> OpenFile {
    try OpenFile(writing: path(of: name), empties: false)
  }

  func write(
    _ bytes: UnsafeRawBufferPointer,
    at offset: Int,
    to file: borrowing OpenFile,
    _ name: String
  ) throws(ModelStoreError) {
    if watch != nil { try announce(.write(name, offset: offset, bytes: [UInt8](bytes))) }
    try file.write(bytes, at: offset)
  }

  func sync(_ file: borrowing OpenFile, _ name: String) throws(ModelStoreError) {
    try announce(.sync(name))
    try file.sync()
  }

  func rename(_ name: String, to target: String) throws(ModelStoreError) {
    try announce(.rename(name, to: target))
    let (from, to) = (path(of: name), path(of: target))
    let error = from.withTerminatedBytes { from in to.withTerminatedBytes { cl_rename(from, $0) } }
    guard error == 0 else { throw .system(path: to, .rename, code: error) }
  }

  func remove(_ name: String) throws(ModelStoreError) {
    try announce(.remove(name))
    let gone = path(of: name)
    let error = gone.withTerminatedBytes { cl_remove_file($0) }
    guard error == 0 else { throw .system(path: gone, .remove, code: error) }
  }

  func sync() throws(ModelStoreError) {
    try announce(.syncFolder)
    let error = path.withTerminatedBytes { cl_sync_folder($0) }
    guard error == 0 else { throw .system(path: path, .write, code: error) }
  }

  /// Replaces a small file in one step that survives a power cut, whole or not at all.
  func replace(_ name: String, by bytes: [UInt8]) throws(ModelStoreError) {
    var text = TextBuilder(string: name)
    text.append(".new")
    let new = text.string
    let file = try create(new)
    try bytes.withUnsafeBufferPointer { content throws(ModelStoreError) in
      try write(UnsafeRawBufferPointer(content), at: 0, to: file, new)
    }
    try sync(file, new)
    try rename(new, to: name)
    try sync()
  }

  /// The names of all files in it.
  func names() throws(ModelStoreError) -> [String] {
    let list = NameList()
    let error = path.withTerminatedBytes { folder in
      cl_list_folder(
        folder,
        { context, name in
          guard let context, let name else { return }
          let list = Unmanaged<NameList>.fromOpaque(context).takeUnretainedValue()
          list.names.append(TextBuilder(cString: name).string)
        },
        Unmanaged.passUnretained(list).toOpaque()
      )
    }
    guard error == 0 else { throw .system(path: path, .read, code: error) }
    return list.names
  }

  private final class NameList {
    var names: [String] = []
  }

  private func announce(_ step: @autoclosure () -> FolderStep) throws(ModelStoreError) {
    guard let watch else { return }
    guard watch(step()) else { throw .interrupted }
  }
}
