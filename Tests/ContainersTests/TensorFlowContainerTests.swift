import Containers
import Testing

struct TensorFlowContainerTests {
  @Test(arguments: [false, true], [1, 3, 100])
  func `a bundle gives whole and partitioned variables from several shards`(
    _ isCompressed: Bool,
    _ entriesPerBlock: Int
  ) throws {
    let writer = TensorFlowTableWriter(
      entriesPerBlock: entriesPerBlock,
      isCompressed: isCompressed
    )
    let (index, shards, _) = try TensorFlowCheckpoints.bundle(writer)
    let bundle = try TensorFlowCheckpoints.open(index, shards)
    #expect(bundle.variables.keys.sorted() == ["a", "b", "c"])
    #expect(bundle.summary == "V2, 2 shards")
    let a = try bundle.tensor("a")
    #expect(a.shape == [2, 3] && a.values == .floats([1, 2, 3, 4, 5, 6]))
    let b = try bundle.tensor("b")
    #expect(b.shape == [] && b.values == .integers([7]))
    let c = try bundle.tensor("c")
    #expect(c.shape == [4, 2] && c.values == .floats([1, 2, 3, 4, 5, 6, 7, 8]))
  }

  @Test(arguments: [false, true])
  func `a V1 checkpoint gives whole and partitioned variables`(_ isCompressed: Bool) throws {
    let bytes = try TensorFlowCheckpoints.tensorSlices(isCompressed: isCompressed).bytes
    let checkpoint = try TensorSliceCheckpoint(ByteSource(name: "lenet", bytes: bytes))
    #expect(try checkpoint.tensor("w").values == .floats([0, 0, 0, 0, 0, 6]))
    #expect(try checkpoint.tensor("v").values == .floats([1, 2, 3, 4]))
    #expect(checkpoint.variables["w"]?.shape == [2, 3])
  }

  // MARK: Errors

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test
  func `errors name the file and what is wrong`() throws {
    let (index, shards, _) = try TensorFlowCheckpoints.bundle()
    #expect(
      message { _ = try SSTable(ByteSource(name: "/tmp/x/m.index", bytes: [1, 2])) }
        == "m.index: 2 bytes, a checkpoint table has at least 48"
    )
    #expect(
      message { _ = try SSTable(ByteSource(name: "m.index", bytes: Array(index.dropLast(7)))) }
        == "m.index: does not end like a checkpoint table; is it truncated, or another format?"
    )
    var damaged = index
    damaged[3] ^= 1
    #expect(
      message { _ = try TensorFlowCheckpoints.open(damaged, shards) }
        == "m.index: block at 0: checksum mismatch; the file is damaged"
    )
    #expect(
      message { _ = try TensorFlowCheckpoints.open(index, [shards[0]]) } == "m.data: missing"
    )
    #expect(
      message { _ = try TensorFlowCheckpoints.open(index, shards).tensor("z") }
        == "m.index: no variable \"z\""
    )
    let short = [Array(shards[0].prefix(20)), shards[1]]
    #expect(
      message { _ = try TensorFlowCheckpoints.open(index, short).tensor("a") }
        == "m.data-0: reads 24 bytes at 0, the file has 20; is it truncated?"
    )
    var flipped = shards
    flipped[0][5] ^= 0x10
    #expect(
      message { _ = try TensorFlowCheckpoints.open(index, flipped).tensor("a") }
        == "m.data-0: \"a\": checksum mismatch; the file is damaged"
    )
    #expect(
      message { _ = try TensorSliceCheckpoint(ByteSource(name: "m", bytes: index)) }
        == "m: malformed list of variables; is it the .index of a V2 checkpoint?"
    )
    #expect(message { _ = try ByteSource(path: "/nowhere/m.index") } == "m.index: no such file")
  }

  // MARK: Corruption

  /// Reads everything; any error is fine, a trap is not.
  private func readAll(_ index: [UInt8], _ shards: [[UInt8]]) -> Bool {
    guard let bundle = try? TensorFlowCheckpoints.open(index, shards) else { return false }
    return bundle.variables.keys.allSatisfy { (try? bundle.tensor($0)) != nil }
  }

  private func readAll(_ bytes: [UInt8]) -> Bool {
    guard let checkpoint = try? TensorSliceCheckpoint(ByteSource(name: "v1", bytes: bytes)) else {
      return false
    }
    return checkpoint.variables.keys.allSatisfy { (try? checkpoint.tensor($0)) != nil }
  }

  @Test(arguments: [false, true])
  func `a truncated or damaged index is refused or read`(_ isCompressed: Bool) throws {
    let (index, shards, unread) = try TensorFlowCheckpoints.bundle(
      .init(isCompressed: isCompressed)
    )
    #expect(readAll(index, shards))
    for length in index.indices { #expect(!readAll(Array(index.prefix(length)), shards)) }
    for place in index.indices {
      for bit in 0..<8 {
        var damaged = index
        damaged[place] ^= 1 << UInt8(bit)
        let isFooterFiller = place >= index.count - 48 && place < index.count - 8
        if readAll(damaged, shards) {
          // The footer's first handle, what it points to, and the filler are not needed for reading.
          #expect(isFooterFiller || unread.contains(place), "byte \(place), bit \(bit)")
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func `a truncated or damaged V1 checkpoint is refused`(_ isCompressed: Bool) throws {
    let (bytes, unread) = try TensorFlowCheckpoints.tensorSlices(isCompressed: isCompressed)
    #expect(readAll(bytes))
    for length in bytes.indices { #expect(!readAll(Array(bytes.prefix(length)))) }
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(bit)
        if readAll(damaged) {
          #expect(
            place >= bytes.count - 48 || unread.contains(place),
            "byte \(place), bit \(bit)"
          )
        }
      }
    }
  }

  @Test
  func `a damaged data file is refused`() throws {
    let (index, shards, _) = try TensorFlowCheckpoints.bundle()
    for shard in shards.indices {
      for place in shards[shard].indices {
        var damaged = shards
        damaged[shard][place] ^= 0x40
        #expect(!readAll(index, damaged))
        damaged[shard] = Array(shards[shard].prefix(place))
        #expect(!readAll(index, damaged))
      }
    }
  }

  /// Blocks with checksums that fit but contents that do not.
  @Test(arguments: 0..<200)
  func `a table whose index is random bytes is refused`(_ seed: Int) {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func next() -> UInt8 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 24) & (seed % 2 == 0 ? 0xFF : 0x07)
    }
    let content = (0..<40).map { _ in next() } + [0, 0, 0, 0, UInt8(seed % 3)]
    let crc = TensorFlowTableWriter.masked(content)
    let handle = TensorFlowTableWriter.varint(0) + TensorFlowTableWriter.varint(44)
    let footer = handle + handle
    let file =
      content + TensorFlowTableWriter.bytes(crc) + footer
      + [UInt8](repeating: 0, count: 40 - footer.count)
      + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    // Either an error, or an index that names blocks which are not there.
    #expect(throws: TensorFlowFileError.self, "seed \(seed)") {
      let table = try SSTable(ByteSource(name: "random", bytes: file))
      let entries = try table.entries()
      let ascends = zip(entries, entries.dropFirst()).allSatisfy {
        $0.key.lexicographicallyPrecedes($1.key)
      }
      if entries.isEmpty || !ascends { throw TensorFlowFileError("random", "no entries") }
    }
  }

  // MARK: Elements

  @Test(
    arguments: [
      (
        TensorFlowDataType.float16, [0x00, 0x3C, 0x01, 0x00, 0x00, 0xFC], [1, 0x1p-24, -.infinity]
      ),
      (.bfloat16, [0x80, 0x3F, 0x20, 0xC0, 0x00, 0x80], [1, -2.5, -0.0]),
      (.float64, [0, 0, 0, 0, 0, 0, 0xE0, 0x3F], [0.5]),
    ] as [(TensorFlowDataType, [UInt8], [Float])]
  )
  func `every float type is widened to float32`(
    _ type: TensorFlowDataType,
    _ bytes: [UInt8],
    _ expected: [Float]
  ) {
    let tensor = TensorFlowTensor(type: type, shape: [expected.count], bytes: bytes)
    #expect(tensor?.values == .floats(expected))
  }

  @Test(
    arguments: [
      (TensorFlowDataType.int8, [0xFF, 0x7F], [-1, 127]), (.uint8, [0xFF, 1], [255, 1]),
      (.int16, [0xFE, 0xFF], [-2]), (.int32, [0xFD, 0xFF, 0xFF, 0xFF], [-3]),
      (.int64, [0, 1, 0, 0, 0, 0, 0, 0], [256]), (.uint16, [0xFF, 0xFF], [65535]),
    ] as [(TensorFlowDataType, [UInt8], [Int])]
  )
  func `every integer type keeps its sign`(
    _ type: TensorFlowDataType,
    _ bytes: [UInt8],
    _ expected: [Int]
  ) {
    let tensor = TensorFlowTensor(type: type, shape: [expected.count], bytes: bytes)
    #expect(tensor?.values == .integers(expected))
  }

  @Test
  func `bytes that do not fill a shape make no tensor`() {
    #expect(TensorFlowTensor(type: .float32, shape: [2], bytes: [0, 0, 0, 0]) == nil)
    #expect(TensorFlowTensor(type: .float32, shape: [-1], bytes: []) == nil)
    #expect(TensorFlowTensor(type: .int8, shape: [1 << 40, 1 << 40], bytes: []) == nil)
    #expect(TensorFlowTensor(type: .string, shape: [0], bytes: []) == nil)
  }

  @Test
  func `a repeated value is limited`() {
    var record = TFTensorValue()
    record.dtype = 1
    record.tensorShape = TensorFlowCheckpoints.shape([1 << 10, 3])
    record.floatVal = [2, 5]
    let small = try? TensorFlowTensor.decode(record).get()
    #expect(small?.values == .floats([2] + [Float](repeating: 5, count: 3071)))
    record.tensorShape = TensorFlowCheckpoints.shape([1 << 13, 1 << 12])
    guard case .failure(let problem) = TensorFlowTensor.decode(record) else {
      Issue.record("32 Mi elements out of two were accepted")
      return
    }
    #expect(problem.text == "one value repeated 33554432 times, expected at most 2^24")
  }
}
