import Containers
import Testing

/// The tar format that PyTorch wrote before 0.1.10.
struct PyTorchTarTests {
  static func member(_ name: String, _ content: [UInt8]) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    header.replaceSubrange(0..<name.utf8.count, with: name.utf8)
    let size = String(content.count, radix: 8)
    let octal = Array((String(repeating: "0", count: 11 - size.count) + size).utf8)
    header.replaceSubrange(124..<135, with: octal)
    header[156] = UInt8(ascii: "0")
    header.replaceSubrange(257..<262, with: "ustar".utf8)
    let padding = [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    return header + content + padding
  }

  static func number(_ value: Int) -> [UInt8] { (0..<8).map { UInt8(value >> (8 * $0) & 0xFF) } }

  static func pickled(_ write: (inout PickleBytes) -> Void) -> [UInt8] {
    var pickle = PickleBytes()
    write(&pickle)
    pickle.stop()
    return pickle.bytes
  }

  /// `{"w": tensor}` with a 2 × 2 matrix that skips the first number of a storage of five.
  static var file: [UInt8] {
    let storages =
      pickled { $0.int(1) }
      + pickled {
        $0.op("(")
        $0.int(11)
        $0.text("cpu")
        $0.global("torch", "FloatStorage")
        $0.op("t")
      }
      + number(5) + LegacyBytes.floats([9, 1, 2, 3, 4])
      + pickled { $0.op("]") }
    let tensors =
      pickled { $0.int(1) }
      + pickled {
        $0.op("(")
        $0.int(22)
        $0.int(11)
        $0.global("torch", "FloatTensor")
        $0.op("t")
      }
      + [2, 2, 2, 2, 1, 1].flatMap(number)
    let object = pickled {
      $0.op("}")
      $0.text("w")
      $0.text("22")
      $0.op("Q")
      $0.op("s")
    }
    return member("sys_info", pickled { $0.op("}") }) + member("pickle", object)
      + member("tensors", tensors) + member("storages", storages)
      + [UInt8](repeating: 0, count: 1024)
  }

  @Test func `the tar format gives its tensors`() throws {
    let archive = try PyTorchArchive(bytes: Self.file)
    #expect(archive.serialization == .tar)
    let tensor = try #require(try archive.root["w"].flatMap { try archive.tensor($0) })
    #expect(tensor.shape == [2, 2])
    #expect(try archive.floats(of: tensor) == [1, 2, 3, 4])
  }

  @Test func `a tar file with a flipped byte is refused or read`() {
    let file = Self.file
    var outcomes: Set<Int> = []
    for index in file.indices.dropLast(1024) {
      var damaged = file
      damaged[index] ^= 0xFF
      outcomes.insert(
        (try? PyTorchArchiveTests.readAll(try PyTorchArchive(bytes: damaged))) ?? -1
      )
    }
    #expect(outcomes.contains(-1))
    #expect(outcomes.contains(4))
  }

  @Test func `a tar file of something else is refused with a hint`() {
    let error = #expect(throws: PyTorchError.self) {
      try PyTorchArchive(bytes: Self.member("model.pt", [1, 2, 3]))
    }
    #expect(
      error?.description
        == "tar archive with model.pt: unpack it first (tar -xf) and give the model file inside"
    )
  }
}
