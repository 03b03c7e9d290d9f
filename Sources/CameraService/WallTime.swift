internal import PlainText

/// A moment of the world's clock in text: RFC 3339, UTC, milliseconds.
struct WallTime {
  private let nanoseconds: Int64

  /// A moment, in nanoseconds since 1970; earlier ones count as that.
  init(nanoseconds: Int64) { self.nanoseconds = max(0, nanoseconds) }

  /// Appends `2026-11-22T21:39:23.123Z`.
  func append(to text: inout TextBuilder) { append(to: &text, "-", ":", ".") }

  /// Appends `20261122T213923123Z`, which files may be called.
  func appendCompact(to text: inout TextBuilder) { append(to: &text, "", "", "") }

  private func append(
    to text: inout TextBuilder,
    _ dash: StaticString,
    _ colon: StaticString,
    _ dot: StaticString
  ) {
    let milliseconds = UInt64(nanoseconds / 1_000_000)
    let (days, inDay) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
    // Years from March on, so that the leap day is the last; eras of 400 years are equal. Day 0 is 1 March 0.
    let shifted = days + 719_468
    let (era, ofEra) = (shifted / 146_097, shifted % 146_097)
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * ofYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    text.append(year, radix: 10, digits: 4)
    text.append(dash)
    text.append(month, radix: 10, digits: 2)
    text.append(dash)
    text.append(ofYear - (153 * shiftedMonth + 2) / 5 + 1, radix: 10, digits: 2)
    text.append("T")
    text.append(inDay / 3_600_000, radix: 10, digits: 2)
    text.append(colon)
    text.append(inDay / 60_000 % 60, radix: 10, digits: 2)
    text.append(colon)
    text.append(inDay / 1000 % 60, radix: 10, digits: 2)
    text.append(dot)
    text.append(inDay % 1000, radix: 10, digits: 3)
    text.append("Z")
  }
}
