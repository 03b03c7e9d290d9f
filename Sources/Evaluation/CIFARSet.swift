internal import ImageCodecs

/// CIFAR's binary records (https://www.cs.toronto.edu/~kriz/cifar.html): one class byte, or a coarse and a fine one, then 32 × 32 red,
/// green and blue planes.
enum CIFARSet {
  private static let side = 32
  private static let plane = side * side

  /// The images; nil where the length is not that of such records, or a class byte is out of range.
  static func open(_ path: String, _ bytes: [UInt8]) throws(DataSetError) -> ImageSet? {
    for (classBytes, classes) in [(1, 10), (2, 100)] {
      let record = classBytes + 3 * plane
      guard !bytes.isEmpty, bytes.count % record == 0 else { continue }
      let labels = stride(from: classBytes - 1, to: bytes.count, by: record).map { Int(bytes[$0]) }
      guard labels.allSatisfy({ $0 < classes }) else { continue }
      let items = labels.enumerated().map { index, label in
        ImageSet.Item(name: "\(path) #\(index)", imageClass: .index(label))
      }
      return ImageSet(path: path, base: path, items: items) { position in
        let start = position * record + classBytes
        var rgb: [UInt8] = []
        rgb.reserveCapacity(3 * plane)
        for pixel in start..<start + plane {
          for color in 0..<3 { rgb.append(bytes[pixel + color * plane]) }
        }
        return Image(height: side, width: side, rgb: rgb)
      }
    }
    return nil
  }
}
