/// What --help and --version print.
enum Help {
  static let name: StaticString = "cnncamd 0.1.0"

  static let text: StaticString = """
    Classifies what a camera sees, with an int8 network, for as long as it is let.

      cnncamd model.bin                        the first camera, results to the terminal
      cnncamd --config FILE                    as the settings file says; the usual way of a service
      cnncamd --check-config FILE              say whether a settings file is in order
      cnncamd --list-cameras                   cameras of this machine and what they give

      --device NAME    a node (/dev/video0), a link (/dev/v4l/by-id/...), or part of a camera's name or serial number
      --source WHAT    no camera: a folder of images, a Motion-JPEG file, - for a stream on standard input
      --set S.K=VALUE  the setting K of section S, over what the file says; may be given often
      --json           one result a line on standard output
      --quiet          nothing on standard output
      --help, --version

    Settings: see cnncamd.conf(5). SIGHUP looks for a new model and opens files again; SIGTERM ends within a second. Exit
    status: 0 at the end of a source or after a signal, 1 if the service cannot start, 2 for a mistake in the command line or
    the settings.

    """
}
