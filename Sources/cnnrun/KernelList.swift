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
    if arguments.isJSON {
      var text = TextBuilder("{\"used\":")
      text.append(json: used)
      var separator: StaticString = ",\"available\":["
      for set in KernelSet.available {
        text.append(separator)
        text.append(json: set.name)
        separator = ","
      }
      text.append("]}\n")
      return text
    }
    var table = TextTable([.left, .left])
    for name in KernelSet.builtNames {
      table.add(string: name)
      let isAvailable = KernelSet.isAvailable(name)
      table.add(name.hasBytes(of: used) ? "used" : isAvailable ? "available" : "not on this CPU")
    }
    return table.text
  }
}
