import Foundation
import GraphIR
import Importers
import Testing

struct ONNXOperatorTests {
  @Test func `there are fixtures`() {
    #expect(ONNXFixture.all.count >= 29)
  }

  @Test(arguments: ONNXFixture.all)
  func `every operator computes what ONNX Runtime does`(_ fixture: ONNXFixture) throws {
    var request = ImportRequest(path: fixture.path)
    request.outputs = fixture.outputs.map(\.name)
    let model = try ModelImporters.importModel(request)
    let count = fixture.input.dropFirst().reduce(1, *)
    let results = try evaluateONNX(
      model,
      shape: fixture.input,
      values: ONNXFixture.ramp(count)
    )
    try #require(results.count == fixture.outputs.count)
    for (result, expected) in zip(results, fixture.outputs) {
      // Images come out channels-last.
      let plain = result.shape.count == 4 ? result.transposed([0, 3, 1, 2]) : result
      #expect(plain.shape == expected.shape, "\(expected.name)")
      let error = zip(plain.values, expected.values).map { abs($0 - $1) / max(1, abs($1)) }.max()
      #expect(error ?? 0 < 1e-4, "\(expected.name)")
      #expect(plain.count == expected.values.count, "\(expected.name)")
    }
  }
}
