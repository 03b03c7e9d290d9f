internal import Foundation
public import ImageCodecs
public import ModelFormat
internal import Pixels

/// Images with their classes where the data set says them; pixels are loaded one image at a time.
public struct ImageSet: Sendable {
  /// What a data set says of an image's class.
  public enum Class: Sendable, Hashable {
    /// Its number, from 0.
    case index(Int)
    /// Its name, which may also be a number.
    case name(String)
  }

  /// An image.
  public struct Item: Sendable, Hashable {
    /// File, or number within the file.
    public var name: String
    /// Nil where the data set does not say.
    public var imageClass: Class?

    /// An image and its class.
    public init(name: String, imageClass: Class? = nil) {
      self.name = name
      self.imageClass = imageClass
    }
  }

  /// File or folder, as given.
  public let path: String
  /// The images, in an order that depends on the set alone.
  public private(set) var items: [Item]
  private var positions: [Int]
  private let base: String
  private var fitted: FittedPixels?
  private let picture: @Sendable (_ position: Int) throws(DataSetError) -> Image

  /// A set whose `picture` decodes the image at a position of `items`; called from several threads.
  ///
  /// What names begin with, `base`, tells where the set lies and not what it is.
  public init(
    path: String,
    base: String,
    items: [Item],
    picture: @escaping @Sendable (_ position: Int) throws(DataSetError) -> Image
  ) {
    self.path = path
    self.base = base
    self.items = items
    self.picture = picture
    positions = Array(items.indices)
  }

  /// The images `shard`, `shard + count`, … from `shard` 0 on.
  public func shard(_ shard: Int, of count: Int) -> ImageSet {
    keeping(stride(from: shard, to: items.count, by: count).map { $0 })
  }

  /// Every `count`th image, and the rest.
  public func split(every count: Int) -> (rest: ImageSet, chosen: ImageSet) {
    let chosen = { (index: Int) in index % count == count - 1 }
    return (keeping(items.indices.filter { !chosen($0) }), keeping(items.indices.filter(chosen)))
  }

  /// At most `count` images at equal distances, since sets are often sorted by class.
  public func spread(_ count: Int) -> ImageSet {
    let count = min(max(0, count), items.count)
    return keeping((0..<count).map { $0 * items.count / count })
  }

  private func keeping(_ indices: [Int]) -> ImageSet {
    var part = self
    part.items = indices.map { items[$0] }
    part.positions = indices.map { positions[$0] }
    return part
  }

  /// The set without images that do not decode, each told to `skip` in the set's order.
  ///
  /// Decodes `threads` images at a time, and keeps the first pixels, up to `keeping` bytes, so that those are not decoded again.
  ///
  /// - Throws: `DataSetError.noImages` where none is left.
  public func readable(
    _ contract: InputContract,
    threads: Int = 1,
    keeping bytes: Int = FittedPixels.usualBytes,
    skip: (DataSetError) -> Void
  ) throws(DataSetError) -> ImageSet {
    let read = FittedPixels.read(self, contract, threads: threads, keeping: bytes)
    for error in read.errors.sorted(by: { $0.key < $1.key }) { skip(error.value) }
    let indices = items.indices.filter { read.errors[$0] == nil }
    guard !indices.isEmpty else { throw .noImages(path: path, found: items.count) }
    var part = keeping(indices)
    part.fitted = read.pixels.moved { positions[$0] }
    return part
  }

  /// Dense H × W × C bytes of image `index`, fitted as the contract says.
  public func pixels(
    _ index: Int,
    _ contract: InputContract
  ) throws(DataSetError) -> [UInt8] {
    if let kept = fitted?.pixels(positions[index], contract) { return kept }
    let image = try picture(positions[index])
    do throws(PixelError) {
      var plan = try PixelPlan(
        sourceHeight: image.height,
        sourceWidth: image.width,
        contract: contract
      )
      var bytes = [UInt8](
        repeating: 0,
        count: contract.height * contract.width * contract.channels
      )
      bytes.withUnsafeMutableBufferPointer {
        plan.convert(image.rgb, into: $0, pixelStride: contract.channels)
      }
      return bytes
    } catch {
      throw .file(path: items[index].name, problem: error.message)
    }
  }

  /// Height and width of image `index` before it is fitted; nil where it does not decode.
  public func size(_ index: Int) -> (height: Int, width: Int)? {
    (try? picture(positions[index])).map { ($0.height, $0.width) }
  }

  /// XXH64 over names and classes, which tells sets apart; the same wherever the set lies.
  public var fingerprint: UInt64 {
    var state = XXH64()
    for item in items {
      let name = item.name.hasPrefix(base) ? item.name.dropFirst(base.count) : item.name[...]
      var line = Array(name.utf8)
      switch item.imageClass {
      case .index(let index): line += Array("\t\(index)\n".utf8)
      case .name(let name): line += Array("\t\(name)\n".utf8)
      case nil: line.append(10)
      }
      line.withUnsafeBytes { state.update($0) }
    }
    return state.finalize()
  }
}
