public import PlainText

/// Why there is no HTTP server.
public enum WebError: Error {
  /// It would let everybody in.
  case unprotected(address: String)
  /// A secret that is too easily found.
  case shortSecret(key: StaticString, count: Int, expected: Int)
  /// A file with a secret that cannot be read.
  case secretFile(path: String, reason: String)
  /// The system, or libmicrohttpd, says no.
  case cannotListen(address: String, port: Int, reason: String)

  /// One line: where, what, what was expected, what to do.
  public var message: TextBuilder {
    var text = TextBuilder()
    switch self {
    case .unprotected(let address):
      text.append("address ", address)
      text.append(" without authentication, expected a token or a password; ")
      text.append("set token_file or password_file, or allow_anonymous = yes")
    case .shortSecret(let key, let count, let expected):
      text.append(key)
      text.append(": ", count)
      text.append(" bytes, expected at least ", expected)
    case .secretFile(let path, let reason):
      text.append("", path)
      text.append(": ", reason)
    case .cannotListen(let address, let port, let reason):
      text.append("", address)
      text.append(" port ", port)
      text.append(": ", reason)
    }
    return text
  }
}
