/// Where frames come from; one consumer.
public enum FrameSource {
  /// A V4L2 camera.
  case camera(CameraStream)
  /// Files, a pipe or a test picture.
  case files(FileSource)

  /// Waits for news: an event that was not told yet, or else the newest frame.
  ///
  /// A frame that was not released is released first. Allocates nothing for a frame.
  public func next(timeoutNanoseconds: Int64) -> FrameNews {
    switch self {
    case .camera(let stream): stream.next(timeoutNanoseconds: timeoutNanoseconds)
    case .files(let files): files.next(timeoutNanoseconds: timeoutNanoseconds)
    }
  }

  /// Gives the frame back; its bytes must not be read after.
  public func release() {
    switch self {
    case .camera(let stream): stream.release()
    case .files: break
    }
  }

  /// The frame could not be decoded.
  public func countBadPicture() {
    switch self {
    case .camera(let stream): stream.countBadPicture()
    case .files(let files): files.countBadPicture()
    }
  }

  /// What the source has done since its start.
  public var counters: CameraCounters {
    switch self {
    case .camera(let stream): stream.counters
    case .files(let files): files.counters
    }
  }

  /// What it gives, nil while it gives nothing.
  public var description: SourceDescription? {
    switch self {
    case .camera(let stream):
      stream.description.map {
        SourceDescription(
          name: $0.name,
          format: $0.code.text,
          width: $0.width,
          height: $0.height
        )
      }
    case .files(let files): files.description
    }
  }

  /// Ends it, within a tenth of a second.
  public func stop() {
    switch self {
    case .camera(let stream): stream.stop()
    case .files: break
    }
  }
}

/// What a source of frames gives now.
public struct SourceDescription: Sendable {
  /// The camera's own name, or the path of what is played.
  public var name: String
  /// What frames are made of, such as `YUYV`.
  public var format: String
  /// Columns.
  public var width: Int
  /// Rows.
  public var height: Int
}
