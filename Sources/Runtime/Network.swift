internal import CKernels
internal import CLinux
public import ModelFormat

/// A model that is ready to run: write the input, `run()`, read the output.
///
/// Everything is planned and allocated by `Preparation`; `run` cannot fail, allocates nothing and counts no references in its
/// loops. The results depend on the input alone: not on the kernel set, the number of threads or the machine. One thread
/// at a time may use a network.
public final class Network {
  /// The most threads that a network takes.
  public static let maximumThreads = 64

  private let prepared: Preparation
  let input: TensorView
  let output: TensorView

  /// The model.
  public var file: ModelFile { prepared.file }
  /// The micro-kernels in use.
  public var kernels: KernelSet { prepared.kernels }
  /// Threads that were asked for; no more work than this process may use CPUs.
  public var threads: Int { prepared.threads }
  var steps: UnsafeMutableBufferPointer<Step> { prepared.steps }

  /// A network of what has been prepared.
  public init(_ prepared: consuming Preparation) {
    input = prepared.view(prepared.file.inputTensor)
    output = prepared.view(prepared.file.outputTensor)
    self.prepared = prepared
  }

  /// Prepares and makes a network, with the parameters and errors of `Preparation`.
  public convenience init(
    _ file: ModelFile,
    threads: Int = 1,
    kernels: KernelSet? = nil
  ) throws(RuntimeError) {
    self.init(try Preparation(file, threads: threads, kernels: kernels))
  }

  /// Runs every operator in order on what the input tensor holds.
  public func run() {
    for index in steps.indices { runStep(index) }
  }

  /// Runs every operator in order and calls `observe` with its index after each.
  ///
  /// What an operator wrote may be overwritten by a later one: look at it in `observe`.
  public func run(observing observe: (_ operation: Int) -> Void) {
    for index in steps.indices {
      runStep(index)
      observe(index)
    }
  }

  /// Runs every operator and adds the time that each took to `profile`.
  public func run(profiling profile: inout Profile) { profile.addRun { run(timing: $0) } }

  /// Runs every operator and adds the nanoseconds that each took to its element of `nanoseconds`.
  ///
  /// Traps if there are fewer elements than operators.
  public func run(timing nanoseconds: UnsafeMutableBufferPointer<Int64>) {
    precondition(nanoseconds.count >= steps.count, "fewer times than operators")
    var start = cl_nanoseconds()
    for index in steps.indices {
      runStep(index)
      let end = cl_nanoseconds()
      nanoseconds[index] += end - start
      start = end
    }
  }

  private struct Job {
    let step: UnsafePointer<Step>
    let workers: Int
    let scratch: UnsafeMutableRawPointer
    let scratchEach: Int
  }

  private func runStep(_ index: Int) {
    guard let base = steps.baseAddress else { return }
    let step = base + index
    guard let pool = prepared.pool, step.pointee.isParallel else {
      step.pointee.run(Share(worker: 0, workers: 1, scratch: prepared.scratch))
      return
    }
    var job = Job(
      step: UnsafePointer(step),
      workers: prepared.workers,
      scratch: prepared.scratch,
      scratchEach: prepared.scratchEach
    )
    cl_pool_run(
      pool,
      { context, worker in
        guard let job = context?.assumingMemoryBound(to: Job.self).pointee else { return }
        let scratch = job.scratch + Int(worker) * job.scratchEach
        job.step.pointee.run(Share(worker: Int(worker), workers: job.workers, scratch: scratch))
      },
      &job
    )
  }

  func view(_ tensor: Int) -> TensorView {
    prepared.view(tensor)
  }
}
