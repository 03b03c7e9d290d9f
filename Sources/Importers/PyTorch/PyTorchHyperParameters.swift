internal import Containers
internal import ModelFormat

/// What a Lightning checkpoint's hyper-parameters say about input and classes.
struct PyTorchHyperParameters {
  private let values: PickleValue

  /// The entries of a dictionary or namespace.
  init(_ values: PickleValue) { self.values = values }

  /// `input_size`, a number or a pair.
  var inputSize: (height: Int, width: Int)? {
    guard let value = values["input_size"] ?? values["image_size"] ?? values["img_size"] else {
      return nil
    }
    if let side = value.int, (1...1 << 14).contains(side) { return (side, side) }
    let pair = (value.elements ?? []).suffix(2).compactMap(\.int)
    guard pair.count == 2, pair.allSatisfy({ (1...1 << 14).contains($0) }) else { return nil }
    return (pair[0], pair[1])
  }

  /// Puts mean, standard deviation, colour order, fit and labels into the model.
  func describe(_ model: inout ImportedModel) {
    if let mean = numbers("mean"), let std = numbers("std"), std.allSatisfy({ $0 > 0 }) {
      // Means within 0…1 speak of pixels that were divided by 255.
      let factor: Float = mean.allSatisfy { abs($0) <= 1 } && std.allSatisfy { $0 <= 1 } ? 255 : 1
      model.preprocessing = Preprocessing(
        mean: mean.map { $0 * factor },
        std: std.map { $0 * factor },
        color: values["color"]?.string.flatMap { Preprocessing.ColorOrder(rawValue: $0) }
      )
    }
    let rules: [String: InputContract.Resize] = [
      "stretch": .stretch, "crop": .crop, "letterbox": .letterbox,
    ]
    if let rule = values["resize"]?.string.flatMap({ rules[$0] }) {
      var contract = model.contract ?? InputContract()
      contract.resize = rule
      model.contract = contract
    }
    if let labels = (values["labels"] ?? values["classes"] ?? values["class_names"])?.elements {
      let names = labels.compactMap(\.string)
      if names.count == labels.count, !names.isEmpty { model.labels = names }
    }
  }

  private func numbers(_ key: String) -> [Float]? {
    guard let value = values[key] else { return nil }
    if let number = value.double { return [Float(number)] }
    guard let elements = value.elements, elements.count == 1 || elements.count == 3 else {
      return nil
    }
    let numbers = elements.compactMap(\.double).map { Float($0) }
    return numbers.count == elements.count && numbers.allSatisfy(\.isFinite) ? numbers : nil
  }
}
