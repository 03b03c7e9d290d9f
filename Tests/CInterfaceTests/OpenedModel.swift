import CEdgeCNN
import ModelSamples
import Testing

/// A network that a test opened through the C functions, and closes.
final class OpenedModel {
  let network: OpaquePointer

  /// The colour model, from a copy of its bytes.
  convenience init(
    _ options: edgecnn_options = .usual,
    bytes: [UInt8]? = nil
  ) throws {
    let (status, network, text) = Self.open(try bytes ?? ColorModel.bytes(), options)
    try #require(status == EDGECNN_OK && text == "", "\(text)")
    self.init(try #require(network))
  }

  init(_ network: OpaquePointer) { self.network = network }

  deinit { edgecnn_close(network) }

  /// What opening bytes gives.
  static func open(
    _ bytes: [UInt8],
    _ options: edgecnn_options = .usual
  ) -> (edgecnn_status, OpaquePointer?, String) {
    var options = options
    var network = OpaquePointer(bitPattern: 1)
    var error = edgecnn_error()
    let status = edgecnn_open_memory(bytes, bytes.count, &options, &network, &error)
    return (status, network, error.string)
  }

  /// Why the last call failed.
  var errorText: String { String(cString: edgecnn_error_text(network)) }

  /// Sets a picture of one colour, runs, and returns the class and its score.
  func best(of color: [UInt8]) throws -> edgecnn_score {
    let picture = (0..<16).flatMap { _ in color }
    try #require(edgecnn_set_image(network, picture, 4, 4, 12, EDGECNN_RGB) == EDGECNN_OK)
    try #require(edgecnn_run(network) == EDGECNN_OK)
    var score = edgecnn_score()
    var found = 0
    try #require(edgecnn_top(network, &score, 1, &found) == EDGECNN_OK && found == 1)
    return score
  }
}

extension edgecnn_options {
  /// What `EDGECNN_OPTIONS` has.
  static var usual: edgecnn_options {
    var options = edgecnn_options()
    options.size = MemoryLayout<edgecnn_options>.size
    options.threads = 1
    return options
  }
}

extension edgecnn_error {
  var string: String {
    withUnsafeBytes(of: self) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
