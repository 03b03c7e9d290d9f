internal import CLinux
internal import Camera
internal import ModelFormat
internal import ModelStore
internal import Pixels
internal import PlainText
internal import Runtime

/// The way of a frame: source, pixels, network, smoothing, outputs; one thread, nothing allocated a frame.
final class FrameLoop {
  private static let waitNanoseconds: Int64 = 250_000_000
  private static let secondNanoseconds: Int64 = 1_000_000_000

  private let settings: Settings
  private let source: FrameSource
  private let keeper: ModelKeeper
  private let log: Log
  private let metrics: Metrics
  private let bulletin: Bulletin
  private let outputs: Outputs
  private var notifier = ServiceNotifier()
  private let health = BoardHealth()

  private var loaded: LoadedModel
  private var model: ModelInUse
  /// Nil where the model's file says nothing to compare with.
  private var drift: DriftMonitor?
  private var pixels: FramePixels
  private let picture: Picture
  private var description = ServiceDescription()
  private var line = TextBuilder()
  private var nextSecond: Int64 = 0

  init(
    _ settings: Settings,
    source: FrameSource,
    keeper: ModelKeeper,
    outputs: Outputs,
    log: Log,
    metrics: Metrics,
    bulletin: Bulletin
  ) {
    self.settings = settings
    self.source = source
    self.keeper = keeper
    self.outputs = outputs
    self.log = log
    self.metrics = metrics
    self.bulletin = bulletin
    loaded = keeper.first
    description.startedWallNanoseconds = cl_wall_nanoseconds()
    Self.describe(loaded, in: &description)
    model = ModelInUse(loaded.network, settings.results, description)
    drift = DriftMonitor.make(loaded.file, settings.drift)
    metrics.observe(drift)
    pixels = Self.pixels(settings.camera, loaded.network)
    picture = Picture(quality: settings.frames.quality)
    bulletin.description = description
  }

  /// Classifies until the source ends or a signal says so, and returns the exit status.
  func run() -> Int32 {
    notifier.ready()
    var status: Int32 = 0
    frames: while cl_take_signal(Int32(CL_SIGNAL_END)) == 0 {
      if let next = keeper.takeReady() { swap(to: next) }
      switch source.next(timeoutNanoseconds: Self.waitNanoseconds) {
      case .frame(let frame):
        classify(frame)
      case .event(let event):
        take(event)
      case .timedOut:
        break
      case .ended:
        break frames
      }
      let now = cl_nanoseconds()
      if now >= nextSecond {
        nextSecond = now + Self.secondNanoseconds
        everySecond()
      }
      if outputs.isOver {
        status = 1
        break
      }
    }
    notifier.stopping()
    source.stop()
    updateCounters()
    outputs.stop()
    return status
  }

  /// Takes one frame through; it is given back as soon as its pixels are read.
  private func classify(_ frame: Frame) {
    var result = FrameResult()
    let start = cl_nanoseconds()
    result.sequence = frame.sequence
    result.times.capture = max(0, start - frame.timestampNanoseconds)
    result.wallNanoseconds = cl_wall_nanoseconds() - result.times.capture
    let network = model.network
    do throws(FrameError) {
      try pixels.convert(
        frame,
        into: network.inputMemory,
        pixelStride: network.inputPixelStride
      )
    } catch {
      source.release()
      source.countBadPicture()
      var text = TextBuilder("a frame cannot be used: ")
      text.append(string: error.message)
      if error.isLasting { log.error(.camera, text) } else { log.warning(.camera, text) }
      return
    }
    // Only who may want the picture keeps the camera's buffer waiting for the result.
    let needsPicture = bulletin.wantsPicture || outputs.frames != nil
    if !needsPicture { source.release() }
    let converted = cl_nanoseconds()
    result.times.pixels = converted - start
    if let drift { drift.run(network) } else { network.run() }
    let inferred = cl_nanoseconds()
    result.times.inference = inferred - converted
    result.decision = model.decide(nanoseconds: frame.timestampNanoseconds)
    if let best = model.top(1).first { drift?.observe(score: best.value) }
    publish(result, needsPicture ? frame : nil, now: inferred)
    if needsPicture { source.release() }
    let end = cl_nanoseconds()
    result.times.publish = end - inferred
    result.times.total = end - frame.timestampNanoseconds
    metrics.observe(result.times)
    metrics.add(.framesClassified)
    keeper.countFrame()
    notifier.classified(nanoseconds: end)
    if bulletin.state != .running { bulletin.state = .running }
  }

  private func publish(_ result: FrameResult, _ frame: Frame?, now: Int64) {
    line.clear()
    result.append(json: model.top(settings.results.top), model.texts, to: &line)
    line.bytes.withUnsafeBufferPointer { json in
      if let frame { publish(frame, json, result, now: now) }
      bulletin.post(result: json)
    }
    let decision = result.decision
    outputs.mqtt?.publish(
      result: line,
      label: decision.label.flatMap { model.label($0) },
      isChange: decision.isChanged
    )
    if result.decision.isChanged || !settings.results.isChangesOnly {
      line.append("\n")
      outputs.write(line, result, model, now: now)
      metrics.add(.resultsPublished)
    }
  }

  /// Gives the picture to who wants it; it is made once, and only then.
  private func publish(
    _ frame: Frame,
    _ json: UnsafeBufferPointer<UInt8>,
    _ result: FrameResult,
    now: Int64
  ) {
    let isWatched = bulletin.wantsPicture
    let isHard = outputs.frames?.wants(model, nanoseconds: now) == true
    guard isWatched || isHard, let jpeg = picture.jpeg(of: frame) else { return }
    if isWatched { bulletin.post(picture: jpeg) }
    guard isHard else { return }
    outputs.frames?.take(
      jpeg,
      json,
      wallNanoseconds: result.wallNanoseconds,
      sequence: result.sequence,
      nanoseconds: now
    )
  }

  private func take(_ event: SourceEvent) {
    let text = TextBuilder(string: event.message)
    let level: LogLevel =
      switch event.severity {
      case .error: .error
      case .warning: .warning
      case .info: .info
      }
    log.write(level, .camera, text, endsTrouble: event.state == .running)
    switch event.state {
    case .running: describeSource()
    case .lost:
      // Later words about a camera that is away do not make it younger.
      if case .cameraLost = bulletin.state { break }
      bulletin.state = .cameraLost(sinceNanoseconds: cl_nanoseconds())
    case .unchanged: break
    }
    notifier.status(text)
  }

  private func swap(to next: LoadedModel) {
    let former = loaded
    loaded = next
    Self.describe(next, in: &description)
    bulletin.description = description
    model = ModelInUse(next.network, settings.results, description)
    drift = DriftMonitor.make(next.file, settings.drift)
    metrics.observe(drift)
    pixels = Self.pixels(settings.camera, next.network)
    metrics.add(.modelSwaps)
    // Last, when nothing here refers to it any more: its memory is given back by the keeper's thread.
    keeper.retire(former)
  }

  private func describeSource() {
    guard let source = source.description else { return }
    description.camera = source.name
    description.format = source.format
    (description.width, description.height) = (source.width, source.height)
    bulletin.description = description
    model.rename(description)
  }

  private static func pixels(_ settings: CameraSettings, _ network: Network) -> FramePixels {
    let region = settings.region
    return FramePixels(
      contract: network.file.input,
      region: region.count == 4
        ? PixelRegion(x: region[0], y: region[1], width: region[2], height: region[3]) : nil,
      orientation: Orientation(
        rotation: Orientation.Rotation(rawValue: settings.rotation) ?? .none
      )
    )
  }

  private static func describe(_ model: LoadedModel, in description: inout ServiceDescription) {
    description.modelName = model.name
    description.modelHash = model.hashText
  }

  private func everySecond() {
    let isAsked = cl_take_signal(Int32(CL_SIGNAL_RELOAD)) != 0
    if isAsked || outputs.mqtt?.takeReload() == true {
      log.info(.service, TextBuilder("asked to look for another model and to open files again"))
      keeper.checkNow()
      outputs.reopen()
    }
    outputs.accept(now: cl_nanoseconds())
    updateCounters()
    if let counts = outputs.mqtt?.currentCounts { metrics.observe(counts) }
    if let news = drift?.news(nanoseconds: nextSecond) {
      log.write(news.isDrifting ? .warning : .info, .drift, news.message)
    }
    metrics.observe(temperature: health.temperature, isThrottled: health.isThrottled)
  }

  /// Takes over what others count.
  private func updateCounters() {
    let counters = source.counters
    metrics.set(.framesCaptured, to: counters.captured)
    metrics.set(.framesDropped, to: counters.dropped + counters.missed)
    metrics.set(.reconnects, to: counters.reconnects)
    metrics.set(.flagged, to: counters.flagged)
    metrics.set(.short, to: counters.short)
    metrics.set(.damaged, to: counters.bad)
    metrics.set(.frozen, to: counters.frozen)
    metrics.set(.inputOutput, to: counters.ioErrors)
    metrics.set(.unplugged, to: counters.unplugged)
    metrics.set(.open, to: counters.openFailures)
    metrics.set(.format, to: counters.formatChanges)
    metrics.set(.resultsDropped, to: Int(outputs.dropped))
    metrics.set(.modelsRefused, to: keeper.status.refused)
  }
}
