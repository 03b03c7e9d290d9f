/// An expression of the part of Python that forward functions are written in.
indirect enum PythonExpression: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case name(String)
  case attribute(PythonExpression, String)
  case call(PythonExpression, [PythonExpression], [(name: String, value: PythonExpression)])
  case subscript_(PythonExpression, [PythonIndex])
  case list([PythonExpression])
  case tuple([PythonExpression])
  case star(PythonExpression)
  case unary(String, PythonExpression)
  case binary(String, PythonExpression, PythonExpression)
  case conditional(test: PythonExpression, then: PythonExpression, otherwise: PythonExpression)
}

/// One place between the brackets of a subscript.
enum PythonIndex: Sendable {
  case item(PythonExpression)
  case slice(PythonExpression?, PythonExpression?, PythonExpression?)
}

/// A statement of the part of Python that forward functions are written in.
indirect enum PythonStatement: Sendable {
  case assign([PythonExpression], PythonExpression)
  case augment(PythonExpression, String, PythonExpression)
  case evaluate(PythonExpression)
  case return_(PythonExpression)
  case branch([(test: PythonExpression, body: [PythonStatement])], otherwise: [PythonStatement])
  case loop(PythonExpression, over: PythonExpression, [PythonStatement])
  case nothing
  case raise
}

/// A function; its body is parsed when it is called, so that others may use all of Python.
struct PythonFunction: Sendable {
  var name: String
  var parameters: [(name: String, value: PythonExpression?)]
  var body: [PythonToken]
}

/// A class: its functions and constants.
struct PythonClass: Sendable {
  var functions: [String: PythonFunction] = [:]
  var constants: [String: PythonExpression] = [:]
}

/// Classes and functions of one source text.
struct PythonProgram: Sendable {
  var classes: [String: PythonClass] = [:]
  var functions: [String: PythonFunction] = [:]
}

/// Python that is beyond the part understood here.
struct PythonSyntaxError: Error, Sendable {
  /// What was found.
  var found: String
}
