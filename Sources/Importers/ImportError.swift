public import GraphIR

/// Why a model file did not become a graph.
public enum ImportError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No file, or no permission; `reason` is the system's.
  case unreadable(path: String, reason: String)
  /// None of the importers knows these bytes.
  case unknownFormat(path: String, found: String)
  /// A file that must stand beside this one does not.
  case missingCompanion(path: String, expected: String)
  /// The bytes are not what the format prescribes.
  case malformed(path: String, place: String, problem: String)
  /// Operators on the inference path that cannot be converted, all of them.
  case unsupported(path: String, operators: [UnsupportedOperator])
  /// More than one input or output is possible; the user must choose.
  case ambiguous(path: String, what: String, candidates: [String], option: String)
  /// The user named something that is not there.
  case notFound(path: String, what: String, name: String, candidates: [String])
  /// A file of parameters alone, whose network is not one of those known.
  case needsArchitecture(path: String, summary: String)
  /// Parameters do not fit the network.
  case parameterMismatch(path: String, missing: [String], unexpected: [String], wrong: [String])
  /// The network does not make sense.
  case graph(path: String, GraphError)

  /// One line: where, what, found, expected, what to do.
  ///
  /// Names come from files and may hold anything; control characters are shown as `?`.
  public var description: String {
    String(
      String.UnicodeScalarView(
        message.unicodeScalars.map { scalar in
          [.control, .lineSeparator, .paragraphSeparator].contains(
            scalar.properties.generalCategory
          ) ? "?" : scalar
        }
      )
    )
  }

  private var message: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .unknownFormat(let path, let found):
      "\(path): not a model this converter knows, found \(found); expected one of \(ModelImporters.formatNames)"
    case .missingCompanion(let path, let expected):
      "\(path): \(expected) is missing beside it; copy it there"
    case .malformed(let path, let place, let problem):
      "\(path): \(place.isEmpty ? "" : place + ": ")\(problem)"
    case .unsupported(let path, let operators):
      "\(path): \(operators.count) unsupported operator\(operators.count == 1 ? "" : "s"): "
        + operators.map(\.description).joined(separator: ", ")
    case .ambiguous(let path, let what, let candidates, let option):
      "\(path): \(candidates.count) possible \(what)s, found \(Self.list(candidates)); choose with \(option) NAME"
    case .notFound(let path, let what, let name, let candidates):
      "\(path): no \(what) \"\(name)\", found \(Self.list(candidates))"
    case .needsArchitecture(let path, let summary):
      "\(path): holds parameters but no network, found \(summary); name the network with --architecture FILE"
    case .parameterMismatch(let path, let missing, let unexpected, let wrong):
      "\(path): parameters do not fit the network: "
        + [
          missing.isEmpty ? nil : "missing \(Self.list(missing))",
          unexpected.isEmpty ? nil : "unexpected \(Self.list(unexpected))",
          wrong.isEmpty ? nil : "wrong shape \(Self.list(wrong))",
        ].compactMap { $0 }.joined(separator: "; ")
    case .graph(let path, let error): "\(path): \(error)"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.isEmpty
      ? "none" : names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
  }
}

/// An operator of the framework that has no counterpart here.
public struct UnsupportedOperator: Sendable, Equatable, CustomStringConvertible {
  /// The framework's name of the operator.
  public var type: String
  /// The node's name.
  public var node: String
  /// What about it is unsupported; empty when all of it is.
  public var detail: String

  /// An operator that cannot be converted.
  public init(type: String, node: String, detail: String = "") {
    self.type = type
    self.node = node
    self.detail = detail
  }

  /// `Type "node" (detail)`.
  public var description: String {
    "\(type) \"\(node)\"" + (detail.isEmpty ? "" : " (\(detail))")
  }
}
