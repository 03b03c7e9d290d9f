import Testing

struct KernelCheckCommandTests {
  @Test func `images and networks have the hashes of every machine`() throws {
    let run = try CommandProcess("kernelcheck", ["portable"])
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(
      run.output
        == """
        portable: 448 images of every format, hash 0xe784d121469aa479
        portable: 454 networks of every operator on 1, 2 and 4 threads, hash 0x83fa427cc9ec4e2f
        2 passed, 0 failed

        """
    )
  }

  @Test func `the sets are those of cnnrun`() throws {
    let sets = try CommandProcess("kernelcheck", ["--list"]).output.split(separator: "\n")
    let expected = try CommandProcess("cnnrun", ["--list-kernels"]).output.split(separator: "\n")
    #expect(sets.map { $0.prefix { $0 != " " } } == expected.map { $0.prefix { $0 != " " } })
    #expect(sets.last == "portable")
    #expect(
      sets.map { $0.hasSuffix("  not on this CPU") }
        == expected.map { $0.hasSuffix("  not on this CPU") }
    )
  }

  @Test(
    arguments: [
      (["--lst"], "unknown option --lst; try kernelcheck --help"),
      (["--list", "portable"], "--list: expected no other word"),
      (["portable", "mmx"], "kernel set \"mmx\": not in this build, expected one of "),
      ([""], "kernel set \"\": not in this build, expected one of "),
    ]
  )
  func `a mistake is one line and status 2`(words: [String], message: String) throws {
    let run = try CommandProcess("kernelcheck", words)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.errors.hasPrefix("kernelcheck: " + message))
    #expect(run.errors.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
  }
}
