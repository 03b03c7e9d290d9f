internal import CLinux

cl_exit(
  Check.run(
    (1..<max(1, cl_argument_count())).map { index in
      if let argument = cl_argument(index) { String(cString: argument) } else { "" }
    }
  )
)
