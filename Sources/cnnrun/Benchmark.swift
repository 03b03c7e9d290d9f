internal import CLinux
internal import CommandWords
internal import ModelFormat
internal import PlainText
internal import Runtime

/// `cnnrun --bench [N] model.bin`: how long one run of the network takes.
struct Benchmark {
  private static let warmUpRuns = 3

  private let arguments: Arguments
  private let network: Network
  private let startUp: StartUp

  /// Loads the model, some times over, and gives it an input.
  init(_ arguments: Arguments) throws(RuntimeError) {
    self.arguments = arguments
    network = try Network.open(arguments)
    startUp = try StartUp(arguments)
  }

  /// Runs the network `runs` times after a warm-up and prints what it took.
  func run(runs: Int) {
    let file = network.file
    let input = NoisePicture(file.tensors[file.inputTensor]).bytes
    let count = file.operators.count
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
    nanoseconds.sortAscending()
    let times = Times(
      least: Self.milliseconds(nanoseconds[0]),
      median: (Self.milliseconds(nanoseconds[(runs - 1) / 2])
        + Self.milliseconds(nanoseconds[runs / 2])) / 2,
      // Nearest rank: the smallest time that 99 % of the runs do not exceed.
      p99: Self.milliseconds(nanoseconds[(runs * 99 + 99) / 100 - 1])
    )
    let layers = layers(layerNanoseconds)
    console.write(arguments.isJSON ? json(times, runs, layers) : text(times, runs, layers))
  }

  private struct Times {
    let least: Double
    let median: Double
    let p99: Double
  }

  private struct Layer {
    let record: OperatorRecord
    let output: TensorRecord
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
    for (record, time) in zip(file.operators, shortest) {
      let nanoseconds = Double(time)
      let work = Double(record.multiplyAccumulates)
      layers.append(
        Layer(
          record: record,
          output: file.tensors[record.output],
          milliseconds: nanoseconds / 1e6,
          share: nanoseconds / Double(max(1, total)),
          speed: work > 0 && nanoseconds > 0 ? work / nanoseconds : nil
        )
      )
    }
    return layers
  }

  private func json(_ times: Times, _ runs: Int, _ layers: [Layer]) -> TextBuilder {
    var text = TextBuilder("{")
    text.append("\"min_ms\":", json: times.least, decimals: 6)
    text.append(",\"median_ms\":", json: times.median, decimals: 6)
    text.append(",\"p99_ms\":", json: times.p99, decimals: 6)
    text.append(",\"start_up_ms\":", json: Self.milliseconds(startUp.total), decimals: 6)
    text.append(",\"checksum_ms\":", json: Self.milliseconds(startUp.checksum), decimals: 6)
    text.append(",\"checks_ms\":", json: Self.milliseconds(startUp.checks), decimals: 6)
    text.append(",\"planning_ms\":", json: Self.milliseconds(startUp.preparation), decimals: 6)
    text.append(",\"threads\":", network.threads)
    text.append(",\"kernels\":")
    text.append(json: network.kernels.name)
    text.append(",\"runs\":", runs)
    var opening: StaticString = ",\"layers\":[{\"name\":"
    for layer in layers {
      text.append(opening)
      text.append(json: network.file.name(of: layer.record))
      text.append(",\"kind\":")
      text.append(json: layer.record.kind.name)
      text.append(",\"ms\":", json: layer.milliseconds, decimals: 6)
      text.append(",\"share\":", json: layer.share, decimals: 6)
      text.append(",\"gmac_per_s\":", json: layer.speed ?? .nan, decimals: 3)
      text.append("}")
      opening = ",{\"name\":"
    }
    text.append(layers.isEmpty ? "}\n" : "]}\n")
    return text
  }

  private func text(_ times: Times, _ runs: Int, _ layers: [Layer]) -> TextBuilder {
    var text = layers.isEmpty ? TextBuilder() : table(layers)
    text.append("", arguments.files[0])
    text.append(": ", runs)
    text.append(" runs, ", network.threads)
    text.append(network.threads == 1 ? " thread, " : " threads, ")
    text.append("", network.kernels.name)
    text.append("\nmin ")
    text.append(times.least, decimals: 3)
    text.append(" ms, median ")
    text.append(times.median, decimals: 3)
    text.append(" ms, p99 ")
    text.append(times.p99, decimals: 3)
    text.append(" ms\nstart-up: ")
    text.append(Self.milliseconds(startUp.total), decimals: 3)
    text.append(" ms (checksum ")
    text.append(Self.milliseconds(startUp.checksum), decimals: 3)
    text.append(", other checks ")
    text.append(Self.milliseconds(startUp.checks), decimals: 3)
    text.append(", planning ")
    text.append(Self.milliseconds(startUp.preparation), decimals: 3)
    text.append(")\n")
    return text
  }

  private func table(_ layers: [Layer]) -> TextBuilder {
    var table = TextTable([.right, .left, .left, .right, .right, .right, .right])
    let titles: [StaticString] = ["", "layer", "kind", "output", "us", "share", "GMAC/s"]
    for title in titles { table.add(title) }
    for (index, layer) in layers.enumerated() {
      table.add(number: index)
      table.add(string: network.file.name(of: layer.record))
      table.add(string: layer.record.kind.name)
      table.cell.append("", layer.output.height)
      table.cell.append("x", layer.output.width)
      table.cell.append("x", layer.output.channels)
      table.endCell()
      table.cell.append(layer.milliseconds * 1000, decimals: 1)
      table.endCell()
      table.cell.append(layer.share * 100, decimals: 1)
      table.add(" %")
      if let speed = layer.speed { table.cell.append(speed, decimals: 1) }
      table.endCell()
    }
    var text = table.text
    text.append("\n")
    return text
  }
}
