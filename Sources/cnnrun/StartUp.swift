internal import CLinux
internal import ModelFormat
internal import Runtime

/// How long a model takes from the path of its file to its first run, with the file in the page cache.
struct StartUp {
  private static let starts = 5

  /// Nanoseconds of all of it: open, map, check, plan, take memory, start threads.
  private(set) var total = Int64.max
  /// Nanoseconds that checksums take of that, with the pages that they bring in.
  private(set) var checksum = Int64.max
  /// Nanoseconds of planning, memory and threads.
  private(set) var preparation = Int64.max

  /// The shortest times of a few starts.
  ///
  /// Throws `RuntimeError` as opening a network does.
  init(_ arguments: Arguments) throws(RuntimeError) {
    for _ in 0..<Self.starts {
      var start = cl_nanoseconds()
      let file = try ModelFile.open(arguments.files[0])
      let opened = cl_nanoseconds()
      let network = try Network(file, arguments)
      let end = cl_nanoseconds()
      total = min(total, end - start)
      preparation = min(preparation, end - opened)
      // Each section has its checksum; one over the whole file takes the same time.
      start = cl_nanoseconds()
      let bytes = try ModelBytes.mapping(arguments.files[0])
      let hash = XXH64.hash(bytes.bytes)
      checksum = min(checksum, cl_nanoseconds() - start)
      // Used, so that neither is left out.
      precondition(hash == network.file.hash, "the file changed")
    }
  }

  /// Nanoseconds of all other checks of the file.
  var checks: Int64 { max(0, total - checksum - preparation) }
}
