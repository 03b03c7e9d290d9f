internal import CLinux
internal import CommandWords

cl_exit(Check.run(Console.arguments))
