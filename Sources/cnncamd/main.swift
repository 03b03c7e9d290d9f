internal import CLinux
internal import CommandWords
internal import PlainText

let console = Console(program: "cnncamd")
console.report(TextBuilder("not there yet"))
cl_exit(1)
