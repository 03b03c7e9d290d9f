internal import CZip
internal import Foundation

/// Why a zip archive was not read.
public enum ZipError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The archive's directory does not make sense; `reason` is the library's.
  case invalid(reason: String)
  /// An entry cannot be read; `reason` is the library's.
  case entry(name: String, reason: String)

  /// `zip entry "name": what is wrong`.
  public var description: String {
    switch self {
    case .invalid(let reason): "zip archive: \(reason)"
    case .entry(let name, let reason): "zip entry \"\(name)\": \(reason)"
    }
  }
}

/// A zip archive, read through libzip.
///
/// Not for use from several threads at once.
public final class ZipArchive {
  private let handle: OpaquePointer
  /// Names of the entries, in the order of the directory.
  public let names: [String]
  private let indices: [String: UInt64]

  /// Opens the archive at `path`.
  ///
  /// - Throws: `ZipError.invalid`.
  public convenience init(path: String) throws(ZipError) {
    var code: Int32 = 0
    guard let handle = zip_open(path, ZIP_RDONLY, &code) else {
      throw .invalid(reason: Self.text(code))
    }
    self.init(handle: handle)
  }

  /// Opens an archive in memory; the bytes are copied.
  ///
  /// - Throws: `ZipError.invalid`.
  public convenience init(bytes: [UInt8]) throws(ZipError) {
    guard let memory = malloc(max(1, bytes.count)) else {
      throw .invalid(reason: "no memory for \(bytes.count) bytes")
    }
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { memcpy(memory, base, source.count) }
    }
    var error = zip_error_t()
    // The source owns the memory from here on and frees it.
    guard let source = zip_source_buffer_create(memory, UInt64(bytes.count), 1, &error) else {
      free(memory)
      throw .invalid(reason: String(cString: zip_error_strerror(&error)))
    }
    guard let handle = zip_open_from_source(source, ZIP_RDONLY, &error) else {
      let code = zip_error_code_zip(&error)
      zip_source_free(source)
      throw .invalid(reason: Self.text(code))
    }
    self.init(handle: handle)
  }

  private init(handle: OpaquePointer) {
    self.handle = handle
    var names: [String] = []
    var indices: [String: UInt64] = [:]
    for index in 0..<UInt64(max(0, zip_get_num_entries(handle, 0))) {
      guard let text = zip_get_name(handle, index, zip_flags_t(ZIP_FL_ENC_GUESS)) else { continue }
      let name = String(cString: text)
      names.append(name)
      indices[name] = index
    }
    self.names = names
    self.indices = indices
  }

  deinit { zip_discard(handle) }

  /// Whether the archive has an entry of that name.
  public func contains(_ name: String) -> Bool { indices[name] != nil }

  /// Uncompressed bytes of an entry according to the directory, or nil where it is absent.
  public func size(of name: String) -> UInt64? {
    guard let index = indices[name] else { return nil }
    var status = zip_stat_t()
    zip_stat_init(&status)
    return zip_stat_index(handle, index, 0, &status) == 0 ? status.size : nil
  }

  /// The uncompressed bytes of an entry; its checksum is verified.
  ///
  /// Deflate cannot shrink more than 1032 : 1, so a size beyond that is a lie and refused before memory is taken.
  ///
  /// - Throws: `ZipError.entry` when it is absent, encrypted, damaged, or lies about its size.
  public func read(_ name: String) throws(ZipError) -> [UInt8] {
    guard let index = indices[name] else { throw .entry(name: name, reason: "is missing") }
    var status = zip_stat_t()
    zip_stat_init(&status)
    guard zip_stat_index(handle, index, 0, &status) == 0 else {
      throw .entry(name: name, reason: lastError)
    }
    let (limit, overflow) = status.comp_size.multipliedReportingOverflow(by: 1032)
    let isStored = status.comp_method == UInt16(ZIP_CM_STORE)
    guard !overflow, status.size <= (isStored ? status.comp_size : limit + 64),
      status.size < 1 << 40
    else {
      throw .entry(
        name: name,
        reason: "\(status.size) bytes packed into \(status.comp_size), which cannot be"
      )
    }
    guard let file = zip_fopen_index(handle, index, 0) else {
      throw .entry(name: name, reason: lastError)
    }
    defer { zip_fclose(file) }
    let count = Int(status.size)
    // Grown as bytes arrive, so that a lying directory costs no more than the file holds.
    var bytes: [UInt8] = []
    while bytes.count < count {
      let wanted = min(count - bytes.count, max(1 << 20, bytes.count))
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: wanted))
      let got = bytes.withUnsafeMutableBytes { buffer in
        zip_fread(file, buffer.baseAddress.map { $0 + start }, UInt64(wanted))
      }
      guard got > 0 else {
        let error = zip_file_get_error(file)
        throw .entry(
          name: name,
          reason: got == 0
            ? "ends after \(start) of \(count) bytes"
            : error.map { String(cString: zip_error_strerror($0)) } ?? "is damaged"
        )
      }
      bytes.removeLast(wanted - Int(got))
    }
    // One more read makes the library compare the checksum.
    var rest: UInt8 = 0
    guard zip_fread(file, &rest, 1) == 0 else {
      let error = zip_file_get_error(file)
      throw .entry(
        name: name,
        reason: error.map { String(cString: zip_error_strerror($0)) } ?? "is damaged"
      )
    }
    return bytes
  }

  private var lastError: String {
    zip_get_error(handle).map { String(cString: zip_error_strerror($0)) } ?? "is damaged"
  }

  private static func text(_ code: Int32) -> String {
    if code == ZIP_ER_NOZIP { return "no directory at its end; is the file complete?" }
    var error = zip_error_t()
    zip_error_init_with_code(&error, code)
    defer { zip_error_fini(&error) }
    return String(cString: zip_error_strerror(&error))
  }
}
