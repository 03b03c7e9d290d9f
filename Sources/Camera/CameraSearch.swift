internal import CVideo
internal import PlainText

/// Finds the camera that is meant, and the same one again after it was away.
struct CameraSearch {
  /// What was found.
  enum Outcome {
    /// Open; `isStranger` where another camera than before is at the configured place.
    case found(CameraNode, isStranger: Bool)
    /// Not there; what was looked for.
    case absent
    /// There, but it does not open.
    case failed(path: String, error: Int32)
  }

  let device: String
  /// The camera that gave frames, once one did.
  private(set) var known: CameraIdentity?
  /// Sockets of cameras of the same model that were there beside the known one.
  private var bystanders: [String] = []
  /// Counts the cameras that were tried in vain, so that the next one is tried where none is named.
  private var tried = 0

  init(device: String) { self.device = device }

  private var isPath: Bool { device.utf8.first == 0x2F }

  /// Looks once; `isPatient` as long as the known camera may come back before another one is taken for it.
  mutating func find(isPatient: Bool) -> Outcome {
    if let known {
      let outcome = findAgain(known)
      if case .absent = outcome, !isPatient { return findFirst(isStranger: true) }
      return outcome
    }
    return findFirst(isStranger: false)
  }

  /// The camera gave a frame: it is the one to come back to.
  mutating func settle(on identity: CameraIdentity) {
    tried = 0
    if let known, known.likeness(to: identity) >= 2 { return }
    known = identity
    bystanders = []
    var failure: (path: String, error: Int32)?
    forEachNode(named: identity.nodeName, failure: &failure) { node in
      if node.identity.likeness(to: identity) > 0 && !node.identity.bus.hasBytes(of: identity.bus) {
        bystanders.append(node.identity.bus)
      }
      return true
    }
  }

  /// The camera opened and gave no frame, or did not open.
  mutating func giveUp() { tried += 1 }

  private mutating func findFirst(isStranger: Bool) -> Outcome {
    if isPath {
      let (node, error) = CameraNode.open(device)
      if let node { return .found(node, isStranger: isStranger) }
      return Int(cv_cause_of(error)) == CV_ABSENT ? .absent : .failed(path: device, error: error)
    }
    return findFirstMentioned(isStranger: isStranger)
  }

  private func findFirstMentioned(isStranger: Bool) -> Outcome {
    var candidates: [CameraNode] = []
    var failure: (path: String, error: Int32)?
    forEachNode(named: "", failure: &failure) { node in
      let isMeant = device.utf8.isEmpty ? node.isOrdinary : node.identity.mentions(device)
      if isMeant { candidates.append(node) }
      return !isMeant
    }
    let chosen = candidates.isEmpty ? 0 : tried % candidates.count
    for index in candidates.indices where index != chosen { candidates[index].close() }
    if !candidates.isEmpty { return .found(candidates[chosen], isStranger: isStranger) }
    if let failure { return .failed(path: failure.path, error: failure.error) }
    return .absent
  }

  private func findAgain(_ known: CameraIdentity) -> Outcome {
    var best: CameraNode?
    var bestLikeness = 0
    var failure: (path: String, error: Int32)?
    forEachNode(named: known.nodeName, failure: &failure) { node in
      let likeness = node.identity.likeness(to: known)
      let isBystander = likeness == 1 && bystanders.contains { $0.hasBytes(of: node.identity.bus) }
      guard likeness > bestLikeness && !isBystander else { return true }
      best?.close()
      best = node
      bestLikeness = likeness
      return false
    }
    if let best { return .found(best, isStranger: false) }
    if let failure { return .failed(path: failure.path, error: failure.error) }
    return .absent
  }

  /// Opens one node after the other, in the order of their numbers; closes those for which `body` returns true.
  ///
  /// Passes over nodes that the kernel calls otherwise than `name`: opening a camera wakes it up. The first that exists and
  /// does not open, unless it is no camera, is `failure`.
  private func forEachNode(
    named name: String,
    failure: inout (path: String, error: Int32)?,
    _ body: (CameraNode) -> Bool
  ) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { numbers in
      for index in 0..<Int(cv_list(numbers.baseAddress, 256)) {
        let nodeName = CameraNode.kernelName(of: numbers[index])
        if !name.utf8.isEmpty && !nodeName.utf8.isEmpty && !name.hasBytes(of: nodeName) { continue }
        var path = TextBuilder("/dev/video")
        path.append(Int64(numbers[index]))
        let (node, error) = CameraNode.open(path.string)
        if let node {
          if body(node) { node.close() }
          continue
        }
        let cause = Int(cv_cause_of(error))
        let isCamera = cause != CV_NOT_CAPTURE && cause != CV_ABSENT
        if isCamera && failure == nil { failure = (path.string, error) }
      }
    }
  }
}
