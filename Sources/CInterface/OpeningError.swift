internal import CEdgeCNN
internal import Pixels
internal import Runtime

/// Why a network cannot be opened.
enum OpeningError: Error {
  /// An argument is missing or out of range: the whole text.
  case argument(StaticString)
  /// The model cannot be loaded or prepared.
  case runtime(RuntimeError)
  /// The images of the options cannot become the input.
  case image(PixelError)

  var status: edgecnn_status {
    switch self {
    case .argument: EDGECNN_ARGUMENT
    case .image: EDGECNN_IMAGE
    case .runtime(let error):
      switch error {
      case .file: EDGECNN_FILE
      case .model: EDGECNN_MODEL
      case .kernelSet: EDGECNN_KERNELS
      case .threads: EDGECNN_ARGUMENT
      case .resources: EDGECNN_RESOURCES
      }
    }
  }

  func write(_ message: inout Message) {
    switch self {
    case .argument(let text): message.append(text)
    case .runtime(let error): message.append(string: error.message)
    case .image(let error): message.append(string: error.message)
    }
  }
}
