/// The version of the commands on the desk, which is written into every file.
public enum ConverterVersion {
  /// Major, minor and patch.
  public static let text = "0.1.0"
}
