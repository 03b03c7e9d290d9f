internal import PlainText

/// What an error says: a literal with holes, and numbers for them; the text is put together when somebody reads it.
final class Finding: Sendable {
  /// Up to three values, and how each is shown.
  struct Values: Sendable {
    /// Four bits a value, the first lowest: the raw value of its `Style`.
    let styles: UInt32
    let bits: (UInt64, UInt64, UInt64)

    @inline(__always)
    init<A: Reportable, B: Reportable, C: Reportable>(_ a: A, _ b: B, _ c: C) {
      styles = A.style.rawValue | B.style.rawValue << 4 | C.style.rawValue << 8
      bits = (a.bits, b.bits, c.bits)
    }
  }

  /// How the bits of a value are shown.
  enum Style: UInt32 {
    case unsigned
    case signed
    case hexadecimal
    case real
    case shape
    case elementType
  }

  let place: ModelFormatError.Place
  private let name: String
  private nonisolated(unsafe) let field: UnsafePointer<UInt8>
  private nonisolated(unsafe) let line: UnsafePointer<UInt8>
  private let values: Values

  /// `field` and `line` are literals, which end with a zero byte.
  init(
    place: ModelFormatError.Place,
    name: String,
    field: UnsafePointer<UInt8>,
    line: UnsafePointer<UInt8>,
    values: Values
  ) {
    self.place = place
    self.name = name
    self.field = field
    self.line = line
    self.values = values
  }

  /// *place: "name", field line*, the name only if there is one, with each `%` replaced by the next value.
  var text: TextBuilder {
    var text = TextBuilder()
    place.append(to: &text)
    text.append(": ")
    if !name.isEmpty {
      text.append("\"", name)
      text.append("\", ")
    }
    text.append(literal: field)
    var styles = values.styles
    var (next, second, third) = values.bits
    var at = line
    while at.pointee != 0 {
      if at.pointee == 0x25 {
        Self.append(next, Style(rawValue: styles & 15) ?? .unsigned, to: &text)
        (styles, next, second) = (styles >> 4, second, third)
      } else {
        text.append(byte: at.pointee)
      }
      at += 1
    }
    return text
  }

  private static func append(_ bits: UInt64, _ style: Style, to text: inout TextBuilder) {
    switch style {
    case .unsigned: text.append(bits)
    case .signed: text.append(Int64(bitPattern: bits))
    case .hexadecimal: text.append(hex: bits)
    case .real: text.append(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .shape: Shape(bits: bits).append(to: &text)
    case .elementType: text.append(bits == 0 ? "u8" : bits == 1 ? "float32" : "u8.8")
    }
  }
}

/// A value that an error can tell.
protocol Reportable {
  static var style: Finding.Style { get }
  var bits: UInt64 { get }
}

extension Int: Reportable {
  static var style: Finding.Style { .signed }
  var bits: UInt64 { UInt64(truncatingIfNeeded: self) }
}

extension Int32: Reportable {
  static var style: Finding.Style { .signed }
  var bits: UInt64 { UInt64(truncatingIfNeeded: self) }
}

extension UInt8: Reportable {
  static var style: Finding.Style { .unsigned }
  var bits: UInt64 { UInt64(self) }
}

extension UInt32: Reportable {
  static var style: Finding.Style { .unsigned }
  var bits: UInt64 { UInt64(self) }
}

extension UInt64: Reportable {
  static var style: Finding.Style { .unsigned }
  var bits: UInt64 { self }
}

extension Float: Reportable {
  static var style: Finding.Style { .real }
  var bits: UInt64 { UInt64(bitPattern) }
}

extension TensorRecord.ElementType: Reportable {
  static var style: Finding.Style { .elementType }
  var bits: UInt64 { UInt64(rawValue) }
}

/// A number that is shown in hexadecimal.
struct Hexadecimal: Reportable {
  static var style: Finding.Style { .hexadecimal }
  let bits: UInt64

  init(_ number: UInt64) { bits = number }
  init(_ number: UInt32) { bits = UInt64(number) }
}

/// Throws unless `holds`: *place: field line*, with each `%` of the line replaced by the next value.
///
/// `field` names what is wrong where one line serves many fields.
@inline(__always)
func require<A: Reportable, B: Reportable, C: Reportable>(
  _ holds: Bool,
  _ place: ModelFormatError.Place,
  field: StaticString = "",
  _ line: StaticString,
  _ a: A = 0,
  _ b: B = 0,
  _ c: C = 0
) throws(ModelFormatError) {
  if !holds { throw refusal(place, field.utf8Start, line.utf8Start, Finding.Values(a, b, c)) }
}

/// Kept out of line: what a check adds to the code is a comparison and a call.
@inline(never)
private func refusal(
  _ place: ModelFormatError.Place,
  _ field: UnsafePointer<UInt8>,
  _ line: UnsafePointer<UInt8>,
  _ values: Finding.Values
) -> ModelFormatError {
  ModelFormatError(place, field: field, line, values)
}
