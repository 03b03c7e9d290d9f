internal import CLinux
internal import PlainText
public import Runtime

/// Why a model is not taken, or the store cannot be used.
public enum ModelStoreError: Error, Sendable, Equatable {
  /// The system refused something: the path, what it was asked, and the `errno` value.
  case system(path: String, StoreTask, code: Int32)
  /// Another process uses the store.
  case locked(path: String)
  /// A file is larger than allowed.
  case tooLarge(path: String, found: Int, limit: Int)
  /// The bytes are no valid model, or cannot be prepared.
  case model(RuntimeError)
  /// A text is no public key.
  case key(path: String)
  /// There is no signature where one is needed.
  case unsigned(path: String)
  /// The signature is by another key: the key, and how many are trusted.
  case otherSigner(path: String, found: PublicKey, expected: PublicKey, trusted: Int)
  /// The signature does not hold: what libsodium says.
  case signature(path: String, problem: String)
  /// No camera gives this number of channels.
  case channels(path: String, Int)
  /// There are no golden vectors, so that nothing shows that this machine gives the right results.
  case unproven(path: String)
  /// A golden vector gives another result here.
  case golden(path: String, SelfTest.Failure)
  /// The labels are not those of the model in use: the first class that differs, its labels here and there.
  case label(path: String, index: Int, found: String, expected: String)
  /// The number of classes is not that of the model in use.
  case classes(path: String, found: Int, expected: Int)
  /// A file of the store is not what its name says: the hash of its bytes.
  case damaged(path: String, found: UInt64)
  /// It has failed before.
  case failedBefore(path: String, kept: String)
  /// There is no model at all: what was tried last.
  case none(tried: String)
  /// A transfer is not as announced.
  case transfer(Transfer)
  /// Power is gone, says a test.
  case interrupted

  /// What the system was asked to do with a path.
  public enum StoreTask: Sendable {
    /// Read it.
    case read
    /// Write it.
    case write
    /// Rename it.
    case rename
    /// Remove it.
    case remove
    /// Make a folder.
    case makeFolder
    /// Start a thread.
    case startThread
  }

  /// What is wrong with a transfer in portions.
  public enum Transfer: Sendable, Equatable {
    /// There is no folder to keep it in.
    case noFolder
    /// The size announced is not one of a model.
    case size(found: Int, limit: Int)
    /// The one before is still being verified.
    case busy
    /// None has begun.
    case notBegun
    /// A portion does not follow those before it: its offset, and that of the next one.
    case offset(found: Int, expected: Int)
    /// A portion goes beyond the size announced.
    case beyond(end: Int, size: Int)
    /// It ends early.
    case incomplete(found: Int, expected: Int)
    /// The bytes are other ones.
    case hash(found: UInt64, expected: UInt64)
  }

  var isInterruption: Bool {
    if case .interrupted = self { true } else { false }
  }

  /// One line, lower case: *where: what, found, expected; what to do*.
  public var message: String {
    var text = TextBuilder()
    append(to: &text)
    return text.string
  }

  private func append(to text: inout TextBuilder) {
    switch self {
    case .system(let path, let task, let code):
      text.append("", path)
      text.append(task.words)
      text.append(TextBuilder(cString: cl_error_text(code)))
    case .locked(let path):
      text.append("", path)
      text.append(": is in use by another process, expected a folder of its own for each")
    case .tooLarge(let path, let found, let limit):
      text.append("", path)
      text.append(": ", found)
      text.append(" bytes, expected at most ", limit)
    case .model(let error): text.append("", error.message)
    case .key(let path):
      text.append("", path)
      text.append(": no public key, expected PEM, base64 or 64 hexadecimal digits of Ed25519")
    case .unsigned(let path):
      text.append("", path)
      text.append(": not signed, expected a signature; sign it with cnnconvert sign")
    case .otherSigner(let path, let found, let expected, let trusted):
      text.append("", path)
      text.append(": signed by ", found.hexadecimal)
      text.append(", expected ", expected.hexadecimal)
      if trusted > 1 { text.append(" or one of the other ", trusted - 1) }
    case .signature(let path, let problem):
      text.append("", path)
      text.append(": signature: ", problem)
      text.append("; the model is not what was signed")
    case .channels(let path, let count):
      text.append("", path)
      text.append(": input of ", count)
      text.append(" channels, expected 1 or 3, as a camera gives")
    case .unproven(let path):
      text.append("", path)
      text.append(": no golden vectors, expected 1 or more; convert it with --golden 2")
    case .golden(let path, let failure):
      text.append("", path)
      text.append(": ", failure.message)
    case .label(let path, let index, let found, let expected):
      text.append("", path)
      text.append(": class ", index)
      text.append(" is \"", found)
      text.append("\", expected \"", expected)
      text.append("\", as in the model in use")
    case .classes(let path, let found, let expected):
      text.append("", path)
      text.append(": ", found)
      text.append(" classes, expected ", expected)
      text.append(", as in the model in use")
    case .damaged(let path, let found):
      text.append("", path)
      text.append(": hash ")
      text.append(found, radix: 16, digits: 16)
      text.append(", expected that of its name; the file is damaged")
    case .failedBefore(let path, let kept):
      text.append("", path)
      text.append(": failed in use before, and was taken back; remove ", kept)
      text.append(" to try it again")
    case .none(let tried):
      text.append("no model: ", tried)
    case .transfer(let problem): problem.append(to: &text)
    case .interrupted: text.append("interrupted")
    }
  }
}

extension ModelStoreError.StoreTask {
  var words: StaticString {
    switch self {
    case .read: ": cannot be read, "
    case .write: ": cannot be written, "
    case .rename: ": cannot be put in place, "
    case .remove: ": cannot be removed, "
    case .makeFolder: ": cannot be made, "
    case .startThread: ": no thread, "
    }
  }
}

extension ModelStoreError.Transfer {
  func append(to text: inout TextBuilder) {
    text.append("transfer: ")
    switch self {
    case .noFolder: text.append("no store folder, expected one to keep a model in")
    case .size(let found, let limit):
      text.append("", found)
      text.append(" bytes, expected 1 to ", limit)
    case .busy: text.append("the model before is being verified, expected to wait for that")
    case .notBegun: text.append("a portion, expected the beginning first")
    case .offset(let found, let expected):
      text.append("offset ", found)
      text.append(", expected ", expected)
    case .beyond(let end, let size):
      text.append("end at ", end)
      text.append(", expected at most ", size)
    case .incomplete(let found, let expected):
      text.append("", found)
      text.append(" bytes, expected ", expected)
    case .hash(let found, let expected):
      text.append("hash ")
      text.append(found, radix: 16, digits: 16)
      text.append(", expected ")
      text.append(expected, radix: 16, digits: 16)
      text.append("; send it again")
    }
  }
}
