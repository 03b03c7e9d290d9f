/// A number in four bytes: networks keep hundreds of steps with dozens of them.
///
/// Traps if the number does not fit Int32.
@propertyWrapper
struct Compact {
  private var stored: Int32

  init(wrappedValue: Int) { stored = Int32(wrappedValue) }

  var wrappedValue: Int {
    get { Int(stored) }
    set { stored = Int32(newValue) }
  }
}
