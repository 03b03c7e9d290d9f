internal import Foundation

/// A function of one value, applied to every element.
public enum UnaryFunction: GraphOperator {
  /// `min(max(x, low), high)`: ReLU, ReLU6, clip.
  case clamp(Clamp)
  /// `x < 0 ? slope × x : x`.
  case leakyReLU(slope: Float)
  /// `x < 0 ? alpha (eˣ − 1) : x`.
  case elu(alpha: Float)
  /// `scale × (x > 0 ? x : alpha (eˣ − 1))`.
  case selu(alpha: Float, scale: Float)
  /// `1 ÷ (1 + e⁻ˣ)`.
  case sigmoid
  /// `min(max(alpha x + beta, 0), 1)`.
  case hardSigmoid(alpha: Float, beta: Float)
  /// `x × min(max(x + 3, 0), 6) ÷ 6`.
  case hardSwish
  /// `x × sigmoid(x)`; also called swish.
  case silu
  /// `x Φ(x)`, with the error function.
  case gelu
  /// `x tanh(ln(1 + eˣ))`.
  case mish
  /// Hyperbolic tangent.
  case tanh
  /// `ln(1 + eˣ)`.
  case softplus
  /// `x ÷ (1 + |x|)`.
  case softsign
  /// `eˣ`.
  case exp
  /// Natural logarithm.
  case log
  /// Square root.
  case sqrt
  /// `1 ÷ √x`.
  case reciprocalSqrt
  /// `1 ÷ x`.
  case reciprocal
  /// `x²`.
  case square
  /// `|x|`.
  case abs
  /// `−x`.
  case negate
  /// `xᵉ`.
  case power(exponent: Float)
  /// `scale × x + bias`, the same for every channel.
  case linear(scale: Float, bias: Float)

  /// `max(x, 0)`.
  public static let relu = UnaryFunction.clamp(Clamp(low: 0, high: .infinity))
  /// `min(max(x, 0), 6)`.
  public static let relu6 = UnaryFunction.clamp(Clamp(low: 0, high: 6))

  /// The text-dump name.
  public var mnemonic: String {
    switch self {
    case .clamp: "clamp"
    case .leakyReLU: "leaky_relu"
    case .elu: "elu"
    case .selu: "selu"
    case .sigmoid: "sigmoid"
    case .hardSigmoid: "hard_sigmoid"
    case .hardSwish: "hard_swish"
    case .silu: "silu"
    case .gelu: "gelu"
    case .mish: "mish"
    case .tanh: "tanh"
    case .softplus: "softplus"
    case .softsign: "softsign"
    case .exp: "exp"
    case .log: "log"
    case .sqrt: "sqrt"
    case .reciprocalSqrt: "rsqrt"
    case .reciprocal: "reciprocal"
    case .square: "square"
    case .abs: "abs"
    case .negate: "negate"
    case .power: "power"
    case .linear: "linear"
    }
  }

  /// Bounded functions have their bounds as range.
  public var quantizationRule: QuantizationRule {
    switch self {
    case .sigmoid, .hardSigmoid: .fixed(low: 0, high: 1)
    case .tanh, .softsign: .fixed(low: -1, high: 1)
    default: .observed
    }
  }

  /// The input's shape.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1 else { throw GraphError("\(inputs.count) inputs, expected 1") }
    return inputs[0]
  }

  /// Element by element.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    if case .clamp(let clamp) = self {
      return Tensor(
        shape: inputs[0].shape,
        values: inputs[0].values.map { min(max($0, clamp.low), clamp.high) }
      )
    }
    return Tensor(shape: inputs[0].shape, values: inputs[0].values.map { callAsFunction($0) })
  }

  /// The value at `x`, computed in double precision and rounded once.
  public func callAsFunction(_ x: Float) -> Float {
    let x = Double(x)
    switch self {
    case .clamp(let clamp): return Float(min(max(x, Double(clamp.low)), Double(clamp.high)))
    case .leakyReLU(let slope): return Float(x < 0 ? Double(slope) * x : x)
    case .elu(let alpha): return Float(x < 0 ? Double(alpha) * Foundation.expm1(x) : x)
    case .selu(let alpha, let scale):
      return Float(Double(scale) * (x > 0 ? x : Double(alpha) * Foundation.expm1(x)))
    case .sigmoid: return Float(1 / (1 + Foundation.exp(-x)))
    case .hardSigmoid(let alpha, let beta):
      return Float(min(max(Double(alpha) * x + Double(beta), 0), 1))
    case .hardSwish: return Float(x * min(max(x + 3, 0), 6) / 6)
    case .silu: return Float(x / (1 + Foundation.exp(-x)))
    case .gelu: return Float(x * 0.5 * (1 + Foundation.erf(x / 2.0.squareRoot())))
    case .mish: return Float(x * Foundation.tanh(x > 30 ? x : Foundation.log1p(Foundation.exp(x))))
    case .tanh: return Float(Foundation.tanh(x))
    case .softplus: return Float(x > 30 ? x : Foundation.log1p(Foundation.exp(x)))
    case .softsign: return Float(x / (1 + Swift.abs(x)))
    case .exp: return Float(Foundation.exp(x))
    case .log: return Float(Foundation.log(x))
    case .sqrt: return Float(x.squareRoot())
    case .reciprocalSqrt: return Float(1 / x.squareRoot())
    case .reciprocal: return Float(1 / x)
    case .square: return Float(x * x)
    case .abs: return Float(Swift.abs(x))
    case .negate: return Float(-x)
    case .power(let exponent): return Float(Foundation.pow(x, Double(exponent)))
    case .linear(let scale, let bias): return Float(Double(scale) * x + Double(bias))
    }
  }
}
