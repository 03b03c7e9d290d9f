internal import Containers
internal import GraphIR

/// What is known of one output of a TensorFlow node when a batch of one image is classified.
enum TensorFlowValue {
  /// Known before the run: weights, shapes, flags.
  case constant(TensorFlowTensor)
  /// Computed from the image.
  case activation(Activation)
  /// Split into phases for a dilated convolution by SpaceToBatchND.
  case phases(Activation, block: (y: Int, x: Int), padding: Padding)
  /// The dilated convolution's result before BatchToSpaceND.
  case convolvedPhases(Activation)
  /// Drawn at random, or computed from that and constants: the mask of a dropout.
  case random
  /// A number that the caller gives, such as the share of units a dropout keeps.
  case unresolved
  /// In a branch that is not taken at inference.
  case dead
  /// Cannot be converted; the node's problem, or that of one of its inputs, says why.
  case failed

  /// A value of the graph under construction with its shape in TensorFlow's axis order.
  struct Activation: Equatable {
    var id: ValueID
    /// Extents in TensorFlow's order, batch 1 first.
    var shape: [Int]
    /// Whether TensorFlow's order is N, C, H, W, while the graph stores N, H, W, C.
    var isChannelsFirst = false

    /// Where a logical axis is stored.
    func storedAxis(_ axis: Int) -> Int { isChannelsFirst ? [0, 3, 1, 2][axis] : axis }

    /// Per-axis numbers in stored order.
    func stored(_ list: [Int]) -> [Int] {
      isChannelsFirst ? [0, 2, 3, 1].map { list[$0] } : list
    }

    /// The logical axis that is stored last.
    var channelAxis: Int { isChannelsFirst ? 1 : shape.count - 1 }
  }
}

/// Why a node could not be converted.
enum TensorFlowProblem: Error {
  /// The operator, or a setting of it, has no counterpart.
  case unsupported(String)
  /// The checkpoint has no such variable.
  case missingVariable(String)
  /// The checkpoint's file is damaged.
  case file(TensorFlowFileError)
}
