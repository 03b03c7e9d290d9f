/// Why a pickle was not read.
public enum PickleError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The bytes end inside an instruction or before STOP.
  case truncated(byte: Int)
  /// An instruction that no protocol from 0 to 5 has.
  case unknownInstruction(code: UInt8, byte: Int)
  /// An instruction that does not fit what came before it.
  case malformed(byte: Int, problem: String)
  /// A function or class that has no place in a model and could do harm in Python.
  case refusedGlobal(module: String, name: String, byte: Int)

  /// `pickle byte N: what is wrong`.
  public var description: String {
    switch self {
    case .truncated(let byte):
      "pickle byte \(byte): ends here, expected more; is the file complete?"
    case .unknownInstruction(let code, let byte):
      "pickle byte \(byte): instruction 0x\(String(code, radix: 16)), expected one of protocols 0 to 5"
    case .malformed(let byte, let problem): "pickle byte \(byte): \(problem)"
    case .refusedGlobal(let module, let name, let byte):
      "pickle byte \(byte): names \"\(module).\(name)\", which no model needs and which can run code; refused, do not load this file in Python"
    }
  }
}
