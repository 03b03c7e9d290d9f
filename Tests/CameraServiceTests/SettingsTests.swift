import Camera
import PlainText
import Testing

@testable import CameraService

@Suite struct SettingsTests {
  private func settings(_ text: String) throws -> Settings {
    try Settings(Array(text.utf8), name: "t.conf")
  }

  private func message(_ text: String) -> String {
    do {
      _ = try settings(text)
      return "no error"
    } catch let error as SettingsError {
      return error.message.string
    } catch {
      return "another error"
    }
  }

  @Test func `values are taken over, comments and blank lines are not`() throws {
    let read = try settings(
      """
      # a comment
      ; another

      [model]
        path = /a/b c.bin \t
      threads=4
      [results]
      smoothing = 1.5s
      minimum_score = 0.25
      publish = changes
      [log]
      level = debug
      [model]
      kernels = a\\
      vx2
      """
    )
    #expect(read.model.path == "/a/b c.bin")
    #expect(read.model.threads == 4)
    #expect(read.model.kernels == "avx2")
    #expect(read.results.smoothingMilliseconds == 1500)
    #expect(read.results.minimumScore == 0.25)
    #expect(read.results.isChangesOnly)
    #expect(read.log.level == .debug)
  }

  @Test func `a control of the camera is left alone, automatic, or a number, zero too`() throws {
    let read = try settings("[camera]\nformat = MJPG\nexposure = auto\ngain = 0")
    #expect(read.camera.format == PixelCode(letters: "MJPG"))
    #expect(read.camera.exposure == .automatic)
    #expect(read.camera.gain == .manual(0))
    #expect(read.camera.whiteBalance == .camera)
  }

  @Test(arguments: [
    (
      "[camera]\nformat = MJPEG",
      "t.conf:2: [camera] format: found \"MJPEG\", expected up to four letters, such as YUYV or MJPG"
    ),
    (
      "[camera]\ngain = much",
      "t.conf:2: [camera] gain: found \"much\", expected a whole number from 0 to 1000000"
    ),
    (
      "[model]\nthreads = none",
      "t.conf:2: [model] threads: found \"none\", expected a whole number from 1 to 64"
    ),
    (
      "[model]\nthreads = 65",
      "t.conf:2: [model] threads: found \"65\", expected a whole number from 1 to 64"
    ),
    (
      "[model]\nthreads = 2x",
      "t.conf:2: [model] threads: found \"2x\", expected a whole number from 1 to 64"
    ),
    (
      "[model]\nthreads = 99999999999999",
      "t.conf:2: [model] threads: found \"99999999999999\", expected a whole number from 1 to 64"
    ),
    ("[model]\nthreds = 1", "t.conf:2: [model] threds: unknown key, did you mean threads?"),
    (
      "[model]\nfoo = 1",
      "t.conf:2: [model] foo: unknown key, expected one of path, threads, kernels"
    ),
    ("[modle]\npath = 1", "t.conf:2: [modle] path: unknown section, did you mean model?"),
    (
      "[results]\nsmoothing = 2 parsecs",
      "t.conf:2: [results] smoothing: found \"2 parsecs\", expected a time from 0s to 60s"
    ),
    (
      "[results]\nsmoothing = 2h",
      "t.conf:2: [results] smoothing: found \"2h\", expected a time from 0s to 60s"
    ),
    (
      "[results]\nminimum_score = 1.01",
      "t.conf:2: [results] minimum_score: found \"1.01\", expected a number from 0.0 to 1.0"
    ),
    (
      "[results]\npublish = some",
      "t.conf:2: [results] publish: found \"some\", expected all or changes"
    ),
    ("[log]\nlevel =", "t.conf:2: [log] level: found \"\", expected error, warning, info or debug"),
    ("path = x", "t.conf:1: an entry before the first section, expected [name] above it"),
    ("[model\npath = x", "t.conf:1: a section without its end, expected [name]"),
    ("[model]\n\npath", "t.conf:3: neither a section nor an entry, expected key = value"),
    ("[model]\npath = x\\", "t.conf:2: ends with a backslash, expected another line"),
    ("[model]\npath = \u{1}", "t.conf:2: a control character, expected text"),
  ])
  func `what is wrong is said with its place`(_ text: String, _ expected: String) {
    #expect(message(text) == expected)
  }

  @Test func `bytes of any kind are settings or a clear error`() throws {
    let good = Array("[model]\npath = a\nthreads = 2\n[results]\nsmoothing = 2s\n".utf8)
    for place in good.indices {
      for bit in 0..<8 {
        var bytes = good
        bytes[place] ^= 1 << bit
        do { _ = try Settings(bytes, name: "x") } catch {
          #expect(error.message.string.hasPrefix("x:"))
        }
      }
      do {
        _ = try Settings(Array(good[..<place]), name: "x")
      } catch {
        #expect(error.message.string.hasPrefix("x:"))
      }
    }
  }

  @Test func `a file that is not there is named`() {
    do {
      _ = try Settings(path: "/nowhere/x.conf")
      Issue.record("no error")
    } catch {
      #expect(
        error.message.string == "/nowhere/x.conf: cannot be read, No such file or directory"
      )
    }
  }
}
