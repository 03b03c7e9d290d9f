import Foundation
@testable import ModelStore

/// A folder as a disk may show it after a power cut: names change in order, content that was not synced may be there or not.
///
/// An independent model of what POSIX promises: a file's content is safe after its own `fsync`, names after one of the folder.
struct CrashDisk {
  /// What became of content that was not synced.
  enum Tail: CaseIterable {
    /// Nothing of it was written.
    case lost
    /// Half of it was written.
    case cut
    /// Its place is there, with zeros.
    case zeros
    /// All of it was written.
    case whole
  }

  private struct File {
    var content: [UInt8]
    var synced: [UInt8]?
  }

  private var files: [File] = []
  private var names: [String: Int] = [:]
  /// Names at the last sync of the folder, and after each change since then.
  private var possible: [[String: Int]] = []

  /// A disk on which all this is safe.
  init(_ safe: [String: [UInt8]]) {
    for (name, bytes) in safe {
      names[name] = files.count
      files.append(File(content: bytes, synced: bytes))
    }
    possible = [names]
  }

  /// What a step does.
  mutating func apply(_ step: FolderStep) {
    switch step {
    case .create(let name):
      if let index = names[name] {
        files[index].content = []
      } else {
        names[name] = files.count
        files.append(File(content: [], synced: nil))
        possible.append(names)
      }
    case .write(let name, let offset, let bytes):
      guard let index = names[name] else { return }
      let end = offset + bytes.count
      while files[index].content.count < end { files[index].content.append(0) }
      files[index].content.replaceSubrange(offset..<end, with: bytes)
    case .sync(let name):
      guard let index = names[name] else { return }
      files[index].synced = files[index].content
    case .rename(let name, let target):
      names[target] = names.removeValue(forKey: name)
      possible.append(names)
    case .remove(let name):
      guard names.removeValue(forKey: name) != nil else { return }
      possible.append(names)
    case .syncFolder:
      possible = [names]
    }
  }

  /// Everything that may be there when power comes back.
  var outcomes: [[String: [UInt8]]] {
    possible.flatMap { names in
      Tail.allCases.map { tail in names.mapValues { content(files[$0], tail) } }
    }
  }

  private func content(_ file: File, _ tail: Tail) -> [UInt8] {
    guard file.content != file.synced else { return file.content }
    let safe = file.synced ?? []
    switch tail {
    case .lost: return safe
    case .cut: return Array(file.content[..<(file.content.count / 2)])
    case .zeros: return [UInt8](repeating: 0, count: file.content.count)
    case .whole: return file.content
    }
  }
}
