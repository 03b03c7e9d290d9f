internal import ArgumentParser
internal import Evaluation
internal import GraphIR
internal import HostCommands
internal import Importers
internal import ModelFormat

/// Preprocessing families that people know by name.
enum Preset: String, ExpressibleByArgument, CaseIterable {
  case torchvision, tfInception = "tf-inception", caffe, unit, raw

  /// Mean, std and order of the channels, in pixel units.
  var preprocessing: Preprocessing {
    switch self {
    case .torchvision:
      Preprocessing(
        mean: [123.675, 116.28, 103.53],
        std: [58.395, 57.12, 57.375],
        color: .rgb
      )
    case .tfInception: Preprocessing(mean: [127.5], std: [127.5])
    case .caffe: Preprocessing(mean: [104, 117, 123], std: [1], color: .bgr)
    case .unit: Preprocessing(mean: [0], std: [255])
    case .raw: Preprocessing(mean: [0], std: [1])
    }
  }

  /// How the family's images are fitted.
  var fit: (resize: InputContract.Resize, cropFraction: Float, filter: InputContract.Filter) {
    switch self {
    case .torchvision: (.crop, 0.875, .antialiased)
    case .tfInception: (.crop, 0.875, .bilinear)
    case .caffe, .unit, .raw: (.stretch, 1, .antialiased)
    }
  }
}

/// `rgb`, `bgr`, `gray`.
enum ColorOrder: String, ExpressibleByArgument, CaseIterable {
  case rgb, bgr, gray

  var preprocessing: Preprocessing.ColorOrder {
    switch self {
    case .rgb: .rgb
    case .bgr: .bgr
    case .gray: .gray
    }
  }
}

/// `stretch`, `crop`, `letterbox`.
enum ResizeRule: String, ExpressibleByArgument, CaseIterable {
  case stretch, crop, letterbox

  var contract: InputContract.Resize {
    switch self {
    case .stretch: .stretch
    case .crop: .crop
    case .letterbox: .letterbox
    }
  }
}

/// `antialiased`, `bilinear`.
enum ResizeFilter: String, ExpressibleByArgument, CaseIterable {
  case antialiased, bilinear

  var contract: InputContract.Filter { self == .antialiased ? .antialiased : .bilinear }
}

/// How pixels become what the network was trained on.
struct PixelOptions: ParsableArguments {
  @Option(help: "Usual preprocessing by name: torchvision, tf-inception, caffe, unit (÷ 255), raw.")
  var preset: Preset?

  @Option(help: "Subtracted from pixels 0…255, one value or R,G,B (in the network's order).")
  var mean: String?

  @Option(help: "Divided by after the mean, one value or R,G,B (in the network's order).")
  var std: String?

  @Option(help: "Channel order that the network expects: rgb, bgr, gray.")
  var color: ColorOrder?

  @Option(help: "How images of another shape are fitted: stretch, crop, letterbox.")
  var resize: ResizeRule?

  @Option(help: "Central part of the image that is used, 0…1.")
  var cropFraction: Float?

  @Option(help: "Samples between pixels: antialiased (as Pillow, torchvision), bilinear.")
  var resizeFilter: ResizeFilter?

  func validate() throws {
    for (name, text) in [("--mean", mean), ("--std", std)] {
      if let text, Self.numbers(text) == nil {
        throw ValidationError("\(name): \"\(text)\", expected a number or three: 123.7,116.3,103.5")
      }
    }
    if let cropFraction, !(cropFraction > 0 && cropFraction <= 1) {
      throw ValidationError("--crop-fraction: \(cropFraction), expected above 0 and up to 1")
    }
  }

  private static func numbers(_ text: String) -> [Float]? {
    Preprocessing.numbers(text).flatMap { [1, 3].contains($0.count) ? $0 : nil }
  }

  /// What to put before the network, and the contract for images; `warn` hears what had to be assumed.
  func resolve(
    _ model: ImportedModel,
    warn: (String) -> Void
  ) -> (preprocessing: Preprocessing, contract: InputContract) {
    let shape = model.graph.inputs.first.map { model.graph.shape(of: $0) } ?? []
    let channels = shape.last ?? 0
    var chosen: Preprocessing
    var fit = Preset.unit.fit
    if let preset {
      (chosen, fit) = (preset.preprocessing, preset.fit)
    } else if let stated = model.preprocessing {
      chosen = stated
    } else if mean != nil || std != nil {
      chosen = Preset.raw.preprocessing
    } else if Self.startsWithArithmetic(model.graph) {
      chosen = Preset.raw.preprocessing
    } else {
      chosen = Preset.unit.preprocessing
      warn(
        "the file does not state its preprocessing; pixels are divided by 255 (choose with --preset or --mean and --std)"
      )
    }
    if let values = mean.flatMap(Self.numbers) { chosen.mean = values }
    if let values = std.flatMap(Self.numbers) { chosen.std = values }
    if let color { chosen.color = color.preprocessing }
    if channels == 1, chosen.mean.count == 3 {
      chosen.mean = [chosen.mean.reduce(0, +) / 3]
      chosen.std = [chosen.std.reduce(0, +) / Float(chosen.std.count)]
    }
    var contract = model.contract ?? InputContract()
    if preset != nil || model.contract == nil {
      (contract.resize, contract.cropFraction, contract.filter) = fit
    }
    if let resize {
      contract.resize = resize.contract
      if resize != .crop, cropFraction == nil { contract.cropFraction = 1 }
    }
    if let cropFraction { contract.cropFraction = cropFraction }
    if let resizeFilter { contract.filter = resizeFilter.contract }
    if shape.count == 4 { (contract.height, contract.width) = (shape[1], shape[2]) }
    contract.channels = channels
    return (chosen, contract)
  }

  /// Leaves out the crop that comes with a preset where images have the size of the input already, as CIFAR's and MNIST's do.
  func keepWhole(
    _ path: String,
    _ contract: inout InputContract,
    note: (String) -> Void
  ) throws(Failure) {
    guard resize == nil, cropFraction == nil, contract.cropFraction < 1 else { return }
    let isSize: Bool
    do throws(DataSetError) {
      isSize = try DataSets.open(path).haveSize(of: contract)
    } catch {
      throw Failure(error.message)
    }
    guard isSize else { return }
    note(
      "images are \(contract.height) × \(contract.width) already: all of each is used (--crop-fraction \(contract.cropFraction) crops)"
    )
    contract.cropFraction = 1
  }

  /// Whether the graph itself begins with arithmetic on its input, so that it eats pixels as they are.
  private static func startsWithArithmetic(_ graph: Graph) -> Bool {
    guard let input = graph.inputs.first else { return false }
    return graph.consumers(of: input).contains { index in
      switch graph.nodes[index].operation {
      case .channelAffine, .unary(.linear): true
      case .binary: graph.nodes[index].inputs.contains { graph.constants[$0] != nil }
      default: false
      }
    }
  }
}
