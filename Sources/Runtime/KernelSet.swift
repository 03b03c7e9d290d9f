public import CKernels
internal import CLinux
internal import PlainText

/// A set of micro-kernels: one of the C sets that this CPU runs, or the portable Swift loops.
///
/// All sets give the same bits.
public struct KernelSet: @unchecked Sendable {
  /// The functions; every pointer is set but perhaps `depthwise_rows`.
  public let functions: ck_kernels
  /// The name, as `EDGECNN_KERNELS` takes it.
  public var name: String { TextBuilder(cString: functions.name).string }

  /// The oracle: plain loops in Swift, on every machine.
  public static var portable: KernelSet { KernelSet(functions: PortableKernels.table) }

  /// All sets that this build has and this CPU runs, best first, `portable` last.
  public static var available: [KernelSet] {
    var sets: [KernelSet] = []
    while let set = ck_kernels_at(sets.count) { sets.append(KernelSet(functions: set.pointee)) }
    sets.append(.portable)
    return sets
  }

  /// Names of all sets that this build has, whether this CPU runs them or not, `portable` last.
  public static var builtNames: [String] {
    var names: [String] = []
    while let name = ck_kernel_set_name(names.count) {
      names.append(TextBuilder(cString: name).string)
    }
    names.append("portable")
    return names
  }

  /// Whether this build has a set of that name and this CPU runs it.
  public static func isAvailable(_ name: String) -> Bool {
    available.contains { $0.name.hasBytes(of: name) }
  }

  /// The set of that name.
  ///
  /// - Throws: `RuntimeError.kernelSet` with the names that there are.
  public static func named(_ name: String) throws(RuntimeError) -> KernelSet {
    let sets = available
    for set in sets where set.name.hasBytes(of: name) { return set }
    throw .kernelSet(name, available: sets.map { $0.name })
  }

  /// The set that the environment variable `EDGECNN_KERNELS` names, else the best one.
  ///
  /// - Throws: `RuntimeError.kernelSet` where the variable names none that there is.
  public static func selected() throws(RuntimeError) -> KernelSet {
    if let forced = cl_environment("EDGECNN_KERNELS"), forced.pointee != 0 {
      return try named(TextBuilder(cString: forced).string)
    }
    return available[0]
  }
}
