import Containers
import Foundation
import Testing

struct PyTorchArchiveTests {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/pytorch")

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: fixtures.appendingPathComponent(name)))
  }

  /// All tensors of a dictionary, read; returns how many numbers there were.
  static func readAll(_ archive: PyTorchArchive) throws -> Int {
    var count = 0
    for (_, value) in archive.root.entries ?? [] {
      if let tensor = try archive.tensor(value) { count += try archive.floats(of: tensor).count }
    }
    return count
  }

  @Test func `a zip archive of PyTorch 1_4 gives every parameter`() throws {
    let archive = try PyTorchArchive(bytes: try Self.bytes("torch140_net_statedict_zip.pth"))
    #expect(archive.serialization == .zip)
    // Shapes and sums that PyTorch gave.
    let expected: [(name: String, shape: [Int], sum: Double)] = [
      ("conv1.weight", [8, 1, 5, 5], -1.9355550413019955),
      ("conv1.bias", [8], -0.3032620530575514),
      ("conv2.weight", [16, 8, 5, 5], -13.239850403682794),
      ("conv2.bias", [16], 0.15939743351191282), ("bn.weight", [16], 19.742669582366943),
      ("bn.bias", [16], -3.4624887481331825), ("bn.running_mean", [16], -4.233080961741507),
      ("bn.running_var", [16], 15.811386466026306), ("bn.num_batches_tracked", [], 400),
      ("fc1.weight", [64, 256], 27.086431086594075), ("fc1.bias", [64], 0.5318860992410919),
      ("fc2.weight", [10, 64], -4.46933032097877), ("fc2.bias", [10], 0.2861775050405413),
    ]
    let entries = try #require(archive.root.entries)
    #expect(entries.map(\.key.string) == expected.map(\.name))
    for (entry, expected) in zip(entries, expected) {
      let tensor = try #require(try archive.tensor(entry.value))
      #expect(tensor.shape == expected.shape)
      let sum = try archive.floats(of: tensor).reduce(0) { $0 + Double($1) }
      #expect(abs(sum - expected.sum) < 1e-9)
    }
  }

  @Test func `a legacy module carries the source of its class`() throws {
    let archive = try PyTorchArchive(bytes: try Self.bytes("torch140_net_module.pt"))
    #expect(archive.serialization == .legacy)
    #expect(archive.root.className == "__main__.Net")
    #expect(archive.sources["__main__.Net"]?.contains("def forward(s,x):") == true)
  }

  @Test func `a TorchScript program carries its code and constants`() throws {
    let archive = try PyTorchArchive(bytes: try Self.bytes("torchnew_seq_torchscript.pt"))
    #expect(archive.serialization == .torchScript)
    #expect(archive.scripts.keys.contains("__torch__/torch/nn/modules/conv.py"))
    #expect(archive.constants?.elements?.isEmpty == true)
  }

  @Test func `views of one storage read their own part`() throws {
    let archive = try PyTorchArchive(bytes: LegacyBytes.sharedViews)
    #expect(archive.serialization == .legacy)
    let matrix = try #require(try archive.root["matrix"].flatMap { try archive.tensor($0) })
    #expect(try archive.floats(of: matrix) == [0, 1, 2, 3, 4, 5])
    let part = try #require(try archive.root["part"].flatMap { try archive.tensor($0) })
    #expect(try archive.floats(of: part) == [1, 4, 2, 5])
  }

  @Test(
    arguments: [
      ("DoubleStorage", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], 1.5),
      ("FloatStorage", [0, 0, 0xC0, 0x3F], 1.5), ("HalfStorage", [0, 0x3E], 1.5),
      ("HalfStorage", [1, 0], 0x1p-24), ("HalfStorage", [0xFF, 0xFB], -65504),
      ("BFloat16Storage", [0xC0, 0x3F], 1.5),
      ("LongStorage", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], -1),
      ("IntStorage", [0xFE, 0xFF, 0xFF, 0xFF], -2), ("ShortStorage", [0xFD, 0xFF], -3),
      ("CharStorage", [0x80], -128), ("ByteStorage", [0x80], 128), ("BoolStorage", [1], 1),
    ] as [(String, [UInt8], Float)]
  )
  func `every type of number is read`(type: String, bytes: [UInt8], value: Float) throws {
    var object = PickleBytes()
    object.tensor(type, key: "0", count: 1, offset: 0, shape: [], strides: [])
    object.stop()
    let file = LegacyBytes.file(object, storages: [("0", 1, bytes)])
    let archive = try PyTorchArchive(bytes: file)
    let tensor = try #require(try archive.tensor(archive.root))
    #expect(try archive.floats(of: tensor) == [value])
  }

  @Test(
    arguments: [
      ([4], [1], 0, "shape [4], strides [1], offset 0 reach outside its 3 numbers"),
      ([2], [1], 2, "shape [2], strides [1], offset 2 reach outside its 3 numbers"),
      ([9, 9], [0, 0], 0, "shape [9, 9], strides [0, 0], offset 0 reach outside its 3 numbers"),
      ([2], [-1], 1, "shape [2], strides [-1], offset 1 make no sense"),
      ([2, 2], [1], 0, "shape [2, 2], strides [1], offset 0 make no sense"),
      ([1], [1], -1, "shape [1], strides [1], offset -1 make no sense"),
    ] as [([Int32], [Int32], Int32, String)]
  )
  func `a view that leaves its storage is refused`(
    shape: [Int32],
    strides: [Int32],
    offset: Int32,
    problem: String
  ) throws {
    var object = PickleBytes()
    object.tensor(
      "FloatStorage",
      key: "0",
      count: 3,
      offset: offset,
      shape: shape,
      strides: strides
    )
    object.stop()
    let file = LegacyBytes.file(object, storages: [("0", 3, LegacyBytes.floats([1, 2, 3]))])
    let archive = try PyTorchArchive(bytes: file)
    let error = #expect(throws: PyTorchError.self) { try archive.tensor(archive.root) }
    #expect(error?.description == "tensor in storage \"0\": " + problem)
  }

  @Test func `a storage larger than the file is refused before memory is taken`() throws {
    var object = PickleBytes()
    object.tensor(
      "FloatStorage",
      key: "0",
      count: 1 << 30,
      offset: 0,
      shape: [1 << 30],
      strides: [1]
    )
    object.stop()
    let file = LegacyBytes.file(object, storages: [("0", 1 << 30, [0, 0, 0, 0])])
    let error = #expect(throws: PyTorchError.self) { try PyTorchArchive(bytes: file) }
    #expect(
      error?.description
        == "storage \"0\": has 1073741824 numbers, but the file ends after 4 bytes"
    )
  }

  @Test func `a legacy file cut anywhere is refused`() {
    let file = LegacyBytes.sharedViews
    for count in file.indices {
      #expect(throws: PyTorchError.self, "cut at \(count)") {
        try PyTorchArchive(bytes: Array(file[..<count]))
      }
    }
  }

  @Test func `a legacy file with a flipped byte is refused or read`() {
    let file = LegacyBytes.sharedViews
    var outcomes: Set<Int> = []
    for index in file.indices {
      for mask: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
        var damaged = file
        damaged[index] ^= mask
        outcomes.insert((try? Self.readAll(try PyTorchArchive(bytes: damaged))) ?? -1)
      }
    }
    #expect(outcomes.contains(-1))
    #expect(outcomes.contains(10))
  }

  static let files = [
    "torch140_net_statedict_zip.pth", "torch140_net_module.pt", "torchnew_seq_module.pt",
    "torchnew_seq_torchscript.pt",
  ]

  @Test(arguments: files)
  func `a fixture cut at many places is refused`(_ name: String) throws {
    let file = try Self.bytes(name)
    let places = Array(0..<64) + stride(from: 64, to: file.count, by: 1999) + [file.count - 1]
    for count in places {
      #expect(throws: PyTorchError.self, "cut at \(count)") {
        try PyTorchArchive(bytes: Array(file[..<count]))
      }
    }
  }

  @Test(arguments: files)
  func `a fixture with flipped bytes is refused or read`(_ name: String) throws {
    let file = try Self.bytes(name)
    var refused = 0
    var read = 0
    // All of the pickles at the start and the directory at the end, and samples between.
    let places =
      Array(stride(from: 0, to: 2000, by: 7)) + stride(from: 2000, to: file.count, by: 601)
      + stride(from: file.count - 2000, to: file.count, by: 7)
    for index in places {
      var damaged = file
      damaged[index] ^= 0xFF
      do {
        _ = try Self.readAll(try PyTorchArchive(bytes: damaged))
        read += 1
      } catch {
        refused += 1
      }
    }
    #expect(refused > 0)
    #expect(refused + read == places.count)
  }

  @Test(
    arguments: [
      ([0x1F, 0x8B, 8, 0], "gzip archive: unpack it first (tar -xzf, gunzip)"),
      (
        Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 60),
        "zip archive: no directory at its end; is the file complete?"
      ),
    ] as [([UInt8], String)]
  )
  func `another archive is refused with a hint`(bytes: [UInt8], message: String) {
    let error = #expect(throws: PyTorchError.self) { try PyTorchArchive(bytes: bytes) }
    #expect(error?.description == message)
  }
}
