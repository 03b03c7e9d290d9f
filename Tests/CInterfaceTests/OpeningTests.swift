import CEdgeCNN
import Foundation
import ModelFormat
import ModelSamples
import Testing

@testable import Runtime

@Suite struct OpeningTests {
  @Test func `a file and its bytes give the same network`() throws {
    let bytes = try ColorModel.bytes()
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("edgecnn-\(UUID().uuidString).bin")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var network: OpaquePointer?
    var error = edgecnn_error()
    #expect(edgecnn_open(file.path, nil, &network, &error) == EDGECNN_OK)
    #expect(error.string == "")
    let opened = OpenedModel(try #require(network))
    let copied = try OpenedModel(bytes: bytes)
    let (first, second) = (try opened.best(of: [1, 9, 4]), try copied.best(of: [1, 9, 4]))
    #expect(first.index == 1 && first.index == second.index && first.value == second.value)
    #expect(edgecnn_selftest(opened.network) == EDGECNN_OK)
  }

  @Test func `memory may be used in place`() throws {
    let bytes = try ColorModel.bytes()
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: bytes.count + 64,
      alignment: 64
    )
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    var options = edgecnn_options.usual
    options.flags = UInt32(EDGECNN_BORROW)
    var network: OpaquePointer?
    #expect(
      edgecnn_open_memory(memory.baseAddress, bytes.count, &options, &network, nil) == EDGECNN_OK
    )
    let opened = OpenedModel(try #require(network))
    let label = try #require(edgecnn_label(opened.network, 0))
    let start = try #require(memory.baseAddress)
    #expect(UnsafeRawPointer(label) > start && UnsafeRawPointer(label) < start + bytes.count)

    memory[1...].copyBytes(from: bytes)
    var error = edgecnn_error()
    let unaligned = edgecnn_open_memory(start + 1, bytes.count, &options, &network, &error)
    #expect(unaligned == EDGECNN_ARGUMENT && network == nil)
    #expect(
      error.string == "bytes: expected at a multiple of 64, as EDGECNN_BORROW uses them in place"
    )
  }

  @Test func `kernel sets and threads give the same scores`() throws {
    var index = 0
    var names: [String] = []
    var values: [Float] = []
    var runsHere: Int32 = 7
    while let name = edgecnn_kernel_set(index, &runsHere) {
      index += 1
      names.append(String(cString: name))
      guard runsHere == 1 else { continue }
      for threads: Int32 in [1, 3] {
        var options = edgecnn_options.usual
        (options.kernels, options.threads) = (name, threads)
        let opened = try OpenedModel(options)
        var model = edgecnn_model()
        #expect(edgecnn_describe(opened.network, &model) == EDGECNN_OK)
        #expect(String(cString: model.kernels) == names.last && model.threads == threads)
        values.append(try opened.best(of: [40, 50, 45]).value)
      }
    }
    #expect(names == KernelSet.builtNames)
    #expect(edgecnn_kernel_set(index, nil) == nil && edgecnn_kernel_set(-1, nil) == nil)
    #expect(Set(values).count == 1)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var testDescription: String { text }
    var status: edgecnn_status
    var text: String
    var change: @Sendable (inout edgecnn_options) -> Void

    init(
      _ status: edgecnn_status,
      _ text: String,
      _ change: @escaping @Sendable (inout edgecnn_options) -> Void
    ) {
      (self.status, self.text, self.change) = (status, text, change)
    }
  }

  static let refusals: [Refusal] = [
    Refusal(
      EDGECNN_ARGUMENT,
      "options: of another size than the library's, expected EDGECNN_OPTIONS"
    ) { $0.size = 8 },
    Refusal(EDGECNN_ARGUMENT, "options: unknown flags, expected EDGECNN_BORROW or 0") {
      $0.flags = 2
    },
    Refusal(EDGECNN_ARGUMENT, "threads: 0, expected 1 to 64") { $0.threads = 0 },
    Refusal(EDGECNN_ARGUMENT, "threads: -2147483648, expected 1 to 64") { $0.threads = .min },
    Refusal(
      EDGECNN_ARGUMENT,
      "options: unknown image format, expected an edgecnn_pixel_format"
    ) { ($0.image_width, $0.image_format) = (8, edgecnn_pixel_format(rawValue: 99)) },
    Refusal(EDGECNN_IMAGE, "image of 8 x 0 pixels, expected 1...65536 a side") {
      $0.image_width = 8
    },
  ]

  @Test(arguments: refusals)
  func `options out of range are refused`(_ refusal: Refusal) throws {
    var options = edgecnn_options.usual
    refusal.change(&options)
    let (status, network, text) = OpenedModel.open(try ColorModel.bytes(), options)
    #expect(status == refusal.status && text == refusal.text && network == nil)
  }

  @Test func `an unknown kernel set is named, and cut off at the end of a character`() throws {
    let bytes = try ColorModel.bytes()
    func text(_ name: String) -> String {
      name.withCString { name in
        var options = edgecnn_options.usual
        options.kernels = name
        let (status, network, text) = OpenedModel.open(bytes, options)
        #expect(status == EDGECNN_KERNELS && network == nil)
        return text
      }
    }
    let names = KernelSet.available.map(\.name).joined(separator: ", ")
    #expect(text("mmx") == "kernel set \"mmx\": not in this build, expected one of \(names)")
    let long = text(String(repeating: "ß", count: 300))
    #expect(long == "kernel set \"" + String(repeating: "ß", count: 121))
  }

  @Test func `what is no model is refused with its place`() throws {
    var bytes = try ColorModel.bytes()
    for length in [0, 1, 63, 64, bytes.count / 2, bytes.count - 1] {
      let (status, network, text) = OpenedModel.open(Array(bytes[..<length]))
      #expect(status == EDGECNN_MODEL && network == nil)
      #expect(text.hasPrefix("memory: header: "), "\(text)")
    }
    bytes[12] = 9
    #expect(
      OpenedModel.open(bytes).2
        == "memory: header: version 9, expected 2; the file is newer than this build"
    )
  }

  @Test func `files that cannot be read are refused`() {
    var network: OpaquePointer?
    var error = edgecnn_error()
    #expect(edgecnn_open("/nowhere", nil, &network, &error) == EDGECNN_FILE)
    #expect(error.string == "/nowhere: cannot be read, No such file or directory")
    #expect(edgecnn_open("/tmp", nil, &network, &error) == EDGECNN_FILE)
    #expect(error.string == "/tmp: cannot be read, Is a directory")
    #expect(edgecnn_open("/dev/null", nil, &network, nil) == EDGECNN_FILE)
  }

  @Test func `null pointers are refused`() throws {
    var network = OpaquePointer(bitPattern: 1)
    var error = edgecnn_error()
    let bytes = try ColorModel.bytes()
    #expect(edgecnn_open(nil, nil, &network, &error) == EDGECNN_ARGUMENT)
    #expect(error.string == "path: NULL, expected that of a file" && network == nil)
    #expect(edgecnn_open("/nowhere", nil, nil, &error) == EDGECNN_ARGUMENT)
    #expect(error.string == "network: NULL, expected where to put the network")
    #expect(edgecnn_open_memory(nil, 10, nil, &network, &error) == EDGECNN_ARGUMENT)
    #expect(error.string == "bytes: NULL, expected a model")
    #expect(edgecnn_open_memory(bytes, -1, nil, &network, &error) == EDGECNN_ARGUMENT)
    #expect(error.string == "size: more than memory can have")
    #expect(edgecnn_open(nil, nil, nil, nil) == EDGECNN_ARGUMENT)
    edgecnn_close(nil)
  }
}
