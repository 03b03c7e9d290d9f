import Conformance
import Pixels
import Testing

struct PixelSuiteTests {
  @Test(arguments: PixelKernels.available.map(\.name))
  func `all images become what every machine must make of them`(set: String) throws {
    let kernels = try #require(PixelKernels.available.first { $0.name == set })
    let outcome = try PixelSuite.run(kernels)
    #expect(outcome.failure == nil)
    #expect(outcome.images == 448)
    #expect(outcome.hash == PixelSuite.expectedHash)
  }
}
