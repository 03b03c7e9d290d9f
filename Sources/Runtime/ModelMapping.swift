internal import CLinux
public import ModelFormat
internal import PlainText

extension ModelBytes {
  /// Maps a file read-only; the file must not be cut while it is mapped.
  ///
  /// - Throws: `RuntimeError.file` where it cannot be opened or mapped.
  public static func mapping(_ path: String) throws(RuntimeError) -> ModelBytes {
    var base: UnsafeRawPointer?
    var size = 0
    let error = path.withTerminatedBytes { cl_map_file($0, &base, &size) }
    guard error == 0 else {
      throw .file(path: path, reason: TextBuilder(cString: cl_error_text(error)).string)
    }
    return ModelBytes(UnsafeRawBufferPointer(start: base, count: size)) {
      cl_unmap($0.baseAddress, $0.count)
    }
  }
}

extension ModelFile {
  /// Maps and validates a file.
  ///
  /// - Throws: `RuntimeError.file` where it cannot be mapped, `RuntimeError.model` where it is not valid.
  public static func open(_ path: String) throws(RuntimeError) -> ModelFile {
    let bytes = try ModelBytes.mapping(path)
    do throws(ModelFormatError) {
      return try ModelFile(bytes)
    } catch {
      throw .model(path: path, error)
    }
  }
}
