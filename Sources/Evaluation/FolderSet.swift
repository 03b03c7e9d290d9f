internal import Foundation
internal import ImageCodecs

/// A folder of images: those in a subfolder are of the class that it is named after.
enum FolderSet {
  private static let extensions: Set = ["jpg", "jpeg", "png", "ppm", "pgm"]

  /// The images under `path`, in order of their names.
  static func open(_ path: String) throws(DataSetError) -> ImageSet {
    guard let walk = FileManager.default.enumerator(atPath: path) else {
      throw .file(path: path, problem: "cannot be read")
    }
    let names = walk.compactMap { $0 as? String }
      .filter { extensions.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
    guard !names.isEmpty else { throw .noImages(path: path, found: 0) }
    var base = path
    while base.hasSuffix("/") { base.removeLast() }
    let items = names.map { [base] name in
      let parts = name.split(separator: "/")
      return ImageSet.Item(
        name: "\(base)/\(name)",
        imageClass: parts.count > 1 ? .name(String(parts[0])) : nil
      )
    }
    return ImageSet(path: path, base: base, items: items) { position throws(DataSetError) in
      try PictureFile.decode(items[position].name)
    }
  }
}

/// A JPEG, PNG, PGM or PPM file.
enum PictureFile {
  /// Reads and decodes it.
  static func decode(_ path: String) throws(DataSetError) -> Image {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .file(path: path, problem: "cannot be read")
    }
    do throws(ImageError) {
      return try ImageDecoder.decode([UInt8](data))
    } catch {
      throw .file(path: path, problem: error.message)
    }
  }
}
