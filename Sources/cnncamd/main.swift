internal import CLinux
internal import CommandWords

cl_exit(Program.run(Console.arguments))
