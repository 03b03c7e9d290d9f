import Conformance
import ModelFormat
import Testing

@testable import Runtime

@Suite struct OperatorSuiteTests {
  @Test func `there are samples of every operator`() {
    let kinds = SampleKind.allCases.flatMap { kind in
      (0..<kind.count).map { kind.sample($0).record.kind }
    }
    #expect(Set(kinds) == Set(OperatorKind.allCases))
    #expect(kinds.count == 454)
  }

  @Test(arguments: KernelSet.available.map(\.name))
  func `all networks give what every machine must`(set: String) throws {
    let outcome = try OperatorSuite.run(KernelSet.named(set))
    #expect(outcome.failure == nil)
    #expect(outcome.networks == 454)
    #expect(outcome.hash == OperatorSuite.expectedHash)
  }
}
