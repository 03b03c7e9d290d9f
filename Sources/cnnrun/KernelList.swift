internal import Runtime

/// `cnnrun --list-kernels`: the kernel sets of this build, best first.
enum KernelList {
  /// A line for each set: its name, and whether it is used by default, can be, or cannot on this CPU.
  static func text(_ arguments: Arguments) throws(RuntimeError) -> String {
    let used =
      if let name = arguments.kernels { try KernelSet.named(name).name } else {
        try KernelSet.selected().name
      }
    let available = KernelSet.available.map { $0.name }
    if arguments.isJSON {
      var text = "{\"used\":" + JSONText.string(used) + ",\"available\":["
      for (index, name) in available.enumerated() {
        text += (index == 0 ? "" : ",") + JSONText.string(name)
      }
      return text + "]}\n"
    }
    var table = TextTable([.left, .left])
    for name in KernelSet.builtNames {
      let state =
        name == used ? "used" : available.contains(name) ? "available" : "not on this CPU"
      table.append([name, state])
    }
    return table.text
  }
}
