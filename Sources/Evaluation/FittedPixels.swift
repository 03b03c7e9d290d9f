internal import Dispatch
internal import ModelFormat
internal import Synchronization

/// Pixels of some images of a set, fitted as one contract says, so that the images are decoded once.
public struct FittedPixels: Sendable {
  /// Bytes that are kept where nothing else is asked for: 1,700 images of 224 × 224.
  public static let usualBytes = 256 << 20

  private let contract: InputContract
  private var images: [Int: [UInt8]]

  /// What is kept of the image at a place of the set; nil where nothing is, or for another contract.
  func pixels(_ place: Int, _ contract: InputContract) -> [UInt8]? {
    contract == self.contract ? images[place] : nil
  }

  /// The same images at other places.
  func moved(_ place: (Int) -> Int) -> FittedPixels {
    var moved = self
    moved.images = [:]
    for (index, pixels) in images { moved.images[place(index)] = pixels }
    return moved
  }

  /// Decodes every image of a set; keeps as many as `bytes` hold, the first ones, and why the others cannot be read.
  static func read(
    _ set: ImageSet,
    _ contract: InputContract,
    threads: Int,
    keeping bytes: Int
  ) -> (pixels: FittedPixels, errors: [Int: DataSetError]) {
    let size = max(1, contract.height * contract.width * contract.channels)
    let kept = max(0, bytes) / size
    let state = Mutex(
      (next: 0, images: [Int: [UInt8]](), errors: [Int: DataSetError]())
    )
    DispatchQueue.concurrentPerform(iterations: min(max(1, threads), 64)) { _ in
      while true {
        let index = state.withLock { state in
          defer { state.next += 1 }
          return state.next
        }
        guard index < set.items.count else { return }
        do throws(DataSetError) {
          let pixels = try set.pixels(index, contract)
          if index < kept { state.withLock { $0.images[index] = pixels } }
        } catch {
          state.withLock { $0.errors[index] = error }
        }
      }
    }
    let (_, images, errors) = state.withLock { $0 }
    return (FittedPixels(contract: contract, images: images), errors)
  }
}
