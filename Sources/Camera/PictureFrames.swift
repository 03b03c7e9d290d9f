internal import CLinux
internal import ImageCodecs
internal import PlainText

/// The pictures of a folder, in the order of their names, as frames: JPEG as it is in the file, all others as RGB.
///
/// Pictures are read when they are first shown and kept while they are less than `mostKept` altogether; those beyond are read every
/// time, which allocates. A JPEG that a camera would not give, turned by EXIF or made of inks, becomes RGB too.
struct PictureFrames {
  /// What comes next.
  enum Item {
    case picture(UnsafeRawBufferPointer, FrameFormat, width: Int, height: Int)
    /// A picture is passed over: one line.
    case trouble(String)
    case ended
  }

  /// Bytes of pictures that are kept.
  static let mostKept = 256 << 20
  /// Bytes that a file may have.
  private static let mostFileBytes = 128 << 20

  /// A picture in memory.
  private struct Picture {
    var bytes: UnsafeMutableRawBufferPointer
    var format: FrameFormat
    var width: Int
    var height: Int
  }

  private let folder: String
  private let names: [[UInt8]]
  private let isLooping: Bool
  private var pictures: [Picture?]
  private var keptBytes = 0
  /// The one that is not kept.
  private var passing: Picture?
  private var index = 0
  /// Pictures of this round that could be shown.
  private var shown = 0

  /// The pictures of a folder.
  init(folder: String, isLooping: Bool) throws(FileSourceError) {
    var list = FolderList()
    let error = folder.withTerminatedBytes { path in
      withUnsafeMutablePointer(to: &list) { list in
        cl_list_folder(
          path,
          { context, name in
            guard let context, let name else { return }
            let list = context.assumingMemoryBound(to: FolderList.self)
            list.pointee.add(UnsafeBufferPointer(start: name, count: Self.length(name)))
          },
          list
        )
      }
    }
    guard error == 0 else { throw .system(path: folder, error: error) }
    guard !list.names.isEmpty else { throw .empty(path: folder) }
    self.folder = folder
    self.isLooping = isLooping
    names = list.names.sorted { $0.lexicographicallyPrecedes($1) }
    pictures = [Picture?](repeating: nil, count: names.count)
  }

  /// One picture that is no JPEG by its name; nil where it is.
  init?(file: String, isLooping: Bool) {
    var name: [UInt8] = []
    file.appendBytes(to: &name)
    guard
      FolderList.ends(name, ".png") || FolderList.ends(name, ".ppm")
        || FolderList.ends(name, ".pgm")
    else { return nil }
    folder = ""
    self.isLooping = isLooping
    names = [name]
    pictures = [nil]
  }

  private static func length(_ name: UnsafePointer<CChar>) -> Int {
    var length = 0
    while name[length] != 0 { length += 1 }
    return length
  }

  /// Gives the memory back.
  func deallocate() {
    for picture in pictures { picture?.bytes.deallocate() }
    passing?.bytes.deallocate()
  }

  /// Passes over the next pictures.
  mutating func skip(_ count: Int) {
    guard isLooping else { return index = min(index + count, names.count) }
    index = (index + count % names.count) % names.count
  }

  /// The next picture, valid until the next call.
  mutating func next() -> Item {
    if index == names.count {
      guard isLooping, shown > 0 else { return .ended }
      index = 0
      shown = 0
    }
    let place = index
    index += 1
    if let picture = pictures[place] { return show(picture) }
    var path = TextBuilder(string: folder)
    if !folder.utf8.isEmpty { path.append("/") }
    names[place].withUnsafeBufferPointer { path.append(bytes: $0) }
    passing?.bytes.deallocate()
    passing = nil
    do throws(PictureError) {
      let picture = try Self.read(path.string)
      if keptBytes + picture.bytes.count <= Self.mostKept {
        keptBytes += picture.bytes.count
        pictures[place] = picture
      } else {
        passing = picture
      }
      return show(picture)
    } catch {
      path.append(": ")
      path.append(string: error.reason)
      return .trouble(path.string)
    }
  }

  private mutating func show(_ picture: Picture) -> Item {
    shown += 1
    return .picture(
      UnsafeRawBufferPointer(picture.bytes),
      picture.format,
      width: picture.width,
      height: picture.height
    )
  }

  private struct PictureError: Error {
    var reason: String
  }

  private static func read(_ path: String) throws(PictureError) -> Picture {
    var memory: UnsafeMutablePointer<UInt8>?
    var size = 0
    let error = path.withTerminatedBytes { cl_read_file($0, mostFileBytes, &memory, &size) }
    guard error == 0 else {
      throw PictureError(reason: TextBuilder(cString: cl_error_text(error)).string)
    }
    defer { cl_free(memory) }
    let file = UnsafeRawBufferPointer(start: memory, count: size)
    if ImageDecoder.isUprightJPEG(file) {
      var scanner = JPEGScanner()
      _ = scanner.scan(file, isEnd: true)
      if scanner.components == 1 || scanner.components == 3 {
        return Picture(
          bytes: copy(file),
          format: .jpeg,
          width: scanner.width,
          height: scanner.height
        )
      }
    }
    do throws(ImageError) {
      let image = try ImageDecoder().decode(file)
      let bytes = image.rgb.withUnsafeBytes { copy($0) }
      return Picture(bytes: bytes, format: .rgb, width: image.width, height: image.height)
    } catch {
      throw PictureError(reason: error.message)
    }
  }

  private static func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyMemory(from: bytes)
    return copy
  }
}

/// The names in a folder that end as those of pictures do.
private struct FolderList {
  /// Most pictures that are played.
  private static let most = 1 << 20
  private static let endings: [StaticString] = [".jpg", ".jpeg", ".png", ".ppm", ".pgm"]

  var names: [[UInt8]] = []

  mutating func add(_ name: UnsafeBufferPointer<CChar>) {
    let bytes = name.map { UInt8(bitPattern: $0) }
    // What begins with a dot is hidden.
    guard bytes.first != 0x2E, names.count < Self.most else { return }
    for ending in Self.endings where Self.ends(bytes, ending) {
      names.append(bytes)
      return
    }
  }

  static func ends(_ name: [UInt8], _ ending: StaticString) -> Bool {
    let count = ending.utf8CodeUnitCount
    guard name.count > count else { return false }
    for index in 0..<count {
      let byte = name[name.count - count + index]
      let lower = (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
      if lower != ending.utf8Start[index] { return false }
    }
    return true
  }
}
