internal import Foundation
internal import ModelFormat

/// A flat file given by its path.
enum FlatFile {
  /// Reads and checks it.
  static func read(_ path: String) throws(Failure) -> ModelFile {
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
