import Conformance
import ModelFormat
import Testing

@testable import Runtime

@Suite struct NetworkTests {
  /// A convolution and a pool over random weights.
  private func model(goldens: Bool = true) throws -> ModelContents {
    var builder = NetBuilder(seed: 77)
    var shape = RandomConvolution()
    (shape.inputs, shape.outputs) = (6, 20)
    (shape.kernel, shape.pad) = ((3, 3), (1, 1))
    (shape.input, shape.output) = ((7, 7), (7, 7))
    let features = shape.add(to: &builder).record.output
    var record = OperatorRecord(.averagePool)
    let pooled = builder.tensor(1, 1, 20)
    (record.input, record.output) = (features, pooled)
    (record.kernelHeight, record.kernelWidth) = (7, 7)
    record.multiplierA = 1
    builder.attach([UInt32(0)], to: &record)
    builder.add(record)
    var (model, _) = builder.finish(output: pooled)
    guard goldens else { return model }
    let network = try Network(ModelFile(copying: model.encode()), kernels: .portable)
    model.goldens = [
      network.recordGolden(.seed(3)),
      network.recordGolden(.stored([UInt8](repeating: 200, count: network.inputByteCount))),
    ]
    return model
  }

  @Test func `golden vectors hold on every kernel set and thread count`() throws {
    let file = try ModelFile(copying: model().encode())
    #expect(file.goldenCount == 2)
    for kernels in KernelSet.available {
      for threads in 1...3 {
        #expect(try SelfTest.run(file, kernels: kernels, threads: threads) == nil)
      }
    }
  }

  @Test func `a self-test names the first operator that differs`() throws {
    var model = try model()
    model.goldens[1].hashes[1] ^= 1
    let file = try ModelFile(copying: model.encode())
    let failure = try SelfTest.run(file, kernels: .portable, threads: 1)
    let hash = model.goldens[1].hashes[1]
    #expect(
      failure?.message
        == """
        kernels portable, 1 threads, golden vector 1: operator 1 (op0) has hash \
        \(String(hash ^ 1, radix: 16)), expected \(String(hash, radix: 16))
        """
    )
    #expect(failure?.operation == 1)
  }

  @Test func `a self-test compares the output too`() throws {
    var model = try model()
    model.goldens[0].output[3] ^= 1
    let file = try ModelFile(copying: model.encode())
    let failure = try SelfTest.run(file, kernels: .portable, threads: 2)
    #expect(failure?.operation == nil)
    #expect(failure?.golden == 0)
    #expect(failure?.message.contains("2 threads, golden vector 0: model output has hash") == true)
  }

  @Test func `a profile has a time for every operator`() throws {
    let file = try ModelFile(copying: model().encode())
    let network = try Network(file)
    var profile = Profile(operators: file.operators.count)
    network.run(profiling: &profile)
    network.run(profiling: &profile)
    #expect(profile.runs == 2)
    #expect(profile.nanoseconds.count == file.operators.count)
    #expect(profile.nanoseconds.allSatisfy { $0 > 0 })
  }

  @Test func `the input can be written in place`() throws {
    let file = try ModelFile(copying: model().encode())
    let network = try Network(file)
    let dense = SplitMix64.bytes(seed: 3, count: network.inputByteCount)
    for (index, byte) in dense.enumerated() { network.inputPixels[index] = byte }
    #expect(network.inputPixelStride == file.tensors[0].pixelStride)
    network.run()
    #expect(network.outputBytes == Array(file.golden(0).output))
  }

  @Test func `the largest outputs come first`() throws {
    var builder = NetBuilder(seed: 5)
    let values: [UInt8] = [5, 200, 3, 200, 0, 9, 255]
    let (tensor, _) = builder.operand(1, 1, 7, values: values, zeroPoint: 100)
    let (model, input) = builder.finish(output: tensor)
    let network = try Network(ModelFile(copying: model.encode()))
    network.setInput(input)
    network.run()
    let scale = builder.record(tensor).scale
    let top = network.top(4)
    #expect(top.map(\.index) == [6, 1, 3, 5])
    #expect(top.map(\.value) == [155, 100, 100, -91].map { $0 * scale })
    #expect(network.top(0).isEmpty)
    #expect(network.top(99).map(\.index) == [6, 1, 3, 5, 0, 2, 4])
    #expect(network.outputBytes == values)
  }

  @Test func `a kernel set that is not there is named with those that are`() {
    #expect(KernelSet.available.last?.name == "portable")
    #expect(KernelSet.builtNames.contains("portable"))
    do throws(RuntimeError) {
      _ = try KernelSet.named("quantum")
      Issue.record("a set of that name was found")
    } catch {
      let names = KernelSet.available.map(\.name).joined(separator: ", ")
      #expect(
        error.message == "kernel set \"quantum\": not in this build, expected one of \(names)"
      )
    }
  }

  @Test func `a kernel set that the CPU lacks is refused`() {
    let names = Runtime.KernelSet.available.map(\.name)
    for name in Runtime.KernelSet.builtNames where !names.contains(name) {
      do throws(RuntimeError) {
        _ = try Runtime.KernelSet.named(name)
        Issue.record("\(name) was found")
      } catch {
        #expect(
          error.message
            == "kernel set \"\(name)\": not on this CPU, expected one of "
            + names.joined(separator: ", ")
        )
      }
    }
  }

  @Test(arguments: [0, -1, 65])
  func `thread counts are checked`(_ count: Int) throws {
    let file = try ModelFile(copying: model(goldens: false).encode())
    do throws(RuntimeError) {
      _ = try Network(file, threads: count)
      Issue.record("\(count) threads were accepted")
    } catch {
      #expect(error.message == "threads: \(count), expected 1 to 64")
    }
  }

  @Test(
    arguments: [
      "/nowhere/model.bin": "/nowhere/model.bin: cannot be read, No such file or directory",
      "/": "/: cannot be read, Is a directory",
      "/dev/null": "/dev/null: cannot be read, Invalid argument",
    ]
  )
  func `files that are not there are refused`(_ path: String, _ message: String) {
    do throws(RuntimeError) {
      _ = try ModelFile.open(path)
      Issue.record("it was opened")
    } catch {
      #expect(error.message == message)
    }
  }

  @Test func `another file is refused`() {
    do throws(RuntimeError) {
      _ = try ModelFile.open(#filePath)
      Issue.record("a source file was opened")
    } catch {
      #expect(error.message.hasPrefix("\(#filePath): header: magic 0x"))
    }
  }

  /// The usual model, and one of every kind of operator of u8.8.
  private func models() throws -> [ModelContents] {
    let kinds: [SampleKind] = [
      .wideConvolution, .wideDepthwise, .wideAveragePool, .wideSumOrProduct, .wideLookup,
    ]
    return [try model()] + kinds.map { $0.sample(1).finish().model }
  }

  @Test(arguments: 0..<6)
  func `a damaged model under right checksums is refused or runs`(_ index: Int) throws {
    let bytes = try models()[index].encode()
    var ran = 0
    for index in stride(from: 0, to: bytes.count, by: 3) {
      var damaged = bytes
      damaged[index] ^= UInt8(1 << (index % 8))
      reseal(&damaged)
      guard let file = try? ModelFile(copying: damaged) else { continue }
      guard let network = try? Network(file, kernels: .portable) else { continue }
      network.setInput([UInt8](repeating: UInt8(index % 256), count: network.inputByteCount))
      network.run()
      ran += 1
    }
    #expect(ran > 0)
  }
}

/// Makes every checksum of a file right again, as far as its section table makes sense.
private func reseal(_ bytes: inout [UInt8]) {
  func number(_ offset: Int, _ size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }
  func store(_ value: UInt64, at offset: Int) {
    for byte in 0..<8 {
      bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
    }
  }
  let sections = Int(min(16, number(24, 4)))
  for index in 0..<sections where bytes.count >= 64 + 32 * sections {
    let entry = 64 + 32 * index
    let (offset, size) = (number(entry + 8, 8), number(entry + 16, 8))
    guard offset <= bytes.count, size <= UInt64(bytes.count) - offset else { continue }
    store(XXH64.hash(Array(bytes[Int(offset)..<Int(offset + size)])), at: entry + 24)
  }
  store(XXH64.hash(Array(bytes[0..<32] + bytes[40..<(64 + 32 * sections)])), at: 32)
}
