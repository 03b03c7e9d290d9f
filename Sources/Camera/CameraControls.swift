internal import CVideo
internal import PlainText

extension CameraSession {
  /// Sets exposure, gain and white balance as configured; what the camera refuses is a warning.
  static func setControls(
    _ node: CameraNode,
    _ options: CameraOptions,
    warnings: inout [TextBuilder]
  ) {
    let control = ControlSetter(node: node)
    // UVC cameras have aperture priority for automatic, sensors the plain one.
    let isExposed = control.set(
      options.exposure,
      mode: CV_EXPOSURE_MODE,
      automatic: [3, 0],
      manual: 1,
      values: [CV_EXPOSURE]
    )
    if !isExposed { warnings.append(control.refusal("exposure", options.exposure)) }
    let isGained = control.set(
      options.gain,
      mode: CV_GAIN_MODE,
      automatic: [1],
      manual: 0,
      values: [CV_GAIN, CV_ANALOGUE_GAIN]
    )
    if !isGained { warnings.append(control.refusal("gain", options.gain)) }
    let isBalanced = control.set(
      options.whiteBalance,
      mode: CV_WHITE_BALANCE_MODE,
      automatic: [1],
      manual: 0,
      values: [CV_WHITE_BALANCE]
    )
    if !isBalanced { warnings.append(control.refusal("white balance", options.whiteBalance)) }
  }
}

/// Sets a control and the switch beside it that says who sets it.
private struct ControlSetter {
  let node: CameraNode

  /// Whether the camera took it.
  func set(
    _ wish: CameraControl,
    mode: Int,
    automatic: [Int32],
    manual: Int32,
    values: [Int]
  ) -> Bool {
    switch wish {
    case .camera:
      return true
    case .automatic:
      for value in automatic where cv_control_set(node.handle, Int32(mode), value) == 0 {
        return true
      }
      return false
    case .manual(let value):
      // A camera without the switch is always manual.
      _ = cv_control_set(node.handle, Int32(mode), manual)
      let value = Int32(clamping: value)
      for control in values where cv_control_set(node.handle, Int32(control), value) == 0 {
        return true
      }
      return false
    }
  }

  func refusal(_ name: StaticString, _ wish: CameraControl) -> TextBuilder {
    var text = TextBuilder(string: node.path)
    text.append(": the camera does not take ")
    text.append(name)
    switch wish {
    case .camera: break
    case .automatic: text.append(" automatic")
    case .manual(let value): text.append(" ", value)
    }
    return text
  }
}
