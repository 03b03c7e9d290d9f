internal import PlainText

/// Why the service cannot start.
struct ServiceError: Error {
  /// What it is about.
  var subject: LogSubject
  /// One line.
  var message: TextBuilder
}
