import CKernels
import Testing

/// A kernel set that this CPU runs, as an argument of tests.
struct KernelSet: @unchecked Sendable, CustomTestStringConvertible {
  /// The set's table, which is constant.
  let table: UnsafePointer<ck_kernels>

  var name: String { String(cString: table.pointee.name) }
  var testDescription: String { name }

  /// All sets, best first.
  static let supported: [KernelSet] = (0..<16).compactMap { index in
    ck_kernels_at(index).map(KernelSet.init)
  }

  /// The names of all sets of this build, best first.
  static let built: [String] = (0..<16).compactMap { index in
    ck_kernel_set_name(index).map { String(cString: $0) }
  }
}

@Suite struct KernelSetTests {
  @Test func `supported sets are built ones in the same order`() {
    let names = KernelSet.supported.map(\.name)
    #expect(names == KernelSet.built.filter(names.contains))
    #expect(Set(names).count == names.count)
  }

  @Test func `there is nothing after the last set`() {
    #expect(ck_kernels_at(KernelSet.supported.count) == nil)
    #expect(ck_kernel_set_name(KernelSet.built.count) == nil)
    #expect(ck_kernels_at(.max) == nil)
    #expect(ck_kernel_set_name(.max) == nil)
  }

  @Test(arguments: KernelSet.supported)
  func `preferred tiles are within the most that any set takes`(set: KernelSet) {
    #expect((1...Int(CK_MAX_TILE)).contains(set.table.pointee.tile))
    #expect((1...Int(CK_MAX_TILE)).contains(set.table.pointee.depthwise_tile))
  }

  #if arch(x86_64)
  @Test func `the sets of this architecture are these`() {
    #expect(KernelSet.built == ["avx512vnni", "avxvnni", "avx512", "avx2", "sse41"])
  }
  #elseif arch(arm64)
  @Test func `the sets of this architecture are these`() {
    #expect(KernelSet.built == ["neon_i8mm", "neon_dotprod", "neon"])
  }
  #endif
}
