internal import Foundation

/// A table of image files and their classes, a tab between the two; further columns are ignored.
enum TableSet {
  /// The images of a table's lines.
  ///
  /// The files are relative to the table's folder. The first line is a heading if it names no file.
  static func open(_ path: String, _ text: String) throws(DataSetError) -> ImageSet {
    let folder = (path as NSString).deletingLastPathComponent as NSString
    var items: [ImageSet.Item] = []
    for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() {
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
      let file =
        cells[0].hasPrefix("/") ? String(cells[0]) : folder.appendingPathComponent(String(cells[0]))
      guard cells.count >= 2 else {
        throw .file(path: path, problem: "line \(number + 1): no tab, expected file, tab, class")
      }
      if number == 0, !FileManager.default.fileExists(atPath: file) { continue }
      let name = cells[1].trimmingCharacters(in: .whitespaces)
      guard !name.isEmpty else {
        throw .file(path: path, problem: "line \(number + 1): class is empty")
      }
      items.append(ImageSet.Item(name: file, imageClass: .name(name)))
    }
    guard !items.isEmpty else { throw .noImages(path: path, found: 0) }
    return ImageSet(path: path, base: folder as String, items: items) {
      [items] position throws(DataSetError) in
      try PictureFile.decode(items[position].name)
    }
  }
}
