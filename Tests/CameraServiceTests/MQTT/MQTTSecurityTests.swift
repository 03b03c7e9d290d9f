import Foundation
import Testing

@testable import CameraService

/// Users, passwords and certificates, right and wrong ones.
@Suite(.serialized, .withBroker, .timeLimit(.minutes(3)))
struct MQTTSecurityTests {
  private func run(_ program: String, _ arguments: [String], in broker: Broker) throws {
    let process = try broker.run(program, arguments, output: "log")
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw WaitError(what: "\(program) \(arguments.joined(separator: " "))")
    }
  }

  @Test func `A wrong password is said, tried again slowly, and taken once it is right`() throws {
    let broker = try Broker("allow_anonymous false\npassword_file FOLDER/users")
    let users = broker.folder.path + "/users"
    try run("/usr/bin/mosquitto_passwd", ["-b", "-c", users, "hall", "right"], in: broker)
    try broker.start()
    let password = broker.folder.appendingPathComponent("password")
    try "wrong\n".write(to: password, atomically: true, encoding: .utf8)
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.user = "hall"
      $0.passwordFile = password.path
    }
    let place = "127.0.0.1:\(broker.port)"
    try daemon.waitForLog(
      "cnncamd: error: mqtt: \(place): not authorized; see user and password_file; "
        + "trying again from time to time"
    )
    let start = Date()
    try "right\n".write(to: password, atomically: true, encoding: .utf8)
    try daemon.waitUntilConnected()
    // 30 times the 100 ms that others wait ± 25 %, less what had passed before.
    #expect(Date().timeIntervalSince(start) > 2)
    #expect(daemon.log.count == 2)
  }

  @Test func `A password file that is not there is named`() throws {
    let broker = try Broker()
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.user = "hall"
      $0.passwordFile = "/nowhere/password"
    }
    try daemon.waitForLog(
      "cnncamd: error: mqtt: 127.0.0.1:\(broker.port): /nowhere/password: No such file or directory; "
        + "trying again from time to time"
    )
  }

  @Test func `A broker that is not there is said once`() throws {
    let broker = try Broker()
    let daemon = try MQTTDaemon(port: broker.port)
    usleep(1_500_000)
    #expect(
      daemon.log == [
        "cnncamd: warning: mqtt: 127.0.0.1:\(broker.port): Connection refused; "
          + "trying again from time to time"
      ]
    )
  }

  @Test func `A host without an address is named`() throws {
    let daemon = try MQTTDaemon(port: 1883) { $0.host = "no-such-host.invalid" }
    try wait("a line", seconds: 60) { !daemon.log.isEmpty }
    // Without any name server the system says that it may be a matter of time.
    let reasons = ["Name or service not known", "Temporary failure in name resolution"]
    #expect(
      reasons.map {
        "cnncamd: warning: mqtt: no-such-host.invalid:1883: \($0); trying again from time to time"
      }.contains(daemon.log[0]),
      "\(daemon.log)"
    )
  }

  /// A broker with certificates that a CA of its own signed: for this host by address and name, and for a client.
  private func secureBroker(certificate: String = "server") throws -> Broker {
    let broker = try Broker(
      """
      allow_anonymous true
      cafile FOLDER/ca.pem
      certfile FOLDER/\(certificate).pem
      keyfile FOLDER/\(certificate).key
      """
    )
    try makeCertificates(broker)
    try broker.start()
    return broker
  }

  private func makeCertificates(_ broker: Broker) throws {
    for authority in ["ca", "other-ca"] {
      try openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
          + " -subj /CN=\(authority) -keyout \(authority).key -out \(authority).pem",
        broker
      )
    }
    let names = [
      "server": "DNS:localhost,IP:127.0.0.1", "elsewhere": "DNS:elsewhere.example",
      "client": "DNS:client",
    ]
    for (name, subject) in names {
      try openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(name)"
          + " -keyout \(name).key -out \(name).csr",
        broker
      )
      try "subjectAltName=\(subject)\n".write(
        to: broker.folder.appendingPathComponent(name + ".ext"),
        atomically: true,
        encoding: .utf8
      )
      try openssl(
        "x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
          + " -extfile \(name).ext -out \(name).pem",
        broker
      )
    }
  }

  private func openssl(_ words: String, _ broker: Broker) throws {
    let arguments = words.split(separator: " ").map { word in
      let isFile = [".key", ".pem", ".csr", ".ext"].contains { word.hasSuffix($0) }
      return isFile ? "\(broker.folder.path)/\(word)" : String(word)
    }
    try run("/usr/bin/openssl", arguments, in: broker)
  }

  @Test func `A certificate of a trusted authority is taken`() throws {
    let broker = try secureBroker()
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = broker.folder.path + "/ca.pem"
      $0.host = "localhost"
    }
    daemon.publish(0..<300)
    try wait("delivery in \(daemon.log)") { daemon.publisher.currentCounts.delivered == 300 }
    let start = Date()
    daemon.publisher.stop(withinMilliseconds: 2000)
    #expect(Date().timeIntervalSince(start) < 1)
  }

  @Test(arguments: [
    ("another authority's", "/other-ca.pem"), ("one that the system knows", ""),
  ])
  func `A certificate of an authority that is not trusted is refused`(
    _ what: String,
    authority: String
  ) throws {
    let broker = try secureBroker()
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = authority.isEmpty ? "" : broker.folder.path + authority
    }
    try daemon.waitForLog(
      "cnncamd: error: mqtt: 127.0.0.1:\(broker.port): the certificate is not signed by one that is "
        + "trusted; trying again from time to time"
    )
  }

  @Test func `A certificate for another host is refused, unless the settings say otherwise`() throws
  {
    let broker = try secureBroker(certificate: "elsewhere")
    let authority = broker.folder.path + "/ca.pem"
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = authority
    }
    try daemon.waitForLog(
      "cnncamd: error: mqtt: 127.0.0.1:\(broker.port): the certificate is not one for this host name; "
        + "trying again from time to time"
    )
    let tolerant = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = authority
      $0.anyHostName = true
      $0.clientID = "tolerant"
    }
    try tolerant.waitUntilConnected()
    // Any host, but not any authority.
    let careful = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = broker.folder.path + "/other-ca.pem"
      $0.anyHostName = true
      $0.clientID = "careful"
    }
    try careful.waitForLog(
      "cnncamd: error: mqtt: 127.0.0.1:\(broker.port): the certificate is not signed by one that is "
        + "trusted; trying again from time to time"
    )
  }

  @Test func `A broker that asks for a certificate gets it`() throws {
    let broker = try Broker(
      """
      allow_anonymous true
      cafile FOLDER/ca.pem
      certfile FOLDER/server.pem
      keyfile FOLDER/server.key
      require_certificate true
      """
    )
    try makeCertificates(broker)
    try broker.start()
    let folder = broker.folder.path
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = folder + "/ca.pem"
      $0.certificateFile = folder + "/client.pem"
      $0.keyFile = folder + "/client.key"
    }
    try daemon.waitUntilConnected()
    let stranger = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = folder + "/ca.pem"
      $0.clientID = "stranger"
    }
    try wait("a refusal") { !stranger.log.isEmpty }
    // The broker's refusal may be overtaken by the end of the connection.
    let reasons = [
      "tlsv13 alert certificate required",
      "TLS was refused; does the broker ask for a certificate?",
    ]
    #expect(
      reasons.map {
        "cnncamd: error: mqtt: 127.0.0.1:\(broker.port): \($0); trying again from time to time"
      }.contains(stranger.log[0]),
      "\(stranger.log)"
    )
    #expect(!stranger.publisher.currentCounts.isConnected)
  }

  @Test func `A file of certificates that is not there is named`() throws {
    let broker = try Broker()
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.tls = true
      $0.caFile = "/nowhere/ca.pem"
    }
    try daemon.waitForLog(
      "cnncamd: error: mqtt: 127.0.0.1:\(broker.port): /nowhere/ca.pem: No such file or directory; "
        + "trying again from time to time"
    )
  }

  @Test func `A broker that does not speak TLS is said`() throws {
    let broker = try Broker()
    try broker.start()
    let daemon = try MQTTDaemon(port: broker.port) { $0.tls = true }
    try daemon.waitForLog(
      "cnncamd: warning: mqtt: 127.0.0.1:\(broker.port): connection closed at its start; "
        + "is this a port with TLS?; trying again from time to time"
    )
  }
}
