internal import PlainText
internal import Runtime

/// `cnnrun --list-kernels`: the kernel sets of this build, best first.
enum KernelList {
  /// A line for each set: its name, and whether it is used by default, can be, or cannot on this CPU.
  static func text(_ arguments: Arguments) throws(RuntimeError) -> TextBuilder {
    let used =
      if let name = arguments.kernels { try KernelSet.named(name).name } else {
        try KernelSet.selected().name
      }
    let available = KernelSet.available.map { $0.name }
    if arguments.isJSON {
      var text = TextBuilder("{\"used\":")
      text.append(json: used)
      var separator: StaticString = ",\"available\":["
      for name in available {
        text.append(separator)
        text.append(json: name)
        separator = ","
      }
      text.append("]}\n")
      return text
    }
    var table = TextTable([.left, .left])
    for name in KernelSet.builtNames {
      table.add(string: name)
      let isAvailable = available.contains { $0.hasBytes(of: name) }
      table.add(name.hasBytes(of: used) ? "used" : isAvailable ? "available" : "not on this CPU")
    }
    return table.text
  }
}
