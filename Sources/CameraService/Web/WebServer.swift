internal import CLinux
internal import CWeb
internal import PlainText

/// The HTTP server: page, JSON, events, pictures, metrics and health, in a thread of its own.
///
/// It reads from the bulletin and the metrics and costs the frame loop one system call a result while somebody listens.
public final class WebServer {
  private let server: OpaquePointer
  private let site: Unmanaged<WebSite>
  private let board: Bulletin

  /// The port that it listens on.
  public let port: Int

  /// Whether this build has a server.
  public static var isBuilt: Bool { cweb_is_built() != 0 }

  private init(_ server: OpaquePointer, _ site: Unmanaged<WebSite>, _ board: Bulletin, port: Int) {
    self.server = server
    self.site = site
    self.board = board
    self.port = port
  }

  /// Listens, and answers from now on.
  ///
  /// `version` is the program's. The bulletin's listener is the server's until `stop()`.
  /// Throws where the address cannot be had, or would be open to all who reach it.
  public static func start(
    _ settings: HTTPSettings,
    board: Bulletin,
    metrics: Metrics,
    log: Log,
    version: StaticString
  ) throws(WebError) -> WebServer {
    let access = try WebAccess.read(settings)
    let site = Unmanaged.passRetained(
      WebSite(
        settings,
        access: access,
        board: board,
        metrics: metrics,
        log: log,
        version: version
      )
    )
    var callbacks = cweb_callbacks()
    callbacks.context = site.toOpaque()
    callbacks.respond = { context, request in
      guard let context, let request else { return }
      WebServer.site(context).respond(to: WebRequest(request))
    }
    callbacks.read = { context, stream, bytes, size in
      guard let context else { return Int32(CWEB_END) }
      let target = UnsafeMutableBufferPointer(start: bytes, count: size)
      return Int32(WebServer.site(context).read(Int(stream), into: target))
    }
    callbacks.ended = { context, stream in
      guard let context else { return }
      WebServer.site(context).end(Int(stream))
    }
    var server: OpaquePointer?
    var port: UInt16 = 0
    let failure = start(settings, &callbacks, &server, &port)
    guard failure.words == nil, let server else {
      site.release()
      throw .cannotListen(
        address: settings.address,
        port: settings.port,
        reason: reason(failure)
      )
    }
    board.setListener { cweb_wake(server) }
    return WebServer(server, site, board, port: Int(port))
  }

  /// Ends all connections; takes milliseconds.
  public func stop() {
    board.setListener(nil)
    cweb_stop(server)
    site.release()
  }

  private static func site(_ context: UnsafeMutableRawPointer) -> WebSite {
    Unmanaged<WebSite>.fromOpaque(context).takeUnretainedValue()
  }

  private static func start(
    _ settings: HTTPSettings,
    _ callbacks: inout cweb_callbacks,
    _ server: inout OpaquePointer?,
    _ port: inout UInt16
  ) -> cweb_failure {
    var options = cweb_options()
    options.port = UInt16(settings.port)
    options.connections = UInt32(settings.connections)
    options.connections_per_address = UInt32(settings.connectionsPerAddress)
    options.connection_memory = 8192
    options.patience_milliseconds = UInt32(settings.patienceMilliseconds)
    var address = TextBuilder(string: settings.address).bytes
    address.append(0)
    return address.withUnsafeBytes { bytes in
      options.address = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      return cweb_start(&options, &callbacks, &server, &port)
    }
  }

  private static func reason(_ failure: cweb_failure) -> String {
    var text = TextBuilder()
    if let words = failure.words { text = TextBuilder(cString: words) }
    if failure.error != 0 {
      text.append(": ")
      text.append(TextBuilder(cString: cl_error_text(failure.error)))
    }
    return text.string
  }
}
