internal import Foundation
internal import ImageCodecs

/// Images in an idx file, [images, height, width] or [images, height, width, 3], with their classes in another beside it.
enum DigitSet {
  /// The images; classes are those of the file in the same folder that is most alike in name.
  static func open(_ path: String, _ bytes: [UInt8]) throws(DataSetError) -> ImageSet {
    let array = try IndexedArray(bytes, path)
    let shape = array.shape
    guard shape.count == 3 || (shape.count == 4 && shape[3] == 3),
      shape[1] > 0, shape[2] > 0
    else {
      throw .file(
        path: path,
        problem:
          "sizes \(shape), expected images: [count, height, width] or [count, height, width, 3]"
      )
    }
    let (count, height, width) = (shape[0], shape[1], shape[2])
    guard count > 0 else { throw .noImages(path: path, found: 0) }
    let classes = try classes(beside: path, count)
    let isGray = shape.count == 3
    let size = height * width * (isGray ? 1 : 3)
    let items = (0..<count).map { index in
      ImageSet.Item(name: "\(path) #\(index)", imageClass: classes.map { .index(Int($0[index])) })
    }
    return ImageSet(path: path, base: path, items: items) { position in
      let from = array.start + position * size
      let pixels = bytes[from..<from + size]
      return Image(
        height: height,
        width: width,
        rgb: isGray ? pixels.flatMap { [$0, $0, $0] } : Array(pixels)
      )
    }
  }

  /// The elements of the idx file of rank 1 whose name shares the most with that of the images.
  private static func classes(
    beside path: String,
    _ count: Int
  ) throws(DataSetError) -> [UInt8]? {
    let folder = (path as NSString).deletingLastPathComponent as NSString
    let name = (path as NSString).lastPathComponent
    let place = folder.length == 0 ? "." : folder as String
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [])
      .filter { $0 != name && $0.contains("idx1") }.sorted()
    guard
      let best = names.max(by: {
        $0.commonPrefix(with: name).count < $1.commonPrefix(with: name).count
      })
    else { return nil }
    let file = folder.appendingPathComponent(best)
    let bytes = try DataFile.read(file)
    let array = try IndexedArray(bytes, file)
    guard array.shape == [count] else {
      throw .file(path: file, problem: "\(array.shape) classes, expected \(count), one an image")
    }
    return Array(bytes[array.start...])
  }
}
