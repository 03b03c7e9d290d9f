extension String {
  /// The text with control characters other than ends of lines shown as `?`.
  ///
  /// Names come from files and may hold anything, sequences that steer a terminal included.
  public var printable: String {
    String(
      UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.value {
          case 0x0A: scalar
          case 0x00..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: "?"
          // What turns the direction of writing around.
          case 0x202A...0x202E, 0x2066...0x2069: "?"
          default: scalar
          }
        }
      )
    )
  }
}
