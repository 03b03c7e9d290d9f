internal import Containers
internal import GraphIR

/// Reads TensorFlow 1 checkpoints (V2 bundles and V1 files with their `.meta`), SavedModels and frozen graphs.
struct TensorFlowImporter: ModelImporter {
  static var formatName: String { "TensorFlow" }

  static func recognizes(_ probe: FileProbe) -> Bool { TensorFlowFiles.recognizes(probe.path) }

  static func importModel(_ request: ImportRequest) throws(ImportError) -> ImportedModel {
    let files = try TensorFlowFiles(request)
    let records = try TensorFlowRecords(files, path: request.path)
    let checkpoint = try files.checkpoint(for: request.path)
    let network: TensorFlowNetwork
    do throws(TensorFlowNetwork.Problem) {
      network = try TensorFlowNetwork(records.graph)
    } catch {
      throw .malformed(
        path: request.path,
        place: "node \"\(error.node)\"",
        problem: error.text
      )
    }
    let format =
      switch files.kind {
      case .frozen: "TensorFlow frozen graph"
      case .savedModel: "TensorFlow SavedModel"
      case .bundle, .tensorSlices: "TensorFlow checkpoint (\(checkpoint?.summary ?? ""))"
      }
    let importer = TensorFlowGraphImport(
      network: network,
      variables: TensorFlowVariables(network, checkpoint: checkpoint),
      signature: records.signature,
      request: request
    )
    var model = try importer.run(format: format)
    model.sourceBytes = files.bytes
    return model
  }
}

/// The graph in a file, and the signature that a SavedModel gives it.
struct TensorFlowRecords {
  let graph: TFGraphRecord
  let signature: TFSignature?

  /// - Throws: `ImportError` when the file is damaged or holds no graph for serving.
  init(_ files: TensorFlowFiles, path: String) throws(ImportError) {
    let name = TensorFlowFiles.lastName(files.graphPath)
    let source: ByteSource
    let bytes: [UInt8]
    do throws(TensorFlowFileError) {
      source = try ByteSource(path: files.graphPath)
      bytes = try source.readAll()
    } catch {
      throw .unreadable(path: files.graphPath, reason: error.problem)
    }
    var meta: TFMetaGraph?
    switch TensorFlowProbe(source).content {
    case .graph:
      guard let graph = TFGraphRecord(discardingUnknown: bytes) else {
        throw .malformed(path: path, place: name, problem: "malformed graph; is it truncated?")
      }
      self.graph = graph
      signature = nil
      return
    case .metaGraph:
      meta = TFMetaGraph(discardingUnknown: bytes)
    case .savedModel:
      let graphs = TFSavedModel(discardingUnknown: bytes)?.metaGraphs ?? []
      meta = graphs.first { $0.metaInfoDef.tags.contains("serve") } ?? graphs.first
    case .checkpointList, nil: break
    }
    guard let meta else {
      throw .malformed(path: path, place: name, problem: "malformed graph; is it truncated?")
    }
    graph = meta.graphDef
    let signatures = meta.signatureDef
    signature =
      signatures["serving_default"]
      ?? signatures.sorted { $0.key < $1.key }.first { !$0.value.outputs.isEmpty }?.value
  }
}
