import Containers
import Testing

struct SafetensorsFileTests {
  static func file(_ header: String, _ data: [UInt8]) -> [UInt8] {
    let length = header.utf8.count
    return (0..<8).map { UInt8(length >> (8 * $0) & 0xFF) } + Array(header.utf8) + data
  }

  static let small = file(
    #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#,
    LegacyBytes.floats([1.5, -2]) + [0, 0x3C, 0, 0xC0]
  )

  @Test func `tensors come in the order of their numbers`() throws {
    let file = try SafetensorsFile(bytes: Self.small)
    #expect(file.entries.map(\.name) == ["a", "b"])
    #expect(file.entries.map(\.shape) == [[1, 2], [2]])
    #expect(file.metadata == ["format": "pt"])
    #expect(file.floats(of: file.entries[0]) == [1.5, -2])
    #expect(file.floats(of: file.entries[1]) == [1, -2])
  }

  @Test(
    arguments: [
      (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        "tensor \"a\": shape [2] needs 8 bytes, found 4"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        "tensor \"a\": lies at 4…12, but the file has 8 bytes of data"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
        "tensor \"a\": shape [-2] makes no sense"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
        "tensor \"a\": shape [4611686018427387904, 4] makes no sense"
      ),
      (
        #"{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#,
        "tensor \"a\" of F8_E4M3: only plain floating-point and integer tensors are read; "
          + "save the float model"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
        "tensor \"b\": overlaps tensor \"a\""
      ),
      (#"{"a":7}"#, "tensor \"a\": needs dtype, shape and data_offsets"),
      ("{]", "safetensors header: is not a JSON object"),
    ]
  )
  func `what is wrong is said with its tensor`(header: String, message: String) {
    let error = #expect(throws: PyTorchError.self) {
      try SafetensorsFile(bytes: Self.file(header, [UInt8](repeating: 0, count: 8)))
    }
    #expect(error?.description == message)
  }

  @Test func `a file cut anywhere is refused`() {
    for count in Self.small.indices {
      #expect(throws: PyTorchError.self, "cut at \(count)") {
        try SafetensorsFile(bytes: Array(Self.small[..<count]))
      }
    }
  }

  @Test func `a file with a flipped byte is refused or read`() {
    var outcomes: Set<Int> = []
    for index in Self.small.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = Self.small
        damaged[index] ^= mask
        guard let file = try? SafetensorsFile(bytes: damaged) else {
          outcomes.insert(-1)
          continue
        }
        outcomes.insert(file.entries.reduce(0) { $0 + file.floats(of: $1).count })
      }
    }
    #expect(outcomes.contains(-1))
    #expect(outcomes.contains(4))
  }
}
