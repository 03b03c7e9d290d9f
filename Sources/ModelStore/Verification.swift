internal import CSignature
public import ModelFormat
internal import PlainText
public import Runtime

/// What a model must be before it is used.
public struct Verification: Sendable {
  /// Keys of which one must have signed it; with none, unsigned models are taken too.
  public var trustedKeys: [PublicKey] = []
  /// The kernel set that must give the golden results; nil for `KernelSet.selected()`.
  public var kernels: KernelSet?
  /// Whether its classes must be those of the model before it.
  public var requiresSameLabels = false

  /// Valid, signed or not, with golden vectors.
  public init() {}

  /// Maps a file and makes sure of everything but its classes.
  ///
  /// The file must not change while the result is used. Takes the time of loading it and of running every golden vector once on
  /// one thread, and the memory of a network, which is given back.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - name: how errors call it.
  /// - Returns: the model, mapped.
  /// - Throws: `ModelStoreError` that says what it is not.
  public func open(_ path: String, name: String) throws(ModelStoreError) -> ModelFile {
    let bytes: ModelBytes
    do throws(RuntimeError) { bytes = try ModelBytes.mapping(path) } catch {
      throw .model(error.renamed(name))
    }
    return try verify(bytes, name: name)
  }

  /// Makes sure of everything but its classes, as `open`.
  func verify(_ bytes: ModelBytes, name: String) throws(ModelStoreError) -> ModelFile {
    // Before anything else is read of it: with a key, nobody but its owner gets further.
    try checkSignature(bytes.bytes, name)
    let file: ModelFile
    do throws(ModelFormatError) { file = try ModelFile(bytes) } catch {
      throw .model(.model(path: name, error))
    }
    let channels = file.input.channels
    guard channels == 1 || channels == 3 else { throw .channels(path: name, channels) }
    guard file.goldenCount > 0 else { throw .unproven(path: name) }
    let network: Network
    do throws(RuntimeError) { network = try Network(file, kernels: kernels) } catch {
      throw .model(error)
    }
    if let failure = SelfTest.run(network) { throw .golden(path: name, failure) }
    return file
  }

  private func checkSignature(
    _ bytes: UnsafeRawBufferPointer,
    _ name: String
  ) throws(ModelStoreError) {
    guard let expected = trustedKeys.first else { return }
    let model: UnsafeRawBufferPointer
    let block: SignatureBlock?
    do throws(ModelFormatError) { (model, block) = try SignatureBlock.split(bytes) } catch {
      throw .model(.model(path: name, error))
    }
    guard let block else { throw .unsigned(path: name) }
    let signer = PublicKey(block.publicKey)
    guard trustedKeys.contains(signer) else {
      throw .otherSigner(
        path: name,
        found: signer,
        expected: expected,
        trusted: trustedKeys.count
      )
    }
    let message = model.assumingMemoryBound(to: UInt8.self)
    if let problem = cs_verify(block.signature, message.baseAddress, message.count, signer.bytes) {
      throw .signature(path: name, problem: TextBuilder(cString: problem).string)
    }
  }

  /// Throws unless the classes of `file` are those of `former`, where that is wanted.
  func compare(
    _ file: ModelFile,
    with former: ModelFile?,
    name: String
  ) throws(ModelStoreError) {
    guard requiresSameLabels, let former else { return }
    let (found, expected) = (file.classCount, former.classCount)
    guard found == expected else {
      throw .classes(path: name, found: found, expected: expected)
    }
    for index in 0..<min(file.labelCount, former.labelCount) {
      let (found, expected) = (file.label(index), former.label(index))
      guard found.hasBytes(of: expected) else {
        throw .label(path: name, index: index, found: found, expected: expected)
      }
    }
  }
}

extension ModelFile {
  var classCount: Int { tensors[outputTensor].elementCount }
}

extension RuntimeError {
  /// The same about a file of another name.
  func renamed(_ name: String) -> RuntimeError {
    switch self {
    case .file(_, let reason): .file(path: name, reason: reason)
    case .model(_, let error): .model(path: name, error)
    default: self
    }
  }
}
