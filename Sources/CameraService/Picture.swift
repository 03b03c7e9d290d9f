internal import Camera

/// A frame as a JPEG file, in memory that stays: made when the first asks for it, once a frame.
final class Picture {
  private var jpeg = FrameJPEG()
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private let quality: Int

  /// Frames that are no JPEG are encoded with this quality, 1…100.
  init(quality: Int) { self.quality = quality }

  deinit { memory.deallocate() }

  /// The frame as a JPEG file, valid until the next call; nil where it has no picture.
  func jpeg(of frame: Frame) -> UnsafeBufferPointer<UInt8>? {
    // More than any picture takes that is not noise; room for the tables that cameras leave out.
    let room = max(frame.bytes.count, 2 * frame.width * frame.height) + 65_536
    if memory.count < room {
      memory.deallocate()
      memory = .allocate(byteCount: room, alignment: 64)
    }
    do throws(FrameError) {
      let size = try jpeg.write(frame, quality: quality, into: memory)
      return UnsafeBufferPointer(
        start: memory.baseAddress?.assumingMemoryBound(to: UInt8.self),
        count: size
      )
    } catch {
      return nil
    }
  }
}
