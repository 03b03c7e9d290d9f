internal import CLinux
internal import PlainText

cl_exit(
  Program.run(
    (1..<max(1, cl_argument_count())).map { index in
      if let argument = cl_argument(index) { TextBuilder(cString: argument).string } else { "" }
    }
  )
)
