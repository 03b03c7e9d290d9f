public import Runtime

/// Where models come from, and what they must be.
public struct UpdateOptions: Sendable {
  /// The file to use and to watch; empty for none.
  ///
  /// It may be replaced or overwritten at any time: it is copied, never mapped.
  public var file = ""
  /// The folder that keeps the model in use and the last good one; empty for none.
  ///
  /// Without one no model can be sent, and none is remembered when the service ends. It takes three models, and a fourth for a
  /// moment.
  public var folder = ""
  /// Public keys of which one must have signed every model: PEM, base64 or hexadecimal, or the path of a file with that; empty
  /// where unsigned models are taken too.
  public var publicKey = ""
  /// Whether `file` is looked at once a second.
  public var watchesFile = true
  /// Models larger than this are refused.
  public var maximumBytes = 256 << 20
  /// Frames that a new model must classify before the one before it is forgotten.
  public var trialFrames = 100
  /// Whether a new model must have the classes of the one in use.
  public var requiresSameLabels = false
  /// Threads of each network.
  public var threads = 1
  /// The kernel set; nil for `KernelSet.selected()`.
  public var kernels: KernelSet?

  /// No file, no folder, no key.
  public init() {}
}
