public import GraphIR
public import Quantization

/// Turns an optimised float graph and calibration images into the bytes of a `model.bin`.
public enum ModelCompiler {
  /// Quantizes, lowers, plans memory, emits, records golden vectors and compares with float.
  ///
  /// The graph has one input, an image [1, H, W, C] of pixels 0…255 with preprocessing folded into its first operators, and
  /// one output. Without calibration images ranges come from `options.statistics`, from bounds of the graph and from
  /// seeded noise; the report says so.
  ///
  /// - Throws: `CompileError`; all unsupported nodes at once.
  public static func compile(
    _ graph: Graph,
    options: CompileOptions,
    calibration: CalibrationImages?
  ) throws(CompileError) -> CompiledModel {
    throw .emission("not written yet")
  }

  /// What `compile` would make of the graph, without quantizing anything.
  ///
  /// - Throws: `CompileError` where the graph itself is wrong; unsupported nodes are part of the result.
  public static func explain(_ graph: Graph) throws(CompileError) -> Explanation {
    throw .emission("not written yet")
  }
}

/// What compilation gives.
public struct CompiledModel: Sendable {
  /// The flat file.
  public var bytes: [UInt8]
  /// What was done, for people and tools.
  public var report: ConversionReport
}
