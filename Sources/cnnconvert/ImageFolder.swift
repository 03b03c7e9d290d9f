internal import Foundation
internal import GraphIR
internal import ImageCodecs
internal import ModelFormat
internal import Pixels
internal import Quantization

/// The images of a folder and its subfolders, in order of their paths, loaded one at a time.
struct ImageFolder: Sendable {
  let paths: [String]
  let contract: InputContract

  /// Lists and checks the images under `folder`; unreadable ones are told to `warn` and left out.
  init(_ folder: String, contract: InputContract, warn: (String) -> Void) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory) else {
      throw Failure("\(folder): no such folder")
    }
    guard isDirectory.boolValue, let walk = FileManager.default.enumerator(atPath: folder) else {
      throw Failure("\(folder): not a folder, expected one with JPEG or PNG images")
    }
    let known: Set = ["jpg", "jpeg", "png", "ppm", "pgm"]
    let names = walk.compactMap { $0 as? String }
      .filter { known.contains(($0 as NSString).pathExtension.lowercased()) }
    var readable: [String] = []
    self.contract = contract
    for name in names.sorted() {
      let path = (folder as NSString).appendingPathComponent(name)
      do {
        _ = try Self.pixels(path, contract)
        readable.append(path)
      } catch {
        warn("\(error.message); left out")
      }
    }
    guard !readable.isEmpty else {
      throw Failure("\(folder): no readable images, found \(names.count), expected JPEG or PNG")
    }
    paths = readable
  }

  /// The images for calibration: pixels 0…255 as float.
  var calibration: CalibrationImages {
    let (paths, contract) = (paths, contract)
    return CalibrationImages(count: paths.count) { index in
      Tensor(
        shape: [1, contract.height, contract.width, contract.channels],
        values: try Self.pixels(paths[index], contract).map(Float.init)
      )
    }
  }

  /// Dense H × W × C bytes of one image, as the model eats them.
  static func pixels(_ path: String, _ contract: InputContract) throws(Failure) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("\(path): cannot be read")
    }
    let image: Image
    do throws(ImageError) {
      image = try ImageDecoder.decode([UInt8](data))
    } catch {
      throw Failure("\(path): \(error.message)")
    }
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
      throw Failure("\(path): \(error.message)")
    }
  }
}
