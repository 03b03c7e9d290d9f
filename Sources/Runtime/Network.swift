internal import CKernels
internal import CLinux
public import ModelFormat

/// A model that is ready to run: write the input, `run()`, read the output.
///
/// Everything is planned and allocated by `init`; `run` cannot fail, allocates nothing and counts no references in its
/// loops. The results depend on the input alone: not on the kernel set, the number of threads or the machine. One thread
/// at a time may use a network.
public final class Network {
  /// The most threads that a network takes.
  public static let maximumThreads = 64

  /// The model.
  public let file: ModelFile
  /// The micro-kernels in use.
  public let kernels: KernelSet
  /// Threads that work on an operator, the caller's included.
  public let threads: Int

  private let arena: UnsafeMutableRawPointer
  private let scratch: UnsafeMutableRawPointer
  private let scratchSize: Int
  private let scratchEach: Int
  private let pool: OpaquePointer?
  let steps: UnsafeMutableBufferPointer<Step>
  let input: TensorView
  let output: TensorView

  /// Plans every operator and allocates the arena.
  ///
  /// - Parameters:
  ///   - file: a validated model; the network keeps its bytes alive where they have an owner.
  ///   - threads: 1 to 64. With 1 there is no pool and no other thread.
  ///   - kernels: the set to use; nil for `KernelSet.selected()`.
  /// - Throws: `RuntimeError.threads`, `.kernelSet` or `.resources`.
  public convenience init(
    _ file: ModelFile,
    threads: Int = 1,
    kernels: KernelSet? = nil
  ) throws(RuntimeError) {
    try self.init(file, threads: threads, kernels: kernels, parallelWork: Step.parallelWork)
  }

  /// Operators with less than `parallelWork` byte operations stay on the caller's thread.
  init(
    _ file: ModelFile,
    threads: Int,
    kernels: KernelSet?,
    parallelWork: UInt64
  ) throws(RuntimeError) {
    guard (1...Self.maximumThreads).contains(threads) else { throw .threads(threads) }
    let set = if let kernels { kernels } else { try KernelSet.selected() }
    guard let arena = cl_allocate(file.arenaSize) else {
      throw .resources("arena bytes", file.arenaSize)
    }
    let plan = Plan(file: file, arena: arena, kernels: set.functions)
    let steps = UnsafeMutableBufferPointer<Step>.allocate(capacity: file.operators.count)
    var most = 64
    for (index, record) in file.operators.enumerated() {
      var layout = ScratchLayout()
      steps.initializeElement(at: index, to: Step(plan, record, &layout, parallelWork))
      most = max(most, layout.size)
    }
    // One cache line more, so that threads do not share one.
    scratchEach = most + 64
    scratchSize = scratchEach * threads
    let scratch = cl_allocate(scratchSize)
    var pool: OpaquePointer?
    let error = threads > 1 && scratch != nil ? cl_pool_create(Int32(threads), &pool) : 0
    guard let scratch, error == 0 else {
      cl_release(scratch, scratchSize)
      cl_release(arena, file.arenaSize)
      steps.deallocate()
      if error != 0 { throw .resources("threads", threads) }
      throw .resources("scratch bytes", scratchSize)
    }
    self.file = file
    self.kernels = set
    self.threads = threads
    self.arena = arena
    self.scratch = scratch
    self.pool = pool
    self.steps = steps
    input = plan.view(file.inputTensor)
    output = plan.view(file.outputTensor)
  }

  deinit {
    if let pool { cl_pool_destroy(pool) }
    cl_release(scratch, scratchSize)
    cl_release(arena, file.arenaSize)
    steps.deallocate()
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
    guard let pool, step.pointee.isParallel else {
      step.pointee.run(Share(worker: 0, workers: 1, scratch: scratch))
      return
    }
    var job = Job(
      step: UnsafePointer(step),
      workers: threads,
      scratch: scratch,
      scratchEach: scratchEach
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
    TensorView(file.tensors[tensor], index: tensor, arena: arena)
  }
}
