internal import CLinux
internal import CWeb
internal import PlainText

/// Who may ask: those with the token or the password, and without either those who ask for this machine.
struct WebAccess {
  /// What a request may have in the way of authentication.
  enum Credentials {
    case right, wrong, missing
  }

  /// A word before the secret, in any case, and the secret.
  private struct Secret {
    let scheme: StaticString
    let bytes: [UInt8]

    func matches(_ given: UnsafeBufferPointer<CChar>) -> Bool {
      let prefix = scheme.utf8CodeUnitCount
      guard given.count >= prefix, let base = given.baseAddress else { return false }
      for place in 0..<prefix {
        let isLetter = place < prefix - 1
        let byte = UInt8(bitPattern: given[place])
        guard (isLetter ? byte | 0x20 : byte) == (scheme.utf8Start[place] | 0x20) else {
          return false
        }
      }
      return bytes.withUnsafeBytes { secret in
        cweb_secrets_equal(
          base + prefix,
          given.count - prefix,
          secret.baseAddress?.assumingMemoryBound(to: CChar.self),
          secret.count
        ) != 0
      }
    }
  }

  private static let tokenBytes = 16
  private static let passwordBytes = 8

  private var secrets: [Secret] = []
  private let hosts: WebHosts

  /// Whether a request needs a token or a password.
  var isProtected: Bool { !secrets.isEmpty }

  /// The rules of `settings`.
  ///
  /// Throws where a secret cannot be read or is short, and where an address that others reach would be open to all of them.
  static func read(_ settings: HTTPSettings) throws(WebError) -> WebAccess {
    var secrets: [Secret] = []
    let token = try secret(settings.token, settings.tokenFile, key: "token", tokenBytes)
    if !token.isEmpty {
      secrets.append(Secret(scheme: "Bearer ", bytes: token))
      // Browsers cannot send a token of their own accord, but they ask for a user and a password.
      secrets.append(basic(user: "token", password: token))
    }
    let password = try secret(
      settings.password,
      settings.passwordFile,
      key: "password",
      passwordBytes
    )
    if !password.isEmpty { secrets.append(basic(user: settings.user, password: password)) }
    let isOpen = secrets.isEmpty && !settings.allowsAnonymous
    guard !isOpen || WebHosts.isLoopback(settings.address) else {
      throw .unprotected(address: settings.address)
    }
    return WebAccess(secrets: secrets, hosts: WebHosts(settings.hosts))
  }

  /// What the request's `Authorization` is worth; compares with all secrets, in constant time.
  func credentials(_ request: WebRequest) -> Credentials {
    guard let given = request.header("Authorization") else { return .missing }
    var isRight = false
    for secret in secrets where secret.matches(given) { isRight = true }
    return isRight ? .right : .wrong
  }

  /// Whether the name that the request was sent to is one of this machine.
  ///
  /// A page of another site can let its own name point here and then read what it likes (DNS rebinding), but cannot
  /// change the name that the browser sends. Who has a secret is not asked: a browser keeps it from other names.
  func isForHere(_ request: WebRequest) -> Bool {
    guard !isProtected else { return true }
    return hosts.allows(request.header("Host"))
  }

  private static func basic(user: String, password: [UInt8]) -> Secret {
    var pair = TextBuilder(string: user)
    pair.append(":")
    var text = TextBuilder()
    text.append(base64: pair.bytes + password)
    return Secret(scheme: "Basic ", bytes: text.bytes)
  }

  /// The bytes of a setting or of the first line of a file; none where neither is set.
  private static func secret(
    _ value: String,
    _ path: String,
    key: StaticString,
    _ leastBytes: Int
  ) throws(WebError) -> [UInt8] {
    var bytes = TextBuilder(string: value).bytes
    if !path.isEmpty { bytes = try firstLine(path) }
    guard bytes.count >= leastBytes || (bytes.isEmpty && path.isEmpty) else {
      throw .shortSecret(key: key, count: bytes.count, expected: leastBytes)
    }
    return bytes
  }

  private static func firstLine(_ path: String) throws(WebError) -> [UInt8] {
    var base: UnsafeMutablePointer<UInt8>?
    var count = 0
    let error = path.withTerminatedBytes { cl_read_file($0, 4096, &base, &count) }
    guard error == 0 else {
      throw .secretFile(path: path, reason: TextBuilder(cString: cl_error_text(error)).string)
    }
    defer { cl_free(base) }
    var bytes: [UInt8] = []
    for byte in UnsafeBufferPointer(start: base, count: count) {
      if byte == 0x0A || byte == 0x0D { break }
      bytes.append(byte)
    }
    return bytes
  }
}
