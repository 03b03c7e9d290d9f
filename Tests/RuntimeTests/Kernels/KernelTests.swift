import CKernels
import Conformance
import Testing

@testable import Runtime

/// The names of all sets that this CPU runs, without the portable one.
private let vectorSets = KernelSet.available.map(\.name).filter { $0 != "portable" }

@Suite struct KernelTests {
  /// Fewer cases than this, and the list has lost some.
  private func leastCases(_ operation: KernelOperation, _ kernels: ck_kernels) -> Int {
    switch operation {
    case .convolution: 900 * kernels.tile
    case .floatConvolution: 300 * kernels.tile
    case .run: kernels.conv_run == nil ? 0 : 3000
    case .byteRun: kernels.bytes == nil ? 0 : 5000
    case .color: kernels.conv_color == nil ? 0 : 400
    case .depthwise: 3000
    case .depthwiseRows: kernels.depthwise_rows == nil ? 0 : 2700
    case .winograd: kernels.winograd_u8 == nil ? 0 : kernels.widen == nil ? 800 : 1700
    case .maximum, .sum: 500
    case .addition, .multiplication: 1000
    case .requantization: 300
    case .lookup: 70
    case .maximumOfRows, .scaling, .interleaving: 400
    }
  }

  @Test(arguments: vectorSets, KernelOperation.allCases)
  func `a kernel equals the portable one`(set: String, operation: KernelOperation) throws {
    let kernels = try KernelSet.named(set).functions
    let result = try operation.check(kernels)
    #expect(result.failure == nil)
    #expect(result.cases >= leastCases(operation, kernels))
  }

  @Test(arguments: KernelOperation.allCases)
  func `a portable kernel equals its definition`(operation: KernelOperation) throws {
    let kernels = KernelSet.portable.functions
    let result = try operation.check(kernels, against: KernelDefinition.functions)
    #expect(result.failure == nil)
    #expect(result.cases >= leastCases(operation, kernels))
  }

  @Test func `supported sets are built ones in the same order`() {
    let names = KernelSet.available.map(\.name)
    #expect(names == KernelSet.builtNames.filter(names.contains))
    #expect(Set(names).count == names.count)
    #expect(names.last == "portable")
  }

  @Test func `there is nothing after the last set`() {
    #expect(ck_kernels_at(vectorSets.count) == nil)
    #expect(ck_kernel_set_name(KernelSet.builtNames.count - 1) == nil)
    #expect(ck_kernels_at(.max) == nil)
    #expect(ck_kernel_set_name(.max) == nil)
  }

  #if arch(x86_64)
  @Test(arguments: vectorSets)
  func `every set of this architecture has depthwise rows`(set: String) throws {
    #expect(try KernelSet.named(set).functions.depthwise_rows != nil)
  }
  #endif

  @Test(arguments: vectorSets)
  func `preferred tiles are within the most that any set takes`(set: String) throws {
    let kernels = try KernelSet.named(set).functions
    #expect((1...Int(CK_MAX_TILE)).contains(kernels.tile))
    #expect((1...Int(CK_MAX_TILE)).contains(kernels.depthwise_tile))
  }

  #if arch(x86_64)
  @Test func `the sets of this architecture are these`() {
    #expect(
      KernelSet.builtNames == ["avx512vnni", "avxvnni", "avx512", "avx2", "sse41", "portable"]
    )
  }
  #elseif arch(arm64)
  @Test func `the sets of this architecture are these`() {
    #expect(KernelSet.builtNames == ["neon_i8mm", "neon_dotprod", "neon", "portable"])
  }
  #endif
}

/// What the comparison says of kernels that break their contract.
@Suite struct KernelFailureTests {
  private func failure(
    _ operation: KernelOperation,
    _ change: (inout ck_kernels) -> Void
  ) throws -> KernelCheck {
    var kernels = KernelSet.portable.functions
    change(&kernels)
    return try operation.check(kernels)
  }

  @Test func `a wrong element is named with seed, sizes and values`() throws {
    let result = try failure(.lookup) {
      $0.lookup_u8 = { table, input, output, count in
        guard let table, let input, let output else { return }
        for i in 0..<count { output[i] = table[Int(input[i])] &+ (i == 16 ? 1 : 0) }
      }
    }
    // Lengths 1, 2, 3, 7, 15 and 16 of four cases each do not reach element 16.
    #expect(result.cases == 25)
    let text = try #require(result.failure)
    #expect(text.hasPrefix("lookup_u8: seed 24, length 17, variant 0, "))
    #expect(text.contains(": element 16 is "))
    #expect(text.contains(", expected "))
  }

  @Test func `a byte too many is noticed`() throws {
    let result = try failure(.requantization) {
      $0.requantize = { sums, m, zo, low, high, output, count in
        KernelSet.portable.functions.requantize(sums, m, zo, low, high, output, count)
        output?[count] = 0
      }
    }
    #expect(result.cases == 1)
    let note = "bytes around the output were written, expected as they were"
    #expect(result.failure?.hasSuffix(note) == true)
  }

  @Test func `a pixel whose neighbour was written is named`() throws {
    let result = try failure(.convolution) {
      $0.conv_u8 = { tile, epilogue in
        KernelSet.portable.functions.conv_u8(tile, epilogue)
        guard let tile = tile?.pointee, tile.pixels == 3 else { return }
        tile.output[1]?.assumingMemoryBound(to: UInt8.self)[-1] = 0
      }
    }
    #expect(
      result.failure
        == """
        conv_u8: seed 0, mixed values, taps 1, k4 1, pixels 3, channels 3, zero point 155, clamped \
        to 244...248: pixel 1: bytes around the output were written, expected as they were
        """
    )
  }

  @Test func `a wrong sum of one channel of floats is named`() throws {
    let result = try failure(.floatConvolution) {
      $0.conv_f32 = { tile, epilogue in
        KernelSet.portable.functions.conv_f32(tile, epilogue)
        guard let tile = tile?.pointee, tile.channels == 17 else { return }
        tile.output[0]?.assumingMemoryBound(to: Float.self)[16] *= 1.001
      }
    }
    let text = try #require(result.failure)
    #expect(text.contains("channels 17, "))
    #expect(text.contains(": pixel 0, channel 16 is float 0x"))
  }
}
