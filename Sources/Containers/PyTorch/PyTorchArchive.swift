internal import Foundation

/// What `torch.save` or `torch.jit.save` wrote, in any of its formats: values without numbers, and the numbers on demand.
///
/// Not for use from several threads at once.
public final class PyTorchArchive {
  /// The formats PyTorch has had.
  public enum Serialization: String, Sendable {
    /// A zip archive, since 1.6 (1.4 behind a flag).
    case zip = "zip"
    /// A TorchScript program.
    case torchScript = "TorchScript"
    /// Pickles followed by raw storages, 0.1.10 to 1.5.
    case legacy = "legacy"
    /// A tar archive, before 0.1.10.
    case tar = "tar"
    /// A plain pickle, written without torch.save.
    case pickle = "pickle"
  }

  /// Where a storage's bytes are.
  enum Content {
    case file(Range<Int>)
    case entry(String)
    case inline([UInt8], isBigEndian: Bool)
  }

  /// The saved object.
  public let root: PickleValue
  /// How it was saved.
  public let serialization: Serialization
  /// Source text of the classes that a legacy file carries, by `module.Class`.
  public private(set) var sources: [String: String] = [:]
  /// TorchScript code, by path below `code/`.
  public private(set) var scripts: [String: String] = [:]
  /// The tuple of constants that TorchScript code refers to.
  public private(set) var constants: PickleValue?
  /// Bytes of the file.
  public let byteCount: Int

  let bytes: [UInt8]
  private let zip: ZipArchive?
  private let folder: String
  var isBigEndian = false
  var contents: [String: Content] = [:]
  /// Legacy views: a storage that is a part of another, by name.
  var views: [String: (root: String, offset: Int)] = [:]
  /// Tensors of the tar format, by key.
  var keyedTensors: [String: PyTorchTensor] = [:]
  private var lastRead: (name: String, bytes: [UInt8])?

  /// Reads the file at `path`.
  ///
  /// - Throws: `PyTorchError`.
  public convenience init(path: String) throws(PyTorchError) {
    let isZip: Bool
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw .malformed(place: "file", problem: "cannot be opened")
    }
    isZip = (try? file.read(upToCount: 4)) == Data([0x50, 0x4B, 3, 4])
    let size = (try? file.seekToEnd()) ?? 0
    try? file.close()
    if isZip {
      let archive: ZipArchive
      do throws(ZipError) { archive = try ZipArchive(path: path) } catch { throw .zip(error) }
      try self.init(zip: archive, byteCount: Int(size))
      return
    }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    else { throw .malformed(place: "file", problem: "cannot be read") }
    try self.init(bytes: [UInt8](data))
  }

  /// Reads a file in memory.
  ///
  /// - Throws: `PyTorchError`.
  public convenience init(bytes: [UInt8]) throws(PyTorchError) {
    if bytes.starts(with: [0x50, 0x4B, 3, 4]) {
      let archive: ZipArchive
      do throws(ZipError) { archive = try ZipArchive(bytes: bytes) } catch { throw .zip(error) }
      try self.init(zip: archive, byteCount: bytes.count)
    } else if TarArchive.recognizes(bytes) {
      try self.init(tar: bytes)
    } else if bytes.starts(with: [0x1F, 0x8B]) {
      throw .unsupported(what: "gzip archive", hint: "unpack it first (tar -xzf, gunzip)")
    } else {
      try self.init(pickles: bytes)
    }
  }

  // MARK: The formats

  private init(zip: ZipArchive, byteCount: Int) throws(PyTorchError) {
    guard let pickle = zip.names.first(where: Self.isRootPickle) else {
      if zip.names.contains(where: { $0.hasSuffix("/model.json") || $0 == "model.json" }) {
        throw .unsupported(
          what: "TorchScript archive of PyTorch 1.0 to 1.3, or an exported program (.pt2)",
          hint: "save the module's state_dict() instead, or export to ONNX"
        )
      }
      throw .malformed(place: "zip archive", problem: "holds no data.pkl; is it a PyTorch file?")
    }
    self.zip = zip
    self.byteCount = byteCount
    bytes = []
    folder = String(pickle.dropLast("data.pkl".count))
    root = try Self.document(try Self.read(zip, pickle), place: pickle).root
    let codeFolder = folder + "code/"
    var scripts: [String: String] = [:]
    for name in zip.names where name.hasPrefix(codeFolder) && name.hasSuffix(".py") {
      scripts[String(name.dropFirst(codeFolder.count))] = String(
        decoding: try Self.read(zip, name),
        as: UTF8.self
      )
    }
    serialization = scripts.isEmpty ? .zip : .torchScript
    self.scripts = scripts
    if zip.contains(folder + "byteorder") {
      isBigEndian = try Self.read(zip, folder + "byteorder").starts(with: Array("big".utf8))
    }
    if !scripts.isEmpty, zip.contains(folder + "constants.pkl") {
      let name = folder + "constants.pkl"
      constants = try Self.document(try Self.read(zip, name), place: name).root
    }
  }

  private static func isRootPickle(_ name: String) -> Bool {
    name == "data.pkl" || name.hasSuffix("/data.pkl") && name.filter { $0 == "/" }.count == 1
  }

  private init(pickles bytes: [UInt8]) throws(PyTorchError) {
    self.bytes = bytes
    zip = nil
    folder = ""
    byteCount = bytes.count
    var offset = 0
    let first = try Self.document(bytes, at: &offset, place: "")
    guard first.root.bigInteger == Self.magic else {
      root = first.root
      serialization = .pickle
      return
    }
    serialization = .legacy
    let version = try Self.document(bytes, at: &offset, place: "protocol version")
    guard version.root.int == 1001 else {
      throw .malformed(place: "protocol version", problem: "\(version.root.kind), expected 1001")
    }
    let system = try Self.document(bytes, at: &offset, place: "system information")
    isBigEndian = system.root["little_endian"]?.bool == false
    let object = try Self.document(bytes, at: &offset, place: "")
    root = object.root
    let keys = try Self.document(bytes, at: &offset, place: "storage keys")
    try readLegacyStorages(object, keys: keys.root.elements ?? [], from: offset)
  }

  private init(tar bytes: [UInt8]) throws(PyTorchError) {
    self.bytes = bytes
    zip = nil
    folder = ""
    byteCount = bytes.count
    serialization = .tar
    let members = try TarArchive.members(bytes)
    guard let pickle = members["pickle"], let storages = members["storages"],
      let tensors = members["tensors"]
    else {
      throw .unsupported(
        what: "tar archive with \(members.keys.sorted().prefix(8).joined(separator: ", "))",
        hint: "unpack it first (tar -xf) and give the model file inside"
      )
    }
    root = try Self.document(Array(bytes[pickle]), place: "pickle").root
    try readTarStorages(storages)
    try readTarTensors(tensors)
  }

  /// 0x1950A86A20F9469CFC6C, least significant byte first.
  static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// Whether a file that starts like this may be PyTorch's; a zip archive needs a look at its directory too.
  public static func recognizes(head: [UInt8], path: String) -> Bool {
    if head.starts(with: [0x50, 0x4B, 3, 4]) {
      guard let zip = try? ZipArchive(path: path) else {
        return head.count > 64 && isTorchZip(head)
      }
      return zip.names.contains(where: isRootPickle)
        || zip.names.contains { $0.contains("/data/weights/") || $0.contains("/code/") }
    }
    if TarArchive.recognizes(head) { return true }
    if head.starts(with: [0x1F, 0x8B]) { return true }
    return head.count > 2 && head[0] == 0x80 && (2...5).contains(head[1])
  }

  /// Whether a damaged zip archive begins as PyTorch's do.
  private static func isTorchZip(_ head: [UInt8]) -> Bool {
    let name = String(decoding: head[30..<64], as: UTF8.self)
    return name.contains("/data") || name.contains("/version") || name.contains("/.format")
  }

  // MARK: Reading

  static func document(
    _ bytes: [UInt8],
    at offset: inout Int,
    place: String
  ) throws(PyTorchError) -> PickleDocument {
    do throws(PickleError) {
      return try PickleReader.read(bytes, at: &offset)
    } catch { throw .pickle(place: place, error) }
  }

  private static func document(
    _ bytes: [UInt8],
    place: String
  ) throws(PyTorchError) -> PickleDocument {
    var offset = 0
    return try document(bytes, at: &offset, place: place)
  }

  private static func read(_ zip: ZipArchive, _ name: String) throws(PyTorchError) -> [UInt8] {
    do throws(ZipError) { return try zip.read(name) } catch { throw .zip(error) }
  }

  /// Sets `sources`, from the persistent identifiers of a legacy file.
  func addSource(of name: String, _ text: String) { sources[name] = text }

  /// Name of the zip entry of a storage that the pickle calls `key`, or nil where there is none.
  func entry(key: String, isConstant: Bool) -> String? {
    guard let zip else { return nil }
    let folders = isConstant ? ["constants/"] : ["data/", "tensors/"]
    return folders.map { folder + $0 + key }.first(where: zip.contains)
  }

  /// Bytes of a storage, without reading it.
  func byteCount(of content: Content) -> Int {
    switch content {
    case .file(let range): range.count
    case .entry(let name): Int(clamping: zip?.size(of: name) ?? 0)
    case .inline(let bytes, _): bytes.count
    }
  }

  /// The tensor's numbers in row-major order, rounded to float32.
  ///
  /// - Throws: `PyTorchError` when the storage cannot be read or is smaller than it says.
  public func floats(of tensor: PyTorchTensor) throws(PyTorchError) -> [Float] {
    guard let content = contents[tensor.storage] else {
      throw .malformed(place: "storage \"\(tensor.storage)\"", problem: "is missing")
    }
    let size = tensor.scalar.byteCount
    switch content {
    case .file(let range):
      try tensor.validate(storageCount: range.count / size)
      return bytes.withUnsafeBytes {
        tensor.floats(in: UnsafeRawBufferPointer(rebasing: $0[range]), isBigEndian: isBigEndian)
      }
    case .inline(let bytes, let isBigEndian):
      try tensor.validate(storageCount: bytes.count / size)
      return bytes.withUnsafeBytes { tensor.floats(in: $0, isBigEndian: isBigEndian) }
    case .entry(let name):
      guard let zip else { return [] }
      if lastRead?.name != name { lastRead = (name, try Self.read(zip, name)) }
      let stored = lastRead?.bytes ?? []
      try tensor.validate(storageCount: stored.count / size)
      return stored.withUnsafeBytes { tensor.floats(in: $0, isBigEndian: isBigEndian) }
    }
  }
}
