/// Rows of text with aligned columns.
public struct TextTable {
  private var rows: [[String]] = []
  private let leftAligned: Int

  /// A table whose first `leftAligned` columns are flush left, the others flush right.
  public init(_ header: [String], leftAligned: Int) {
    rows = [header]
    self.leftAligned = leftAligned
  }

  /// Adds a row; it may have fewer cells than there are columns.
  public mutating func add(_ row: [String]) { rows.append(row) }

  /// The lines, two spaces between columns, none at the end of a line.
  public var lines: [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.count)
        if column > 0 { line += "  " }
        line += column < leftAligned ? cell + space : space + cell
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}

/// A count with a unit that keeps it under four digits before the point: `3.54 M`.
public func abbreviated(_ count: Int) -> String {
  let units = ["", " K", " M", " G", " T"]
  var value = Double(count)
  var unit = 0
  while value >= 1000, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(count)" : fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2) + units[unit]
}

/// A number with `digits` digits after the point.
public func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  var power = 1.0
  for _ in 0..<digits { power *= 10 }
  let scaled = (abs(value) * power).rounded()
  let sign = value < 0 && scaled > 0 ? "-" : ""
  let whole = Int(scaled / power)
  guard digits > 0 else { return "\(sign)\(whole)" }
  let rest = "\(Int(scaled) - whole * Int(power))"
  return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
}

/// A number with at most `digits` significant digits and no zeros at its end: `0.013`, `40`, `1.5e-7`; a true minus sign.
public func significant(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  var exponent = 0
  var magnitude = abs(value)
  while magnitude >= 10 {
    magnitude /= 10
    exponent += 1
  }
  while magnitude < 1 {
    magnitude *= 10
    exponent -= 1
  }
  let sign = value < 0 ? "−" : ""
  guard exponent < -4 || exponent > 6 else {
    return sign + withoutTrailingZeros(fixed(abs(value), max(0, digits - 1 - exponent)))
  }
  return "\(sign)\(withoutTrailingZeros(fixed(magnitude, digits - 1)))e\(exponent)"
}

private func withoutTrailingZeros(_ number: String) -> String {
  guard number.contains(".") else { return number }
  var number = number
  while number.last == "0" { number.removeLast() }
  if number.last == "." { number.removeLast() }
  return number
}
