import ModelFormat
import Testing

@Suite struct ModelFileTests {
  @Test func `what was written is read back`() throws {
    let model = smallModel()
    let file = try ModelFile(copying: model.encode())
    #expect(file.arenaSize == model.arenaSize)
    #expect(file.inputTensor == 0 && file.outputTensor == 6)
    #expect(file.tensors.map(file.name(of:)) == model.tensors.map(\.name))
    #expect(file.operators.map(file.name(of:)) == model.operators.map(\.name))
    for (found, expected) in zip(file.tensors, model.tensors) {
      var record = found
      record.name = 0
      #expect(record == expected.record)
    }
    for (found, expected) in zip(file.operators, model.operators) {
      var (record, other) = (found, expected.record)
      #expect(record.noiseRatio.isNaN)
      (record.name, record.noiseRatio, other.noiseRatio) = (0, 0, 0)
      #expect(record == other)
    }
    #expect(file.input == model.input)
    #expect((0..<file.labelCount).map(file.label) == model.labels)
    #expect(file.metadata("source") == "test")
    #expect(file.metadata("absent") == nil)
    #expect(file.metadata(at: 0).key == "converter")
    #expect(file.report == "{}")
    #expect(Array(file.weights) == model.weights)
    #expect(Array(file.constants) == model.constants)
    #expect(file.goldenCount == 2)
    #expect(file.golden(0).seed == 7)
    #expect(file.golden(0).hash(4) == 5)
    #expect(file.golden(0).input.isEmpty)
    #expect(file.golden(1).seed == nil)
    #expect(Array(file.golden(1).input) == [UInt8](0..<27))
    #expect(Array(file.golden(1).output) == [UInt8](repeating: 2, count: 8))
  }

  @Test func `the same contents give the same bytes`() {
    #expect(smallModel().encode() == smallModel().encode())
  }

  @Test func `a file without labels, report and golden vectors is valid`() throws {
    var model = smallModel()
    (model.labels, model.report, model.goldens) = ([], "", [])
    let file = try ModelFile(copying: model.encode())
    #expect(file.labelCount == 0 && file.report.isEmpty && file.goldenCount == 0)
  }

  @Test func `a truncated file is refused at every length`() {
    let bytes = smallModel().encode()
    for count in 0..<bytes.count {
      #expect(refusal(Array(bytes[..<count])) != nil, "cut at \(count)")
    }
  }

  @Test func `a changed byte is found wherever it is`() {
    let bytes = smallModel().encode()
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x5A
      #expect(refusal(damaged) != nil, "byte \(index)")
    }
  }

  @Test(arguments: [0xFF, 0x01, 0x80] as [UInt8], [false, true])
  func `a changed byte under a right checksum never traps`(_ mask: UInt8, _ isWide: Bool) {
    let bytes = (isWide ? wideModel() : smallModel()).encode()
    var refused = 0
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= mask
      if refusal(resealed(damaged)) != nil { refused += 1 }
    }
    // Names, labels, seeds, hashes, weights with their sums and the like may be anything.
    #expect(refused > bytes.count / 4)
  }

  @Test func `other files are refused with a reason`() {
    #expect(
      refusal([]) == "header: size 0, expected at least 64 bytes; is the file cut off?"
    )
    #expect(
      refusal([UInt8](repeating: 0x41, count: 100))
        == "header: magic 0x4141414141414141, expected ECNN; is this a model.bin?"
    )
    let whole = smallModel().encode()
    #expect(
      refusal(Array(whole.dropLast()))
        == "header: file size \(whole.count), expected \(whole.count - 1), the bytes there are; is the file cut off?"
    )
  }

  @Test func `a file of another version or machine is refused by name`() {
    var bytes = smallModel().encode()
    bytes[12] = 3
    #expect(refusal(bytes) == "header: version 3, expected 2; the file is newer than this build")
    bytes[12] = 0
    #expect(refusal(bytes) == "header: version 0, expected 1; convert the model again")
    bytes[8..<12].reverse()
    #expect(
      refusal(bytes)
        == "header: byte order 0x4030201, expected 0x1020304; the file is for another kind of machine"
    )
    bytes[8] = 5
    #expect(refusal(bytes) == "header: byte order 0x4030205, expected 0x1020304")
  }

  @Test func `a file with u8.8 tensors is of another version than one without`() {
    var wide = wideModel().encode()
    #expect(refusal(wide) == nil)
    #expect(refusal(wideLookup().encode()) == nil)
    #expect(wide[12] == 2)
    wide[12] = 1
    #expect(refusal(resealed(wide)) == "tensor 4: element type 2, expected 0 to 1")
    var narrow = smallModel().encode()
    #expect(narrow[12] == 1)
    narrow[12] = 2
    #expect(
      refusal(resealed(narrow)) == "header: version 2 without a u8.8 tensor, expected version 1"
    )
  }

  @Test func `an operator that this build lacks is refused by name`() throws {
    var bytes = smallModel().encode()
    let operators = try ModelFile(copying: bytes).section(.operators)
    let start = try #require(bytes.firstRange(of: operators)).lowerBound
    bytes[start + 160] = 99
    #expect(
      refusal(resealed(bytes))
        == "operator 1: \"conv_right\", kind 99, expected 1 to 15; is the file newer than this build?"
    )
  }

  @Test func `a newer minor version is read`() {
    var bytes = smallModel().encode()
    bytes[14] = 9
    #expect(refusal(resealed(bytes)) == nil)
  }
}
