import Containers
import Testing

struct PickleReaderTests {
  /// What Python's `pickle.dumps` writes for `{'a': [1, -2, 2.5, True, None], 'b': (b'\x00\xff', 'é'), 'n': 300}`.
  static let protocols: [[UInt8]] = [
    Array(
      "(dp0\nVa\np1\n(lp2\nI1\naI-2\naF2.5\naI01\naNasVb\np3\n(c_codecs\nencode\np4\n(V\\u0000".utf8
    ) + [0xFF] + Array("\np5\nVlatin1\np6\ntp7\nRp8\nV".utf8) + [0xE9]
      + Array("\np9\ntp10\nsVn\np11\nI300\ns.".utf8),
    [
      125, 113, 0, 40, 88, 1, 0, 0, 0, 97, 113, 1, 93, 113, 2, 40, 75, 1, 74, 254, 255, 255, 255,
      71, 64, 4, 0, 0, 0, 0, 0, 0, 73, 48, 49, 10, 78, 101, 88, 1, 0, 0, 0, 98, 113, 3, 40, 99, 95,
      99, 111, 100, 101, 99, 115, 10, 101, 110, 99, 111, 100, 101, 10, 113, 4, 40, 88, 3, 0, 0, 0,
      0, 195, 191, 113, 5, 88, 6, 0, 0, 0, 108, 97, 116, 105, 110, 49, 113, 6, 116, 113, 7, 82, 113,
      8, 88, 2, 0, 0, 0, 195, 169, 113, 9, 116, 113, 10, 88, 1, 0, 0, 0, 110, 113, 11, 77, 44, 1,
      117, 46,
    ],
    [
      128, 2, 125, 113, 0, 40, 88, 1, 0, 0, 0, 97, 113, 1, 93, 113, 2, 40, 75, 1, 74, 254, 255, 255,
      255, 71, 64, 4, 0, 0, 0, 0, 0, 0, 136, 78, 101, 88, 1, 0, 0, 0, 98, 113, 3, 99, 95, 99, 111,
      100, 101, 99, 115, 10, 101, 110, 99, 111, 100, 101, 10, 113, 4, 88, 3, 0, 0, 0, 0, 195, 191,
      113, 5, 88, 6, 0, 0, 0, 108, 97, 116, 105, 110, 49, 113, 6, 134, 113, 7, 82, 113, 8, 88, 2, 0,
      0, 0, 195, 169, 113, 9, 134, 113, 10, 88, 1, 0, 0, 0, 110, 113, 11, 77, 44, 1, 117, 46,
    ],
    [
      128, 3, 125, 113, 0, 40, 88, 1, 0, 0, 0, 97, 113, 1, 93, 113, 2, 40, 75, 1, 74, 254, 255, 255,
      255, 71, 64, 4, 0, 0, 0, 0, 0, 0, 136, 78, 101, 88, 1, 0, 0, 0, 98, 113, 3, 67, 2, 0, 255,
      113, 4, 88, 2, 0, 0, 0, 195, 169, 113, 5, 134, 113, 6, 88, 1, 0, 0, 0, 110, 113, 7, 77, 44, 1,
      117, 46,
    ],
    [
      128, 5, 149, 54, 0, 0, 0, 0, 0, 0, 0, 125, 148, 40, 140, 1, 97, 148, 93, 148, 40, 75, 1, 74,
      254, 255, 255, 255, 71, 64, 4, 0, 0, 0, 0, 0, 0, 136, 78, 101, 140, 1, 98, 148, 67, 2, 0, 255,
      148, 140, 2, 195, 169, 148, 134, 148, 140, 1, 110, 148, 77, 44, 1, 117, 46,
    ],
  ]

  @Test(arguments: protocols)
  func `every protocol gives the same value`(_ bytes: [UInt8]) throws {
    let root = try PickleReader.read(bytes).root
    #expect(root.entries?.map(\.key.string) == ["a", "b", "n"])
    let list = try #require(root["a"]?.elements)
    #expect(list.count == 5)
    #expect(list[0].int == 1)
    #expect(list[1].int == -2)
    #expect(list[2].double == 2.5)
    #expect(list[3].bool == true)
    #expect(list[4].isNone)
    let pair = try #require(root["b"]?.elements)
    #expect(pair[0].bytes == [0, 255])
    #expect(pair[1].string == "é")
    #expect(root["n"]?.int == 300)
  }

  @Test(
    arguments: [
      ("posix", "system"), ("os", "system"), ("nt", "system"), ("subprocess", "Popen"),
      ("builtins", "eval"), ("builtins", "exec"), ("builtins", "getattr"),
      ("__builtin__", "__import__"), ("builtins", "open"), ("sys", "modules"),
      ("shutil", "rmtree"), ("socket", "socket"), ("runpy", "run_path"),
      ("importlib", "import_module"), ("ctypes", "CDLL"), ("pickle", "loads"),
      ("os.path", "join"), ("torch", "os.system"), ("torch", "load"), ("torch.hub", "load"),
      ("numpy.testing._private.utils", "runstring"), ("operator", "attrgetter"),
      ("types", "FunctionType"), ("webbrowser", "open"), ("timeit", "timeit"),
    ]
  )
  func `a global that can run code is refused by name`(module: String, name: String) {
    var pickle = PickleBytes()
    pickle.global(module, name)
    pickle.text("id")
    pickle.bytes.append(0x85)
    pickle.op("R")
    pickle.stop()
    let error = #expect(throws: PickleError.self) { try PickleReader.read(pickle.bytes) }
    #expect(
      error?.description
        == "pickle byte 2: names \"\(module).\(name)\", which no model needs and which can run "
        + "code; refused, do not load this file in Python"
    )
  }

  @Test(
    arguments: [
      Array("cposix\nsystem\np0\n(Vid\np1\ntp2\nRp3\n.".utf8),
      [0x80, 4, 0x8C, 5] + Array("posix".utf8) + [0x8C, 6] + Array("system".utf8) + [0x93, 0x2E],
      Array("(iposix\nsystem\n.".utf8),
      Array("(cposix\nsystem\nVid\no.".utf8),
    ] as [[UInt8]]
  )
  func `no instruction loads a global that can run code`(_ bytes: [UInt8]) {
    let error = #expect(throws: PickleError.self) { try PickleReader.read(bytes) }
    guard case .refusedGlobal("posix", "system", _) = error else {
      Issue.record("\(error.map(\.description) ?? "no error")")
      return
    }
  }

  @Test func `an unknown class becomes a record that nobody calls`() throws {
    var pickle = PickleBytes()
    pickle.global("LeNet5", "LeNet")
    pickle.tuple([3])
    pickle.bytes.append(0x81)
    pickle.op("}")
    pickle.text("training")
    pickle.bytes.append(0x89)
    pickle.op("s")
    pickle.op("b")
    pickle.stop()
    let root = try PickleReader.read(pickle.bytes).root
    #expect(root.className == "LeNet5.LeNet")
    #expect(root.object?.arguments.elements?.first?.int == 3)
    #expect(root["training"]?.bool == false)
  }

  @Test func `a list that contains itself is read`() throws {
    var pickle = PickleBytes()
    pickle.bytes += Array("]q\0h\0a.".utf8)
    let root = try PickleReader.read(pickle.bytes).root
    #expect(root.elements?.first?.identity == root.identity)
  }

  @Test func `a hundred thousand nested tuples are read without recursion`() throws {
    var pickle = PickleBytes()
    pickle.op(")")
    pickle.bytes += [UInt8](repeating: 0x85, count: 100_000)
    pickle.stop()
    #expect(try PickleReader.read(pickle.bytes).root.elements?.count == 1)
  }

  @Test func `a pickle that copies a list again and again is refused`() throws {
    var pickle = PickleBytes()
    pickle.op("]")
    pickle.bytes += Array("q\0(".utf8) + [UInt8](repeating: UInt8(ascii: "N"), count: 1000)
    pickle.op("e")
    pickle.bytes += Array("c__builtin__\nset\nq\u{1}".utf8)
    for _ in 0..<500 { pickle.bytes += Array("h\u{1}h\0".utf8) + [0x85, UInt8(ascii: "R")] }
    pickle.stop()
    let error = #expect(throws: PickleError.self) { try PickleReader.read(pickle.bytes) }
    #expect(error?.description.hasSuffix("copies more values than the file has bytes") == true)
  }

  @Test(
    arguments: [
      ([], "pickle byte 0: ends here, expected more; is the file complete?"),
      ([0x80], "pickle byte 1: ends here, expected more; is the file complete?"),
      ([0x80, 9], "pickle byte 0: protocol 9, expected 0 to 5"),
      ([0xFF], "pickle byte 0: instruction 0xff, expected one of protocols 0 to 5"),
      ([0x2E], "pickle byte 0: takes a value from an empty stack"),
      ([0x68, 5], "pickle byte 0: recalls value 5, which is not stored"),
      ([0x74], "pickle byte 0: closes a group that was not opened"),
      ([0x4E, 0x61], "pickle byte 1: reads the top of an empty stack"),
      (
        [0x82, 1],
        "pickle byte 0: instruction 0x82 needs a running Python; save the model again"
      ),
      (
        [0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        "pickle byte 9: ends here, expected more; is the file complete?"
      ),
    ] as [([UInt8], String)]
  )
  func `what is wrong is said with its byte`(bytes: [UInt8], message: String) {
    let error = #expect(throws: PickleError.self) { try PickleReader.read(bytes) }
    #expect(error?.description == message)
  }

  @Test(arguments: protocols)
  func `a pickle cut anywhere is refused`(_ bytes: [UInt8]) {
    for count in bytes.indices {
      #expect(throws: PickleError.self, "cut at \(count)") {
        try PickleReader.read(Array(bytes[..<count]))
      }
    }
  }

  @Test(arguments: protocols)
  func `a pickle with a flipped byte is refused or gives a value`(_ bytes: [UInt8]) {
    var kinds: Set<String> = []
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = bytes
        damaged[index] ^= mask
        do {
          kinds.insert(try PickleReader.read(damaged).root.kind)
        } catch {
          kinds.insert("error")
        }
      }
    }
    #expect(kinds.contains("error"))
    #expect(kinds.contains("dict"))
  }
}
