internal import CLinux
internal import Camera
internal import ModelFormat
internal import ModelStore
internal import PlainText
internal import Runtime

/// The camera daemon: settings in, exit status out.
public enum Service {
  /// Runs until the source ends, a signal says so, or nothing can be done, and returns the exit status.
  ///
  /// 0 after a source's end or a signal, 1 where the service cannot start or nobody reads its results.
  public static func run(_ settings: Settings, console: ConsoleStyle, version: StaticString)
    -> Int32
  {
    let log = Log(level: settings.log.level)
    cl_catch_signals()
    do throws(ServiceError) {
      return try run(settings, console, log, version)
    } catch {
      log.error(error.subject, error.message)
      return 1
    }
  }

  private static func run(
    _ settings: Settings,
    _ console: ConsoleStyle,
    _ log: Log,
    _ version: StaticString
  ) throws(ServiceError) -> Int32 {
    let metrics = Metrics()
    let bulletin = Bulletin()
    let keeper = try keeper(settings, log)
    defer { keeper.stop() }
    let web = try web(settings, bulletin, metrics, log, version)
    defer { web?.stop() }
    let source = try source(settings.camera, for: keeper.first.network)
    let mqtt = try mqtt(settings, keeper, bulletin, log, version)
    let outputs = try Outputs(settings, console: console, mqtt: mqtt, log: log, metrics: metrics)
    return FrameLoop(
      settings,
      source: source,
      keeper: keeper,
      outputs: outputs,
      log: log,
      metrics: metrics,
      bulletin: bulletin
    ).run()
  }

  private static func keeper(_ settings: Settings, _ log: Log) throws(ServiceError) -> ModelKeeper {
    var options = UpdateOptions()
    options.file = settings.model.path
    options.threads = settings.model.threads
    options.folder = modelFolder(settings.update)
    options.publicKey = settings.update.publicKey
    options.watchesFile = settings.update.watches
    options.maximumBytes = settings.update.maximumBytes
    options.trialFrames = settings.update.trialFrames
    options.requiresSameLabels = settings.update.requiresSameLabels
    if !settings.model.kernels.utf8.isEmpty {
      do throws(RuntimeError) {
        options.kernels = try KernelSet.named(settings.model.kernels)
      } catch {
        throw ServiceError(subject: .model, message: TextBuilder(string: error.message))
      }
    }
    do throws(ModelStoreError) {
      return try ModelKeeper.start(options) { event in
        let text = TextBuilder(string: event.message)
        switch event.level {
        case .error: log.error(.model, text)
        case .warning: log.warning(.model, text)
        case .info: log.info(.model, text)
        }
      }
    } catch {
      throw ServiceError(subject: .model, message: TextBuilder(string: error.message))
    }
  }

  /// Where models are kept: as set, or in the folder that systemd gives the service.
  private static func modelFolder(_ settings: UpdateSettings) -> String {
    guard settings.folder.utf8.isEmpty, let state = cl_environment("STATE_DIRECTORY") else {
      return settings.folder
    }
    // Of several folders, which colons part, the first.
    let all = TextBuilder(cString: state).bytes
    var folder = TextBuilder()
    for byte in all.prefix(while: { $0 != 0x3A }) { folder.append(byte: byte) }
    folder.append("/models")
    return folder.string
  }

  private static func web(
    _ settings: Settings,
    _ bulletin: Bulletin,
    _ metrics: Metrics,
    _ log: Log,
    _ version: StaticString
  ) throws(ServiceError) -> WebServer? {
    guard settings.http.isEnabled else { return nil }
    guard WebServer.isBuilt else {
      log.warning(.http, TextBuilder("no page and no metrics, this build has no libmicrohttpd"))
      return nil
    }
    do throws(WebError) {
      let web = try WebServer.start(
        settings.http,
        board: bulletin,
        metrics: metrics,
        log: log,
        version: version
      )
      var text = TextBuilder("page at http://")
      let isVersion6 = TextBuilder(string: settings.http.address).bytes.contains(0x3A)
      text.append(isVersion6 ? "[" : "", settings.http.address)
      text.append(isVersion6 ? "]:" : ":", web.port)
      text.append("/")
      log.info(.http, text)
      return web
    } catch {
      throw ServiceError(subject: .http, message: error.message)
    }
  }

  private static func mqtt(
    _ settings: Settings,
    _ keeper: ModelKeeper,
    _ bulletin: Bulletin,
    _ log: Log,
    _ version: StaticString
  ) throws(ServiceError) -> MQTTPublisher? {
    guard !settings.mqtt.host.utf8.isEmpty else { return nil }
    do throws(MQTTError) {
      return try MQTTPublisher.start(
        settings.mqtt,
        device: MQTTDevice(
          name: "EdgeCNN camera",
          model: "cnncamd",
          softwareVersion: TextBuilder(version).string
        ),
        delivery: ModelDelivery(keeper),
        bulletin: bulletin,
        log: log
      )
    } catch {
      throw ServiceError(subject: .mqtt, message: error.message)
    }
  }

  private static func source(
    _ settings: CameraSettings,
    for network: Network
  ) throws(ServiceError) -> FrameSource {
    if !settings.source.utf8.isEmpty { return .files(try files(settings)) }
    let contract = network.file.input
    var options = CameraOptions()
    options.device = settings.device
    options.format = settings.format
    (options.width, options.height) = (settings.width, settings.height)
    if let rate = settings.rate, rate > 0 { options.rate = rate }
    // A model that looks at the centre needs more around it.
    let fraction = max(0.1, contract.cropFraction)
    options.neededWidth = Int(Float(contract.width) / fraction + 0.999)
    options.neededHeight = Int(Float(contract.height) / fraction + 0.999)
    options.isGreyEnough = contract.channels == 1
    options.exposure = settings.exposure
    options.gain = settings.gain
    options.whiteBalance = settings.whiteBalance
    options.frozenMilliseconds = settings.frozenMilliseconds
    guard let stream = CameraStream.start(options) else {
      throw ServiceError(subject: .camera, message: TextBuilder("no thread for the camera"))
    }
    return .camera(stream)
  }

  private static func files(_ settings: CameraSettings) throws(ServiceError) -> FileSource {
    do throws(FileSourceError) {
      return try FileSource.open(
        settings.source,
        milliHertz: (settings.rate ?? 30) * 1000,
        isLooping: settings.isLooping
      )
    } catch {
      throw ServiceError(subject: .camera, message: TextBuilder(string: error.message))
    }
  }
}
