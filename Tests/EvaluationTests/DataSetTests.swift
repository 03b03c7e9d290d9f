import Foundation
import ImageCodecs
import ModelFormat
import ScratchFolders
import Synchronization
import Testing

@testable import Evaluation

@Suite struct DataSetTests {
  private static let red: [UInt8] = [200, 10, 20]
  private static let blue: [UInt8] = [10, 20, 200]
  private static let contract: InputContract = {
    var contract = InputContract()
    (contract.height, contract.width) = (4, 4)
    return contract
  }()

  private static func message(_ body: () throws -> Void) -> String? {
    do { try body() } catch let error as DataSetError { return error.message } catch {}
    return nil
  }

  @Test func `subfolders are classes, and other files are not looked at`() throws {
    let folder = try ScratchFolder()
    try folder.picture(Self.blue, "blue/b/1.ppm")
    try folder.picture(Self.red, "red/2.ppm")
    try folder.picture(Self.red, "3.PPM")
    try folder.write([1, 2, 3], "red/notes.txt")
    let set = try DataSets.open(folder.path)
    #expect(set.items.map(\.imageClass) == [nil, .name("blue"), .name("red")])
    #expect(try set.pixels(1, Self.contract) == (0..<16).flatMap { _ in Self.blue })
  }

  @Test func `a table names files and classes, with a heading or without`() throws {
    let folder = try ScratchFolder()
    try folder.picture(Self.red, "a b.ppm")
    let lines = "a b.ppm\tred\tmore\n"
    for text in [lines, "file\tclass\n" + lines] {
      let set = try DataSets.open(try folder.write(Array(text.utf8), "labels.tsv"))
      #expect(set.items.map(\.imageClass) == [.name("red")])
      #expect(try set.pixels(0, Self.contract).prefix(3) == ArraySlice(Self.red))
    }
  }

  @Test func `CIFAR's planes become pixels`() throws {
    let folder = try ScratchFolder()
    var bytes: [UInt8] = [7]
    for value: UInt8 in [50, 100, 150] { bytes += [UInt8](repeating: value, count: 1024) }
    let set = try DataSets.open(try folder.write(bytes + bytes, "test.bin"))
    #expect(set.items.map(\.imageClass) == [.index(7), .index(7)])
    #expect(
      try set.pixels(1, Self.contract) == (0..<16).flatMap { _ in [50, 100, 150] as [UInt8] }
    )
  }

  @Test func `the classes of idx images are in the file that is most alike in name`() throws {
    let folder = try ScratchFolder()
    let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4]
    let path = try folder.write(
      images + [UInt8](repeating: 9, count: 16) + [UInt8](repeating: 90, count: 16),
      "t10k-images-idx3-ubyte"
    )
    try folder.write([0, 0, 8, 1, 0, 0, 0, 1, 5], "train-labels-idx1-ubyte")
    try folder.write([0, 0, 8, 1, 0, 0, 0, 2, 3, 4], "t10k-labels-idx1-ubyte")
    let set = try DataSets.open(path)
    #expect(set.items.map(\.imageClass) == [.index(3), .index(4)])
    var gray = Self.contract
    gray.channels = 1
    #expect(try set.pixels(1, gray) == [UInt8](repeating: 90, count: 16))
    #expect(try set.pixels(0, Self.contract) == [UInt8](repeating: 9, count: 48))
  }

  @Test func `gzip makes no difference, and its early end is told`() throws {
    let folder = try ScratchFolder()
    let plain = try folder.write(
      [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 4] + [UInt8](0..<16),
      "x"
    )
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-k", plain]
    try process.run()
    process.waitUntilExit()
    let packed = try Data(contentsOf: URL(fileURLWithPath: plain + ".gz"))
    #expect(try DataFile.read(plain + ".gz") == DataFile.read(plain))
    let cut = try folder.write([UInt8](packed.dropLast(5)), "cut.gz")
    #expect(Self.message { _ = try DataSets.open(cut) } == "\(cut): gzip data ends early")
  }

  @Test func `what is no data set is refused by name`() throws {
    let folder = try ScratchFolder()
    func refuses(_ bytes: [UInt8], _ problem: String) throws {
      let path = try folder.write(bytes, "file")
      #expect(Self.message { _ = try DataSets.open(path) } == "\(path): \(problem)")
    }
    let none =
      "not a data set, expected a folder of images, a table of files and classes (TSV), "
      + "MNIST's idx or CIFAR's binary records"
    try refuses([], none)
    try refuses([1, 2, 3, 255], none)
    try refuses([0, 0, 8, 3, 0, 0, 0, 2], "8 bytes, expected a header of 16")
    try refuses(
      [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5],
      "1 elements, expected 2 of [2, 1, 1]"
    )
    try refuses(
      [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12),
      "sizes overflow"
    )
    try refuses(
      [0, 0, 8, 1, 0, 0, 0, 1, 5],
      "sizes [1], expected images: [count, height, width] or [count, height, width, 3]"
    )
    try refuses(Array("a\tb\nc\n".utf8), "line 2: no tab, expected file, tab, class")
    let missing = folder.path + "/nowhere"
    #expect(Self.message { _ = try DataSets.open(missing) } == "\(missing): no such file or folder")
    let empty = try ScratchFolder()
    #expect(
      Self.message { _ = try DataSets.open(empty.path) }
        == "\(empty.path): no readable images, found 0, expected JPEG or PNG"
    )
  }

  @Test func `a set is the same wherever it lies, and another with another class or name`() throws {
    func fingerprint(_ files: [String]) throws -> UInt64 {
      let folder = try ScratchFolder()
      for file in files { try folder.picture(Self.red, file) }
      // A slash at its end is no other folder.
      let set = try DataSets.open(folder.path + (files.count > 1 ? "/" : ""))
      #expect(set.fingerprint == (try DataSets.open(folder.path)).fingerprint)
      return set.fingerprint
    }
    let first = try fingerprint(["a/1.ppm", "b/2.ppm"])
    #expect(try first == fingerprint(["a/1.ppm", "b/2.ppm"]))
    #expect(try first != fingerprint(["a/1.ppm", "a/2.ppm"]))
    #expect(try first != fingerprint(["a/1.ppm", "b/3.ppm"]))
    #expect(try first != fingerprint(["a/1.ppm"]))
  }

  @Test func `unreadable images are told and left out`() throws {
    let folder = try ScratchFolder()
    try folder.picture(Self.red, "red/1.ppm")
    let bad = try folder.write([1, 2, 3], "red/2.jpg")
    var told: [String] = []
    let set = try DataSets.open(folder.path).readable(Self.contract) { told.append($0.message) }
    #expect(set.items.count == 1)
    #expect(
      told == [
        "\(bad): not an image: starts with 01 02 03, expected JPEG, PNG, PGM (P5) or PPM (P6)"
      ]
    )
  }

  @Test(arguments: [(1, 1 << 20, 20), (3, 1 << 20, 20), (2, 2 * 48, 29), (1, 0, 30)])
  func `images are decoded once, as far as their pixels may be kept`(
    threads: Int,
    bytes: Int,
    decodes: Int
  ) throws {
    let decoded = Mutex(0)
    let items = (0..<20).map { ImageSet.Item(name: "\($0)") }
    let set = ImageSet(path: "set", base: "", items: items) { position throws(DataSetError) in
      decoded.withLock { $0 += 1 }
      guard position % 2 == 0 else { throw .file(path: "\(position)", problem: "bad") }
      return Image(height: 4, width: 4, rgb: [UInt8](repeating: UInt8(position), count: 48))
    }
    var told: [String] = []
    let good = try set.readable(Self.contract, threads: threads, keeping: bytes) {
      told.append($0.message)
    }
    #expect(told == stride(from: 1, to: 20, by: 2).map { "\($0): bad" })
    for index in good.items.indices {
      #expect(try good.pixels(index, Self.contract)[0] == UInt8(2 * index))
    }
    #expect(decoded.withLock { $0 } == decodes)
    // Another contract takes other pixels, a part of the set the same.
    var other = Self.contract
    other.height = 2
    #expect(try good.pixels(3, other).count == good.pixels(3, Self.contract).count / 2)
    #expect(try good.shard(1, of: 2).pixels(0, Self.contract)[0] == 2)
    #expect(good.spread(5).items.map(\.name) == ["0", "4", "8", "12", "16"])
  }

  @Test func `classes that a model cannot have are odd`() {
    func set(_ classes: [ImageSet.Class?]) -> ImageSet {
      ImageSet(path: "set", base: "", items: classes.map { .init(name: "x", imageClass: $0) }) {
        _ throws(DataSetError) in throw .file(path: "x", problem: "none")
      }
    }
    #expect(set([.index(9), nil]).classesBeyond(10) == nil)
    #expect(set([.name("a"), .name("b")]).classesBeyond(2) == nil)
    #expect(
      set([.index(10)]).classesBeyond(10)
        == "set: classes up to 10, but the model has 10 outputs; are these its images?"
    )
    #expect(
      set([.name("a"), .name("b"), .name("c")]).classesBeyond(2)
        == "set: 3 classes, but the model has 2 outputs; are these its images?"
    )
  }

  @Test func `classes are names of the model, numbers, or folders in order`() throws {
    func set(_ classes: [ImageSet.Class?]) -> ImageSet {
      ImageSet(path: "set", base: "", items: classes.map { .init(name: "x", imageClass: $0) }) {
        _ throws(DataSetError) in throw .file(path: "x", problem: "none")
      }
    }
    let names = ClassNames(["Stop sign", "go", "7"], count: 3)
    var told: [String] = []
    func outputs(_ classes: [ImageSet.Class?], offset: Int = 0) throws -> [Int?] {
      try names.outputs(of: set(classes), offset: offset) { told.append($0) }
    }
    #expect(
      try outputs([.name("stop_sign"), .name("7"), .name("1"), .index(2), nil]) == [
        0, 2, 1, 2, nil,
      ]
    )
    #expect(try outputs([.index(0), .name("1")], offset: 1) == [1, 2])
    #expect(told == [])
    #expect(try outputs([.name("b"), .name("a"), .name("c"), .name("a")]) == [1, 0, 2, 0])
    #expect(told == ["classes of set are taken in order of their names: a is output 0"])
    #expect(
      Self.message { _ = try outputs([.name("go"), .name("left"), .index(9)]) }
        == "set: 2 classes that the model does not name: 9, left; expected its labels or 0…2; give their order with --labels FILE"
    )
  }
}
