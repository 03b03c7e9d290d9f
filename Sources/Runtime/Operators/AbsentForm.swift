internal import ModelFormat

/// A form of an operator whose kernels no set of this architecture has.
///
/// It has no values, so that boards hold no code of such forms.
enum AbsentForm {
  /// Nil: another form is taken.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) { return nil }

  func run(_ share: Share) { switch self {} }
}
