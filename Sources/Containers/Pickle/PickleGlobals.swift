/// Which globals of a pickle are refused by name.
///
/// Nothing is ever called, so no name can do harm here; a name on this list says that the file is meant to harm whoever
/// loads it with Python, and the user is told so. Any other unknown class becomes an inert record.
enum PickleGlobals {
  /// Whether `module.name` has no place in a model.
  static func isRefused(module: String, name: String) -> Bool {
    let root = module.prefix { $0 != "." }
    if refusedModules.contains(String(root)) { return true }
    // Protocol 4 allows dotted names, which reach through a harmless module to another: torch → os → system.
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 1, parts.contains(where: { refusedModules.contains($0) || $0.hasPrefix("__") })
    {
      return true
    }
    switch root {
    case "builtins", "__builtin__", "__builtins__":
      return !harmlessBuiltins.contains(name)
    case "torch":
      return refusedTorchNames.contains(name) || refusedTorchModules.contains(module)
    case "numpy":
      return module.hasPrefix("numpy.testing") || module.hasPrefix("numpy.distutils")
        || module.hasPrefix("numpy.f2py") || name == "load" || name == "runstring"
    case "types":
      return name != "SimpleNamespace" && name != "MappingProxyType" && name != "NoneType"
    case "functools": return name != "partial" && name != "OrderedDict"
    default: return false
    }
  }

  private static let refusedModules: Set<String> = [
    "os", "posix", "nt", "posixpath", "ntpath", "subprocess", "_posixsubprocess", "sys", "shutil",
    "socket",
    "_socket", "socketserver", "runpy", "importlib", "imp", "_imp", "pkgutil", "zipimport",
    "ctypes", "_ctypes",
    "cffi", "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "code",
    "codeop", "pty",
    "pdb", "bdb", "profile", "cProfile", "trace", "timeit", "doctest", "commands", "popen2",
    "webbrowser",
    "asyncio", "multiprocessing", "concurrent", "threading", "_thread", "signal", "tempfile",
    "glob", "fileinput",
    "io", "_io", "mmap", "operator", "_operator", "inspect", "gc", "atexit", "site", "sysconfig",
    "distutils",
    "setuptools", "pip", "ensurepip", "venv", "urllib", "urllib2", "requests", "http", "httplib",
    "aiohttp",
    "ftplib", "smtplib", "telnetlib", "poplib", "imaplib", "ssl", "xmlrpc", "paramiko", "platform",
    "pydoc", "idlelib",
    "lib2to3", "linecache", "tokenize", "ast", "dis", "winreg", "_winreg",
    "msvcrt", "resource", "fcntl", "pwd", "grp", "sqlite3", "dbm", "shelve", "nturl2path",
    "getpass",
  ]

  private static let harmlessBuiltins: Set<String> = [
    "set", "frozenset", "list", "tuple", "dict", "int", "long", "float", "bool", "str", "unicode",
    "bytes",
    "bytearray", "complex", "object", "slice", "range", "xrange", "type", "NoneType", "Ellipsis",
    "reversed", "enumerate", "zip", "super", "property", "staticmethod", "classmethod",
  ]

  private static let refusedTorchNames: Set<String> = ["load", "save", "compile", "hub"]

  private static let refusedTorchModules: Set<String> = [
    "torch.hub", "torch.serialization", "torch.utils.cpp_extension", "torch.utils.collect_env",
    "torch.package",
    "torch.utils.data.datapipes.utils.common", "torch.distributed.rpc", "torch.multiprocessing",
    "torch.utils.model_zoo", "torch.jit.unsupported_tensor_ops", "torch.utils.bottleneck.__main__",
    "torch.fx.experimental.symbolic_shapes", "torch._dynamo.guards", "torch._inductor.codecache",
    "torch.testing",
  ]
}
