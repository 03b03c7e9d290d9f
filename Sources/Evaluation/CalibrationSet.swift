internal import GraphIR
public import ModelFormat
public import Quantization

extension CalibrationImages {
  /// The images of a data set: pixels 0…255 as float.
  public init(_ set: ImageSet, _ contract: InputContract) {
    self.init(count: set.items.count, name: { set.items[$0].name }) { index in
      Tensor(
        shape: [1, contract.height, contract.width, contract.channels],
        values: try set.pixels(index, contract).map(Float.init)
      )
    }
  }
}

extension ImageSet {
  /// What is odd about classes of calibration images for a network of `outputs` outputs; nil where nothing is.
  public func classesBeyond(_ outputs: Int) -> String? {
    var names: Set<String> = []
    var largest = -1
    for item in items {
      switch item.imageClass {
      case .index(let index): largest = max(largest, index)
      case .name(let name): names.insert(name)
      case nil: break
      }
    }
    if largest >= outputs {
      return
        "\(path): classes up to \(largest), but the model has \(outputs) outputs; are these its images?"
    }
    guard names.count > outputs else { return nil }
    return
      "\(path): \(names.count) classes, but the model has \(outputs) outputs; are these its images?"
  }

  /// Whether images, as far as a few tell, have the size of the input before they are fitted.
  public func haveSize(of contract: InputContract) -> Bool {
    let some = spread(8)
    return !some.items.isEmpty
      && some.items.indices.allSatisfy { index in
        some.size(index).map { $0 == (contract.height, contract.width) } ?? true
      }
  }
}
