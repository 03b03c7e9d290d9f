import ScratchFolders

extension ScratchFolder {
  /// Writes a 4 × 4 picture of one colour.
  @discardableResult func picture(_ color: [UInt8], _ name: String) throws -> String {
    try write(Array("P6 4 4 255\n".utf8) + (0..<16).flatMap { _ in color }, name)
  }
}
