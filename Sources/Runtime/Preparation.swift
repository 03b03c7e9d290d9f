internal import CKernels
internal import CLinux
public import ModelFormat

/// Everything of a network that can fail: its plan, its memory and its threads.
///
/// A struct, because Embedded Swift keeps the memory of an object whose initializer throws.
public struct Preparation: ~Copyable {
  let file: ModelFile
  let kernels: KernelSet
  /// As many as were asked for.
  let threads: Int
  /// Threads that work on an operator, the caller's included.
  let workers: Int
  let arena: UnsafeMutableRawPointer
  let steps: UnsafeMutableBufferPointer<Step>
  let scratch: UnsafeMutableRawPointer
  /// Bytes of scratch memory a thread.
  let scratchEach: Int
  /// The other threads, nil where there are none.
  let pool: OpaquePointer?

  /// Plans every operator and allocates.
  ///
  /// - Parameters:
  ///   - file: a validated model; its bytes are kept alive where they have an owner.
  ///   - threads: 1 to 64, of which no more work than this process may use CPUs. With 1 there is no pool and no other thread.
  ///   - kernels: the set to use; nil for `KernelSet.selected()`.
  /// - Throws: `RuntimeError.threads`, `.kernelSet` or `.resources`.
  public init(
    _ file: ModelFile,
    threads: Int,
    kernels: KernelSet?
  ) throws(RuntimeError) {
    try self.init(
      file,
      threads: threads,
      workers: min(threads, Int(cl_cpu_count())),
      kernels: kernels,
      parallelWork: Step.parallelWork
    )
  }

  /// As the other, for tests: `workers` threads work, but on the caller's alone operators with less than `parallelWork`.
  package init(
    _ file: ModelFile,
    threads: Int,
    workers: Int,
    kernels: KernelSet?,
    parallelWork: UInt64
  ) throws(RuntimeError) {
    guard (1...Network.maximumThreads).contains(threads) else { throw .threads(threads) }
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
    let scratchEach = most + 64
    let scratch = cl_allocate(scratchEach * workers)
    var pool: OpaquePointer?
    let error = workers > 1 && scratch != nil ? cl_pool_create(Int32(workers), &pool) : 0
    guard let scratch, error == 0 else {
      cl_release(scratch, scratchEach * workers)
      cl_release(arena, file.arenaSize)
      steps.deallocate()
      if error != 0 { throw .resources("threads", workers) }
      throw .resources("scratch bytes", scratchEach * workers)
    }
    self.file = file
    self.kernels = set
    self.threads = threads
    self.workers = workers
    self.arena = arena
    self.steps = steps
    self.scratch = scratch
    self.scratchEach = scratchEach
    self.pool = pool
  }

  func view(_ tensor: Int) -> TensorView {
    TensorView(file.tensors[tensor], index: tensor, arena: arena)
  }

  deinit {
    if let pool { cl_pool_destroy(pool) }
    cl_release(scratch, scratchEach * workers)
    cl_release(arena, file.arenaSize)
    steps.deallocate()
  }
}
