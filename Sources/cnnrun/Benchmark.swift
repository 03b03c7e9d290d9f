internal import CLinux
internal import ModelFormat
internal import Runtime

/// `cnnrun --bench [N] model.bin`: how long one run of the network takes.
struct Benchmark {
  private static let warmUpRuns = 3
  /// The seed of the input; times do not depend on what it holds.
  private static let seed: UInt64 = 1

  private let arguments: Arguments
  private let network: Network

  /// Loads the model and gives it an input.
  init(_ arguments: Arguments) throws(RuntimeError) {
    self.arguments = arguments
    network = try Network.open(arguments)
  }

  /// Runs the network `runs` times after a warm-up and prints what it took.
  func run(runs: Int) {
    let input = SplitMix64.bytes(seed: Self.seed, count: network.inputByteCount)
    let count = network.file.operators.count
    var layerNanoseconds = [Int64](repeating: .max, count: arguments.hasProfile ? count : 0)
    var nanoseconds: [Int64] = []
    nanoseconds.reserveCapacity(runs)
    for run in 0..<(runs + Self.warmUpRuns) {
      // The memory of the input may serve other tensors during a run.
      network.setInput(input)
      let isCounted = run >= Self.warmUpRuns
      let start = cl_nanoseconds()
      if isCounted && arguments.hasProfile {
        var profile = Profile(operators: count)
        network.run(profiling: &profile)
        nanoseconds.append(cl_nanoseconds() - start)
        for index in 0..<count {
          layerNanoseconds[index] = min(layerNanoseconds[index], profile.nanoseconds[index])
        }
      } else {
        network.run()
        if isCounted { nanoseconds.append(cl_nanoseconds() - start) }
      }
    }
    nanoseconds.sort()
    let times = Times(
      least: Self.milliseconds(nanoseconds[0]),
      median: (Self.milliseconds(nanoseconds[(runs - 1) / 2])
        + Self.milliseconds(nanoseconds[runs / 2])) / 2,
      // Nearest rank: the smallest time that 99 % of the runs do not exceed.
      p99: Self.milliseconds(nanoseconds[(runs * 99 + 99) / 100 - 1])
    )
    let layers = arguments.hasProfile ? self.layers(layerNanoseconds) : []
    Console.write(arguments.isJSON ? json(times, runs, layers) : text(times, runs, layers))
  }

  private struct Times {
    let least: Double
    let median: Double
    let p99: Double
  }

  private struct Layer {
    let name: String
    let kind: String
    let shape: String
    let milliseconds: Double
    let share: Double
    /// 10⁹ multiply-accumulates a second, nil where the layer has none.
    let speed: Double?
  }

  private static func milliseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e6 }

  /// The layers with the shortest time of each: on a busy machine the mean would be that of the interruptions.
  private func layers(_ shortest: [Int64]) -> [Layer] {
    var total: Int64 = 0
    for time in shortest { total += time }
    let file = network.file
    var layers: [Layer] = []
    for (index, record) in file.operators.enumerated() {
      let nanoseconds = Double(shortest[index])
      let output = file.tensors[record.output]
      let work = Double(record.multiplyAccumulates)
      layers.append(
        Layer(
          name: file.name(of: record),
          kind: record.kind.name,
          shape: "\(output.height)x\(output.width)x\(output.channels)",
          milliseconds: nanoseconds / 1e6,
          share: nanoseconds / Double(max(1, total)),
          speed: work > 0 && nanoseconds > 0 ? work / nanoseconds : nil
        )
      )
    }
    return layers
  }

  private func json(_ times: Times, _ runs: Int, _ layers: [Layer]) -> String {
    var text = "{\"min_ms\":" + NumberText.json(times.least, 6)
    text += ",\"median_ms\":" + NumberText.json(times.median, 6)
    text += ",\"p99_ms\":" + NumberText.json(times.p99, 6)
    text += ",\"threads\":\(network.threads),\"kernels\":" + JSONText.string(network.kernels.name)
    text += ",\"runs\":\(runs)"
    if !layers.isEmpty {
      text += ",\"layers\":["
      for (index, layer) in layers.enumerated() {
        text += index == 0 ? "" : ","
        text += "{\"name\":" + JSONText.string(layer.name) + ",\"kind\":\"" + layer.kind
        text += "\",\"ms\":" + NumberText.json(layer.milliseconds, 6)
        text += ",\"share\":" + NumberText.json(layer.share, 6) + ",\"gmac_per_s\":"
        text += layer.speed.map { NumberText.json($0, 3) } ?? "null"
        text += "}"
      }
      text += "]"
    }
    return text + "}\n"
  }

  private func text(_ times: Times, _ runs: Int, _ layers: [Layer]) -> String {
    let threads = network.threads == 1 ? "1 thread" : "\(network.threads) threads"
    var text = ""
    if !layers.isEmpty {
      var table = TextTable([.right, .left, .left, .right, .right, .right, .right])
      table.append(["", "layer", "kind", "output", "us", "share", "GMAC/s"])
      for (index, layer) in layers.enumerated() {
        table.append([
          String(index), layer.name, layer.kind, layer.shape,
          NumberText.fixed(layer.milliseconds * 1000, 1),
          NumberText.fixed(layer.share * 100, 1) + " %",
          layer.speed.map { NumberText.fixed($0, 1) } ?? "",
        ])
      }
      text += table.text + "\n"
    }
    text += arguments.files[0] + ": \(runs) runs, " + threads + ", " + network.kernels.name + "\n"
    text += "min " + NumberText.fixed(times.least, 3) + " ms, median "
    text += NumberText.fixed(times.median, 3) + " ms, p99 "
    return text + NumberText.fixed(times.p99, 3) + " ms\n"
  }
}
