/// What --help and --version print.
enum Help {
  static let version: StaticString = "cnnrun 0.1.0\n"

  static let text: StaticString = """
    Runs an int8 network on images and names what it sees.

      cnnrun model.bin IMAGE...                classify JPEG, PNG, PGM or PPM files
      cnnrun --selftest model.bin              prove that this machine computes the recorded results
      cnnrun --bench [RUNS] model.bin          time the network (100 runs)
      cnnrun --list-kernels                    kernel sets of this build, and which this CPU runs

      --top N        classes to print (5)
      --json         one JSON object a line
      --raw          images are files of height x width x channels bytes, the model's input itself
      --threads N    threads that share the work (1)
      --kernels SET  use this kernel set instead of the best; EDGECNN_KERNELS does the same
      --profile      with --bench: shortest time, share and speed of every layer
      --help, --version

    Times are those of the network alone, without reading and scaling the image. Exit status: 0 if all went well, 1 if a
    file could not be used or a result differs, 2 for a mistake in the command line.

    """
}
