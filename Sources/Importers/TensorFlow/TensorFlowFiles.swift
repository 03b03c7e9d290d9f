internal import Containers
internal import Foundation

/// The files that belong to one TensorFlow model, found from whichever of them the user named.
struct TensorFlowFiles {
  /// What the named path turned out to be.
  enum Kind: Equatable {
    /// `prefix.index` and data files beside it.
    case bundle(prefix: String)
    /// One table with names and values.
    case tensorSlices(path: String)
    /// A folder with `saved_model.pb` and `variables/`.
    case savedModel(folder: String)
    /// A graph whose weights are constants.
    case frozen(path: String)
  }

  let kind: Kind
  /// File that holds the graph.
  let graphPath: String

  /// Whether `path` names a TensorFlow model, judged by the bytes found there or beside it.
  static func recognizes(_ path: String) -> Bool {
    do throws(ImportError) {
      return try locate(path) != nil
    } catch {
      // A companion is missing: the file is ours to complain about.
      return true
    }
  }

  /// - Throws: `ImportError` naming a companion that is missing.
  init(_ request: ImportRequest) throws(ImportError) {
    let path = request.path
    guard let kind = try Self.locate(path) else {
      throw .unknownFormat(path: path, found: "nothing that TensorFlow writes")
    }
    self.kind = kind
    switch kind {
    case .savedModel(let folder): graphPath = folder + "/saved_model.pb"
    case .frozen(let path): graphPath = path
    case .bundle(let prefix):
      graphPath = try Self.metaGraph(request, beside: prefix)
    case .tensorSlices(let file):
      graphPath = try Self.metaGraph(request, beside: file)
    }
  }

  /// The `.meta` beside a checkpoint, or the file that the user named for it.
  private static func metaGraph(
    _ request: ImportRequest,
    beside prefix: String
  ) throws(ImportError) -> String {
    if let named = request.architecture { return named }
    guard exists(prefix + ".meta") else {
      throw .missingCompanion(path: request.path, expected: lastName(prefix) + ".meta")
    }
    return prefix + ".meta"
  }

  // MARK: Recognition

  private static func locate(_ path: String) throws(ImportError) -> Kind? {
    var isDirectory: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    if isThere, isDirectory.boolValue { return try folder(path) }
    guard isThere else { return isTable(path + ".index") ? .bundle(prefix: path) : nil }
    guard let source = try? ByteSource(path: path) else { return nil }
    if SSTable.recognizes(source) {
      // The index of a V2 bundle and a whole V1 checkpoint are both tables; only the latter lists its variables.
      if path.hasSuffix(".index") { return .bundle(prefix: String(path.dropLast(6))) }
      return .tensorSlices(path: path)
    }
    switch TensorFlowProbe(source).content {
    case .graph: return .frozen(path: path)
    case .savedModel: return .savedModel(folder: parent(path))
    case .metaGraph: return try checkpoint(ofMetaGraph: path)
    case .checkpointList: return try listed(in: path)
    case nil: break
    }
    // The bytes of a data file say nothing; its index does.
    if let range = path.range(of: ".data-", options: .backwards) {
      let prefix = String(path[..<range.lowerBound])
      if isTable(prefix + ".index") { return .bundle(prefix: prefix) }
      if path[range.upperBound...].contains("-of-"), !exists(prefix + ".index") {
        throw .missingCompanion(path: path, expected: lastName(prefix) + ".index")
      }
    }
    return nil
  }

  private static func folder(_ path: String) throws(ImportError) -> Kind? {
    if let source = try? ByteSource(path: path + "/saved_model.pb"),
      TensorFlowProbe(source).content == .savedModel
    {
      return .savedModel(folder: path)
    }
    if exists(path + "/checkpoint") { return try listed(in: path + "/checkpoint") }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    let indices = names.filter { $0.hasSuffix(".index") && isTable(path + "/" + $0) }
    guard let first = indices.first else { return nil }
    guard indices.count == 1 else {
      throw .ambiguous(
        path: path,
        what: "checkpoint",
        candidates: indices.map { String($0.dropLast(6)) },
        option: "the path of one;"
      )
    }
    return .bundle(prefix: path + "/" + first.dropLast(6))
  }

  /// The newest checkpoint that the text file `checkpoint` names, beside it where the recorded path is gone.
  private static func listed(in path: String) throws(ImportError) -> Kind? {
    guard let source = try? ByteSource(path: path), source.count <= 1 << 20,
      let bytes = try? source.readAll(), let text = String(validating: bytes, as: UTF8.self),
      let line = text.split(separator: "\n").first(where: {
        $0.hasPrefix("model_checkpoint_path:")
      }), let open = line.firstIndex(of: "\""), let close = line.lastIndex(of: "\""), open < close
    else { return nil }
    let recorded = String(line[line.index(after: open)..<close])
    let here = parent(path)
    for candidate in [
      recorded.hasPrefix("/") ? recorded : here + "/" + recorded, here + "/" + lastName(recorded),
    ] {
      if isTable(candidate + ".index") { return .bundle(prefix: candidate) }
      if isTable(candidate) { return .tensorSlices(path: candidate) }
    }
    throw .missingCompanion(path: path, expected: lastName(recorded) + ".index")
  }

  private static func checkpoint(ofMetaGraph path: String) throws(ImportError) -> Kind {
    let prefix = path.hasSuffix(".meta") ? String(path.dropLast(5)) : path
    if isTable(prefix + ".index") { return .bundle(prefix: prefix) }
    if isTable(prefix) { return .tensorSlices(path: prefix) }
    throw .missingCompanion(path: path, expected: lastName(prefix) + ".index")
  }

  private static func isTable(_ path: String) -> Bool {
    (try? ByteSource(path: path)).map { SSTable.recognizes($0) } ?? false
  }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  private static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func lastName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  // MARK: Contents

  /// The values of the variables; nil for a frozen graph, and for a saved model without any.
  ///
  /// - Throws: `ImportError` naming the damaged or missing file.
  func checkpoint(for path: String) throws(ImportError) -> (any TensorFlowCheckpoint)? {
    do throws(TensorFlowFileError) {
      switch kind {
      case .frozen: return nil
      case .bundle(let prefix):
        return try Self.bundle(prefix)
      case .savedModel(let folder):
        let prefix = folder + "/variables/variables"
        return Self.exists(prefix + ".index") ? try Self.bundle(prefix) : nil
      case .tensorSlices(let file):
        let source = try ByteSource(path: file)
        return try TensorSliceCheckpoint(source)
      }
    } catch {
      throw .malformed(path: path, place: error.file, problem: error.problem)
    }
  }

  private static func bundle(
    _ prefix: String
  ) throws(TensorFlowFileError) -> any TensorFlowCheckpoint {
    try TensorBundle(prefix: prefix)
  }

  /// Bytes of all files of the model together.
  var bytes: Int {
    var paths: Set<String> = [graphPath]
    switch kind {
    case .frozen: break
    case .tensorSlices(let path): paths.insert(path)
    case .bundle(let prefix): paths.formUnion(Self.parts(of: prefix))
    case .savedModel(let folder):
      paths.formUnion(Self.parts(of: folder + "/variables/variables"))
    }
    return paths.reduce(0) { $0 + ((try? ByteSource(path: $1).count) ?? 0) }
  }

  private static func parts(of prefix: String) -> [String] {
    let folder = parent(prefix)
    let name = lastName(prefix)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0 == name + ".index" || $0.hasPrefix(name + ".data-") }
      .map { folder + "/" + $0 }
  }
}
