import Testing

@testable import Camera

/// Which camera is the same as before.
struct CameraIdentityTests {
  static func camera(
    _ name: String = "HD Cam",
    bus: String = "usb-1",
    serial: String = "",
    usb: UInt32 = 0x046D_0825,
    index: Int = 0
  ) -> CameraIdentity {
    CameraIdentity(name: name, bus: bus, serial: serial, usb: usb, index: index)
  }

  @Test func `serial number and socket make it certain`() {
    #expect(Self.camera(serial: "A1").likeness(to: Self.camera(serial: "A1")) == 4)
    #expect(Self.camera(bus: "usb-2", serial: "A1").likeness(to: Self.camera(serial: "A1")) == 3)
  }

  @Test func `another serial number is another camera in the same socket`() {
    #expect(Self.camera(serial: "A1").likeness(to: Self.camera(serial: "A2")) == 0)
    #expect(Self.camera(serial: "A1").likeness(to: Self.camera()) == 0)
  }

  @Test func `without a serial number the socket decides`() {
    #expect(Self.camera().likeness(to: Self.camera()) == 2)
    #expect(Self.camera(bus: "usb-2").likeness(to: Self.camera()) == 1)
  }

  @Test func `another model or node of the device is another camera`() {
    #expect(Self.camera("Cam").likeness(to: Self.camera()) == 0)
    #expect(Self.camera(usb: 1).likeness(to: Self.camera()) == 0)
    #expect(Self.camera(index: 2).likeness(to: Self.camera()) == 0)
  }

  @Test(arguments: ["hd cam", "CAM", "USB-1", "sn-77", ""])
  func `a part of name, bus or serial number finds it in any case`(words: String) {
    #expect(Self.camera(serial: "SN-770").mentions(words))
  }

  @Test(arguments: ["HD  Cam", "usb-12", "webcam", "HD Cam and more than there is"])
  func `other words do not find it`(words: String) {
    #expect(!Self.camera(serial: "SN-770").mentions(words))
  }
}
