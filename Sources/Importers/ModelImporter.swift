internal import Foundation
internal import GraphIR

/// Reads one framework's files.
public protocol ModelImporter: Sendable {
  /// The framework, as its users call it.
  static var formatName: String { get }

  /// Whether the bytes are this framework's; looks at content, never at the name.
  static func recognizes(_ probe: FileProbe) -> Bool

  /// The network in the file.
  static func importModel(_ request: ImportRequest) throws(ImportError) -> ImportedModel
}

/// All importers, in the order in which they are asked.
///
/// A new one is one line here.
public enum ModelImporters {
  /// Every importer there is.
  public static let all: [any ModelImporter.Type] = [
    PyTorchImporter.self,
    TensorFlowImporter.self,
    ONNXImporter.self,
  ]

  /// `"ONNX, PyTorch, …"`, for messages.
  static var formatNames: String { all.map { $0.formatName }.joined(separator: ", ") }

  /// Recognises the file by its bytes and reads it.
  ///
  /// - Throws: `ImportError` naming the file and what is wrong with it.
  public static func importModel(_ request: ImportRequest) throws(ImportError) -> ImportedModel {
    let probe = try FileProbe(path: request.path)
    for importer in all where importer.recognizes(probe) {
      var model = try importer.importModel(request)
      do throws(GraphError) {
        try model.graph.verify()
      } catch {
        throw .graph(path: request.path, error)
      }
      return model
    }
    throw .unknownFormat(path: request.path, found: probe.summary)
  }
}

/// The beginning of a file, and what stands beside it, for recognition.
public struct FileProbe: Sendable {
  /// The path as typed.
  public let path: String
  /// Whether it is a folder.
  public let isDirectory: Bool
  /// Up to 4096 bytes from the start; empty for a folder or a prefix that is no file itself.
  public let head: [UInt8]
  /// Size of the file in bytes.
  public let size: Int

  /// Looks at `path`, which may be a file, a folder or a checkpoint prefix with `.index` beside it.
  ///
  /// - Throws: `ImportError.unreadable` when there is nothing of that name.
  public init(path: String) throws(ImportError) {
    self.path = path
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      guard FileManager.default.fileExists(atPath: path + ".index") else {
        throw .unreadable(path: path, reason: "no such file")
      }
      (self.isDirectory, head, size) = (false, [], 0)
      return
    }
    self.isDirectory = isDirectory.boolValue
    if isDirectory.boolValue {
      (head, size) = ([], 0)
      return
    }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(path: path, reason: "permission denied")
    }
    defer { try? file.close() }
    do {
      head = [UInt8](try file.read(upToCount: 4096) ?? Data())
      size = Int(try file.seekToEnd())
    } catch {
      throw .unreadable(path: path, reason: "\(error.localizedDescription)")
    }
  }

  /// What was found, for the message that nothing fits.
  var summary: String {
    if isDirectory { return "a folder" }
    if head.isEmpty { return "an empty file" }
    let hex = head.prefix(8).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }
    return "\(size) bytes starting \(hex.joined(separator: " "))"
  }
}
