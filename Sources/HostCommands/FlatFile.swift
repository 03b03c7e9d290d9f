internal import Foundation
public import ModelFormat

/// A flat file given by its path.
public enum FlatFile {
  /// Reads and checks a file that begins as flat files do; nil for any other, or a folder.
  public static func readIfOne(_ path: String) throws(Failure) -> ModelFile? {
    guard let handle = FileHandle(forReadingAtPath: path),
      let start = try? handle.read(upToCount: 4),
      start.elementsEqual("ECNN".utf8)
    else { return nil }
    return try read(path)
  }

  /// Reads and checks it.
  public static func read(_ path: String) throws(Failure) -> ModelFile {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("\(path): cannot be read")
    }
    do throws(ModelFormatError) {
      return try ModelFile(copying: [UInt8](data))
    } catch {
      throw Failure("\(path): \(error.message)")
    }
  }
}
