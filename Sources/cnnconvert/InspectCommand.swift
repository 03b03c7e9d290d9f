internal import ArgumentParser
internal import Foundation
internal import ModelFormat

/// `cnnconvert inspect model.bin`: what is in a flat file.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Prints a flat file: operators, shapes, arena, quantization, provenance."
  )

  @Argument(help: "A model.bin.")
  var file: String

  func run() throws {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw Failure("\(file): cannot be read")
    }
    do throws(ModelFormatError) {
      let model = try ModelFile(copying: [UInt8](data))
      Terminal.write(ModelListing(model, name: file, byteCount: data.count).text)
    } catch {
      throw Failure("\(file): \(error.message)")
    }
  }
}
