internal import GraphIR

/// What an expression of a forward function can be.
indirect enum PyTorchScriptValue {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([PyTorchScriptValue])
  /// An activation of the network.
  case tensor(PyTorchNetwork.Value)
  /// A parameter or constant, in the framework's axis order.
  case constant(Tensor, name: String)
  case module(PyTorchModule)
  /// A function or package: `torch.nn.functional.relu`.
  case name(String)
  case method(PyTorchScriptValue, String)

  /// The number, if it is an integer; True and False count.
  var int: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    case .float(let value): Int(exactly: value)
    case .constant(let tensor, _) where tensor.count == 1: Int(exactly: tensor.values[0])
    default: nil
    }
  }

  /// The number.
  var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    case .constant(let tensor, _) where tensor.count == 1: Double(tensor.values[0])
    default: nil
    }
  }

  /// Members of a list or tuple.
  var elements: [PyTorchScriptValue]? { if case .list(let items) = self { items } else { nil } }

  /// Integers of a list or tuple, or a single one.
  var integers: [Int]? {
    if let int { return [int] }
    guard let elements else { return nil }
    let numbers = elements.compactMap(\.int)
    return numbers.count == elements.count ? numbers : nil
  }

  /// Whether Python takes it for true.
  var isTrue: Bool {
    switch self {
    case .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let items): !items.isEmpty
    default: true
    }
  }

  /// What it is, in a word.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .string: "str"
    case .list: "list"
    case .tensor: "tensor"
    case .constant: "parameter"
    case .module(let module): module.shortClassName
    case .name(let name): name
    case .method(_, let name): "method \(name)"
    }
  }
}
