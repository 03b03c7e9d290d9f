internal import Foundation

/// Writes whole files: a failure leaves what was there before.
public enum OutputFile {
  /// Replaces `path` by `bytes` through a temporary file beside it.
  public static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let folder = (path as NSString).deletingLastPathComponent
    let temporary = (folder as NSString).appendingPathComponent(
      ".\((path as NSString).lastPathComponent).\(ProcessInfo.processInfo.processIdentifier)"
    )
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let file = FileHandle(forWritingAtPath: temporary)
    else {
      throw Failure(
        "\(path): cannot be written, \(String(cString: strerror(errno))); is the folder there and yours?"
      )
    }
    do {
      try file.write(contentsOf: Data(bytes))
      try file.synchronize()
      try file.close()
    } catch {
      unlink(temporary)
      throw Failure("\(path): cannot be written: \(error.localizedDescription)")
    }
    guard rename(temporary, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw Failure("\(path): cannot be written: \(reason)")
    }
  }

  /// Whether `path` could be written, before hours of work are spent on it.
  public static func check(_ path: String) throws(Failure) {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      throw Failure("\(path): is a folder, expected a file name")
    }
    let folder = (path as NSString).deletingLastPathComponent
    guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else {
      throw Failure("\(path): cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}
