internal import Dispatch
public import GraphIR
public import ModelFormat
internal import Runtime
internal import Synchronization

/// Runs a network, and the float network that it was made of, over a set of images.
public struct Evaluator: Sendable {
  private let file: ModelFile
  private let float: FloatEvaluator?
  private let inputShape: [Int]

  /// Guesses that are looked at.
  private static let places = 5

  /// An evaluator of a flat file; `float` has the input of the file and is compared with it.
  public init(_ file: ModelFile, float: Graph? = nil) {
    self.file = file
    self.float = float.map(FloatEvaluator.init)
    inputShape = [1, file.input.height, file.input.width, file.input.channels]
  }

  /// Runs all images, `threads` at a time, each on one thread; counts do not depend on their number.
  ///
  /// `outputs` has what each image is, nil where that is not known. Images that do not decode are skipped and listed.
  ///
  /// - Throws: `EvaluationError.network`, and `.nothingReadable` where all were skipped.
  public func run(
    _ set: ImageSet,
    outputs: [Int?],
    threads: Int,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(EvaluationError) -> Tally {
    precondition(outputs.count == set.items.count, "an output an image")
    useOneThreadForMatrices()
    let threads = min(max(1, threads), max(1, set.items.count))
    let state = Mutex((next: 0, done: 0, tally: Tally(), error: EvaluationError?.none))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      var part = Tally()
      do throws(EvaluationError) {
        let network = try self.network()
        while let index = state.withLock({ state -> Int? in
          guard state.next < set.items.count, state.error == nil else { return nil }
          state.next += 1
          return state.next - 1
        }) {
          try add(set, index, outputs[index], network, to: &part)
          let done = state.withLock { state in
            state.done += 1
            return state.done
          }
          progress(done, set.items.count)
        }
      } catch {
        state.withLock { $0.error = $0.error ?? error }
      }
      let finished = part
      state.withLock { $0.tally.merge(finished) }
    }
    let (tally, error) = state.withLock { ($0.tally, $0.error) }
    if let error { throw error }
    guard tally.images > 0 || set.items.isEmpty else {
      throw .nothingReadable(path: set.path, first: tally.skipped.first?.reason ?? "")
    }
    return tally
  }

  private func network() throws(EvaluationError) -> Network {
    do throws(RuntimeError) {
      return try Network(file, threads: 1)
    } catch {
      throw .network(error.message)
    }
  }

  private func add(
    _ set: ImageSet,
    _ index: Int,
    _ output: Int?,
    _ network: Network,
    to tally: inout Tally
  ) throws(EvaluationError) {
    let pixels: [UInt8]
    do throws(DataSetError) {
      pixels = try set.pixels(index, file.input)
    } catch {
      tally.skip(set.items[index].name, error.message)
      return
    }
    network.setInput(pixels)
    let start = DispatchTime.now().uptimeNanoseconds
    network.run()
    let end = DispatchTime.now().uptimeNanoseconds
    tally.add(
      guesses: network.top(Self.places).map(\.index),
      float: try floatGuesses(pixels, set.items[index].name),
      actual: output,
      nanoseconds: Int(end - start)
    )
  }

  private func floatGuesses(
    _ pixels: [UInt8],
    _ name: String
  ) throws(EvaluationError) -> [Int]? {
    guard let float else { return nil }
    let scores: [Float]
    do throws(GraphError) {
      scores = try float.run([Tensor(shape: inputShape, values: pixels.map(Float.init))])[0].values
    } catch {
      throw .network("float model: \(error)")
    }
    guard scores.allSatisfy({ !$0.isNaN }) else {
      throw .network("float model: gives NaN for \(name)")
    }
    // The lower index first among equals, as the runtime has it.
    let ordered = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    return Array(ordered.prefix(Self.places))
  }
}
