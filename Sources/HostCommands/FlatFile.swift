internal import Foundation
public import ModelFormat

/// A flat file given by its path.
public enum FlatFile {
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
