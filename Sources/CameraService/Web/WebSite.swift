internal import CLinux
internal import CWeb
internal import ModelFormat
internal import PlainText

/// What the server serves; used by the server's thread only.
final class WebSite {
  private static let json: StaticString = "application/json"
  private static let plain: StaticString = "text/plain; charset=utf-8"
  /// How long a wrong password waits for its answer, and a request for a picture for the picture, nanoseconds.
  private static let penalty: Int64 = 1_000_000_000
  private static let pictureWait: Int64 = 2_000_000_000
  /// Bytes that are copied at a time: most events fit, and few pieces make a picture.
  private static let eventPiece = 2048
  private static let picturePiece = 32 * 1024

  private let board: Bulletin
  private let metrics: Metrics
  private let log: Log
  private let access: WebAccess
  private let status: WebStatus
  private let openHealth: Bool
  private let pictureInterval: Int64
  private let pageTag: TextBuilder
  private let pagePolicy: TextBuilder
  private var streams: [WebStream]
  private var traffic = WebTraffic()
  private var picture: [UInt8] = []

  init(
    _ settings: HTTPSettings,
    access: WebAccess,
    board: Bulletin,
    metrics: Metrics,
    log: Log,
    version: StaticString
  ) {
    self.board = board
    self.metrics = metrics
    self.log = log
    self.access = access
    status = WebStatus(version: version)
    openHealth = settings.hasOpenHealth
    pictureInterval = 1_000_000_000 / Int64(settings.streamRate)
    streams = [WebStream](repeating: WebStream(), count: settings.streams)
    pageTag = Self.tag(of: Self.page)
    pagePolicy = Self.policy()
  }

  // MARK: requests

  /// Answers a request, or lets it wait.
  func respond(to request: WebRequest) {
    if !access.isForHere(request) {
      return answer(request, 421, "this name is not served; add it to hosts in [http]\n")
    }
    let isOpen = openHealth && request.asks(for: "/healthz")
    if !isOpen && access.isProtected && !isAdmitted(request) { return }
    if request.asks(for: "/") {
      sendPage(request)
    } else if request.asks(for: "/api/result") {
      sendResult(request)
    } else if request.asks(for: "/api/status") {
      var text = TextBuilder()
      status.append(to: &text, board)
      text.append("\n")
      answer(request, 200, Self.json, text)
    } else if request.asks(for: "/api/events") {
      stream(request, .events, "text/event-stream", piece: Self.eventPiece)
    } else if request.asks(for: "/stream.mjpeg") {
      stream(request, .pictures, WebStream.pictureType, piece: Self.picturePiece)
    } else if request.asks(for: "/snapshot.jpg") {
      sendPicture(request)
    } else if request.asks(for: "/metrics") {
      sendMetrics(request)
    } else if request.asks(for: "/healthz") {
      sendHealth(request)
    } else {
      answer(request, 404, "not found\n")
    }
  }

  /// Whether the request has the right credentials; if not, it has been answered or waits for that.
  private func isAdmitted(_ request: WebRequest) -> Bool {
    switch access.credentials(request) {
    case .right: return true
    case .missing: break
    case .wrong:
      // Guessing takes a second a guess.
      if request.note == 0 {
        request.note = 1
        var line = TextBuilder("wrong password or token from ")
        line.append(request.peer)
        log.warning(.http, line)
      }
      guard cl_nanoseconds() - request.began >= Self.penalty else { return false }
    }
    answer(request, 401, "expected a password or a token\n")
    request.set("WWW-Authenticate", "Basic realm=\"cnncamd\", charset=\"UTF-8\"")
    request.set("WWW-Authenticate", "Bearer")
    return false
  }

  private func sendPage(_ request: WebRequest) {
    if request.header("If-None-Match", is: pageTag) {
      answer(request, 304, "")
    } else {
      traffic.count(200)
      request.answer(200, "text/html; charset=utf-8", constant: Self.page)
      setSafety(request)
    }
    request.set("Content-Security-Policy", pagePolicy)
    request.set("X-Frame-Options", "DENY")
    request.set("Cache-Control", "no-cache")
    request.set("ETag", pageTag)
  }

  private func sendResult(_ request: WebRequest) {
    guard board.copyResult(after: 0, into: &picture) != nil else {
      return answer(request, 503, "no result yet\n")
    }
    picture.append(0x0A)
    traffic.count(200)
    request.answer(200, Self.json, picture)
    setSafety(request)
    request.set("Cache-Control", "no-store")
  }

  /// The first picture that is newer than the request.
  private func sendPicture(_ request: WebRequest) {
    let newest = board.numbers.picture
    if request.note == 0 {
      request.note = newest + 1
      board.requestPicture()
    }
    if newest >= request.note, board.copyPicture(after: 0, into: &picture) != nil {
      traffic.count(200)
      request.answer(200, "image/jpeg", picture)
      setSafety(request)
      request.set("Cache-Control", "no-store")
    } else if cl_nanoseconds() - request.began >= Self.pictureWait {
      answer(request, 503, "no picture\n")
    }
  }

  private func sendMetrics(_ request: WebRequest) {
    var text = TextBuilder()
    metrics.render(into: &text)
    status.appendMetrics(to: &text, board)
    traffic.append(to: &text, streams)
    answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", text)
  }

  private func sendHealth(_ request: WebRequest) {
    let state = board.state
    var text = TextBuilder()
    text.append("{")
    status.appendState(state, to: &text)
    text.append("}\n")
    answer(request, state == .running ? 200 : 503, Self.json, text)
  }

  private func stream(
    _ request: WebRequest,
    _ kind: WebStream.Kind,
    _ type: StaticString,
    piece: Int
  ) {
    if request.isHead {
      traffic.count(200)
      request.answer(200, type, [])
    } else if let free = streams.firstIndex(where: { $0.kind == nil }) {
      streams[free].begin(kind, now: cl_nanoseconds())
      if kind == .pictures { board.beginWatching() }
      traffic.count(200)
      request.answer(type, stream: free, piece: piece)
    } else {
      answer(request, 503, "too many streams\n")
      request.set("Retry-After", "5")
      return
    }
    setSafety(request)
    request.set("Cache-Control", "no-store")
    // Some reverse proxies collect an answer before they pass it on.
    request.set("X-Accel-Buffering", "no")
  }

  // MARK: streams

  /// Fills in what comes next of a stream; 0 for nothing yet.
  func read(_ stream: Int, into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
    streams[stream].read(
      into: target,
      board,
      status,
      pictureInterval: pictureInterval,
      now: cl_nanoseconds()
    )
  }

  /// A stream has ended.
  func end(_ stream: Int) {
    if streams[stream].kind == .pictures { board.endWatching() }
    streams[stream].end()
  }

  // MARK: answers

  private func answer(_ request: WebRequest, _ code: UInt32, _ words: StaticString) {
    answer(request, code, Self.plain, TextBuilder(words))
  }

  private func answer(
    _ request: WebRequest,
    _ code: UInt32,
    _ type: StaticString,
    _ text: TextBuilder
  ) {
    traffic.count(code)
    request.answer(code, type, text.bytes)
    setSafety(request)
    request.set("Cache-Control", "no-store")
  }

  /// What every answer forbids browsers to do with it.
  private func setSafety(_ request: WebRequest) {
    request.set("X-Content-Type-Options", "nosniff")
    request.set("Referrer-Policy", "no-referrer")
    request.set("Cross-Origin-Resource-Policy", "same-origin")
  }

  private static var page: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: cweb_page(), count: cweb_page_size())
  }

  private static func tag(of page: UnsafeRawBufferPointer) -> TextBuilder {
    var tag = TextBuilder("\"")
    tag.append(XXH64.hash(page), radix: 16, digits: 16)
    tag.append("\"")
    return tag
  }

  /// The page may use its own style and script and ask this server, nothing else; no other page may show it in a frame.
  private static func policy() -> TextBuilder {
    var text = TextBuilder(
      "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src '"
    )
    text.append(TextBuilder(cString: cweb_page_style_hash()))
    text.append("'; script-src '")
    text.append(TextBuilder(cString: cweb_page_script_hash()))
    text.append("'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    return text
  }
}
