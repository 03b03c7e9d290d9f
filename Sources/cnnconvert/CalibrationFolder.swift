internal import Evaluation
internal import GraphIR
internal import HostCommands
internal import ModelFormat
internal import Quantization

extension ImageSet {
  /// The images at a path that can be read as the contract asks; the others are told.
  static func opened(_ path: String, _ contract: InputContract) throws(Failure) -> ImageSet {
    do throws(DataSetError) {
      return try DataSets.open(path).readable(contract) {
        Terminal.warning("\($0.message); left out")
      }
    } catch {
      throw Failure(error.message)
    }
  }
}

extension CalibrationImages {
  /// The images of a data set: pixels 0…255 as float.
  init(_ set: ImageSet, _ contract: InputContract) {
    self.init(count: set.items.count) { index in
      Tensor(
        shape: [1, contract.height, contract.width, contract.channels],
        values: try set.pixels(index, contract).map(Float.init)
      )
    }
  }
}
