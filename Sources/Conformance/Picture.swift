/// A dense image of bytes.
package struct Picture: Equatable, Sendable {
  /// Rows, columns and bytes a pixel.
  package var height: Int
  package var width: Int
  package var channels: Int
  /// Row by row, pixel by pixel.
  package var values: [UInt8]

  /// An image of these values, or of zeros.
  package init(_ height: Int, _ width: Int, _ channels: Int, _ values: [UInt8] = []) {
    (self.height, self.width, self.channels) = (height, width, channels)
    self.values = values.isEmpty ? [UInt8](repeating: 0, count: height * width * channels) : values
  }

  /// A byte.
  package subscript(y: Int, x: Int, c: Int) -> UInt8 {
    get { values[(y * width + x) * channels + c] }
    set { values[(y * width + x) * channels + c] = newValue }
  }
}
