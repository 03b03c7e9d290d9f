import Foundation
import GraphIR
import ImageCodecs
import Importers
import Testing

/// The bundled TensorFlow checkpoint of road signs, with the whole training graph around it.
struct TensorFlowExampleTests {
  private static let folder = TensorFlowReference.root.appendingPathComponent("Tools/example/signs")

  private struct Reference: Decodable {
    struct Model: Decodable {
      struct Result: Decodable {
        var top1: Int
        var crc32: String
        var logits: [Float]
      }
      var size: Int
      var images: [String: Result]
    }
    var models: [String: Model]
  }

  /// Bilinear with half-pixel centres in exact arithmetic, rounded half to even.
  private func resized(_ image: Image, to size: Int) -> [UInt8] {
    func taps(_ index: Int, _ extent: Int) -> (first: Int, second: Int, weight: Int) {
      let position = max(0, (2 * index + 1) * extent - size)
      let first = min(position / (2 * size), extent - 1)
      return (first, min(first + 1, extent - 1), position - first * 2 * size)
    }
    var result: [UInt8] = []
    for y in 0..<size {
      let row = taps(y, image.height)
      for x in 0..<size {
        let column = taps(x, image.width)
        for c in 0..<3 {
          func pixel(_ y: Int, _ x: Int) -> Int { Int(image.rgb[(y * image.width + x) * 3 + c]) }
          let upper =
            pixel(row.first, column.first) * (2 * size - column.weight)
            + pixel(row.first, column.second) * column.weight
          let lower =
            pixel(row.second, column.first) * (2 * size - column.weight)
            + pixel(row.second, column.second) * column.weight
          let sum = upper * (2 * size - row.weight) + lower * row.weight
          let whole = 4 * size * size
          let (floor, rest) = sum.quotientAndRemainder(dividingBy: whole)
          let isUp = 2 * rest > whole || (2 * rest == whole && floor % 2 == 1)
          result.append(UInt8(floor + (isUp ? 1 : 0)))
        }
      }
    }
    return result
  }

  /// The checksum of zip and PNG.
  private func checksum(_ bytes: [UInt8]) -> String {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    let digits = String(~crc, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  @Test
  func `the bundled checkpoint classifies its reference images as TensorFlow did`() throws {
    let data = try Data(contentsOf: Self.folder.appendingPathComponent("reference.json"))
    let reference = try #require(
      try JSONDecoder().decode(Reference.self, from: data).models["model.ckpt"]
    )
    let path = Self.folder.appendingPathComponent("model.ckpt").path
    let model = try ModelImporters.importModel(ImportRequest(path: path))
    let graph = model.graph
    #expect(graph.inputs.map { graph[$0].name } == ["input"])
    #expect(graph.outputs.map { graph[$0].name } == ["predictions"])
    #expect(graph.shape(of: graph.inputs[0]) == [1, reference.size, reference.size, 3])
    let evaluator = FloatEvaluator(graph)
    var compared = 0
    for (name, result) in reference.images.sorted(by: { $0.key < $1.key }) {
      let file = Self.folder.appendingPathComponent("images/" + name)
      let image = try ImageDecoder.decode([UInt8](try Data(contentsOf: file)))
      let pixels = resized(image, to: reference.size)
      let input = Tensor(shape: graph.shape(of: graph.inputs[0]), values: pixels.map { Float($0) })
      let output = try evaluator.run([input])[0].values
      #expect(TensorFlowReference.top(output) == result.top1, "\(name)")
      // Another libjpeg may decode a pixel otherwise; then only the class is compared.
      guard checksum(pixels) == result.crc32 else { continue }
      let expected = TensorFlowReference.softmax(result.logits)
      #expect(TensorFlowReference.distance(output, expected) < 1e-4, "\(name)")
      compared += 1
    }
    #expect(compared > 0 && reference.images.count == 60)
  }
}
