import CEdgeCNN
import ModelFormat
import ModelSamples
import Pixels
import Runtime
import Testing

@Suite struct RunningTests {
  private let opened: OpenedModel
  private var network: OpaquePointer { opened.network }

  init() throws { opened = try OpenedModel() }

  @Test func `a network tells what it is`() throws {
    var model = edgecnn_model()
    #expect(edgecnn_describe(network, &model) == EDGECNN_OK)
    let bytes = try ColorModel.bytes()
    #expect(String(cString: model.name) == "")
    #expect(model.file_bytes == bytes.count && model.arena_bytes == 256)
    #expect(model.operator_count == 2 && model.metadata_count == 0)
    #expect(model.label_count == 3 && model.golden_count == 2)
    #expect(model.threads == 1 && model.output_is_probability == 1)
    #expect(edgecnn_version() == UInt32(EDGECNN_VERSION))

    var tensor = edgecnn_tensor()
    #expect(edgecnn_input(network, &tensor) == EDGECNN_OK)
    #expect(String(cString: tensor.name) == "image")
    #expect([tensor.height, tensor.width, tensor.channels] == [4, 4, 3])
    #expect(tensor.element_count == 48 && tensor.byte_count == 48)
    #expect(tensor.element == EDGECNN_U8 && tensor.scale == 1 && tensor.zero_point == 0)
    #expect(edgecnn_output(network, &tensor) == EDGECNN_OK)
    #expect(String(cString: tensor.name) == "scores" && tensor.element == EDGECNN_FLOAT)
    #expect(tensor.element_count == 3 && tensor.byte_count == 12)

    let labels = (0..<4).map { String(cString: edgecnn_label(network, $0)) }
    #expect(labels == ColorModel.labels + [""])
    var description = edgecnn_operator()
    #expect(edgecnn_describe_operator(network, 1, &description) == EDGECNN_OK)
    #expect(String(cString: description.name) == "choose")
    let kind = withUnsafeBytes(of: description.kind) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    #expect(kind == "softmax" && description.multiply_accumulates == 0)
    #expect(edgecnn_describe_operator(network, 2, &description) == EDGECNN_ARGUMENT)
    #expect(opened.errorText == "index: 2, expected below 2")
  }

  @Test func `metadata is found in the order of its keys`() throws {
    var contents = try ColorModel.contents()
    contents.metadata = [
      .init(key: "source.nam", value: "no"), .init(key: "source.name", value: "käse.onnx"),
      .init(key: "source.names", value: "no"),
    ]
    let opened = try OpenedModel(bytes: contents.encode())
    var model = edgecnn_model()
    #expect(edgecnn_describe(opened.network, &model) == EDGECNN_OK)
    #expect(String(cString: model.name) == "käse.onnx" && model.metadata_count == 3)
    var (key, value): (UnsafePointer<CChar>?, UnsafePointer<CChar>?)
    #expect(edgecnn_metadata(opened.network, 1, &key, &value) == EDGECNN_OK)
    #expect(String(cString: try #require(key)) == "source.name")
    #expect(String(cString: try #require(value)) == "käse.onnx")
    #expect(edgecnn_metadata(opened.network, 3, &key, &value) == EDGECNN_ARGUMENT)
    #expect(edgecnn_metadata(opened.network, 0, nil, &value) == EDGECNN_ARGUMENT)
    #expect(opened.errorText == "key: NULL, expected a pointer")
  }

  @Test func `a dense input, one in place and an image give the outputs of the Swift network`()
    throws
  {
    let dense = SplitMix64.bytes(seed: 4, count: 48)
    let reference = try Network(ModelFile(copying: ColorModel.bytes()))
    reference.setInput(dense)
    reference.run()

    func check() {
      var bytes = [UInt8](repeating: 0, count: 12)
      var values = [Float](repeating: 0, count: 3)
      #expect(edgecnn_run(network) == EDGECNN_OK)
      #expect(edgecnn_output_bytes(network, &bytes, 12) == EDGECNN_OK)
      #expect(edgecnn_output_floats(network, &values, 3) == EDGECNN_OK)
      #expect(bytes == reference.outputBytes && values == reference.outputValues)
    }
    #expect(edgecnn_set_input(network, dense, 48) == EDGECNN_OK)
    check()
    var stride = 0
    let pixels = try #require(edgecnn_input_pixels(network, &stride))
    #expect(stride == 4)
    for index in 0..<48 {
      pixels.storeBytes(
        of: dense[index],
        toByteOffset: index / 3 * stride + index % 3,
        as: UInt8.self
      )
    }
    check()
    #expect(edgecnn_set_image(network, dense, 4, 4, 12, EDGECNN_RGB) == EDGECNN_OK)
    check()
  }

  @Test(arguments: [
    (EDGECNN_RGB, PixelFormat.rgb), (EDGECNN_BGR, .bgr), (EDGECNN_RGBX, .rgbx),
    (EDGECNN_BGRX, .bgrx), (EDGECNN_GREY, .grey),
  ])
  func `images of any size and format go through the plan`(
    format: edgecnn_pixel_format,
    expected: PixelFormat
  ) throws {
    let reference = try Network(ModelFile(copying: ColorModel.bytes()))
    for (width, height) in [(11, 7), (11, 7), (1, 9)] {
      let rowBytes = width * expected.pixelBytes
      let rowStride = rowBytes + 5
      let picture = SplitMix64.bytes(seed: 1, count: (height - 1) * rowStride + rowBytes)
      var plan = try PixelPlan(
        sourceHeight: height,
        sourceWidth: width,
        format: expected,
        contract: reference.file.input
      )
      picture.withUnsafeBufferPointer {
        plan.convert(
          $0,
          rowStride: rowStride,
          into: reference.inputMemory,
          pixelStride: reference.inputPixelStride
        )
      }
      reference.run()
      #expect(edgecnn_set_image(network, picture, width, height, rowStride, format) == EDGECNN_OK)
      #expect(edgecnn_run(network) == EDGECNN_OK)
      var bytes = [UInt8](repeating: 0, count: 12)
      #expect(edgecnn_output_bytes(network, &bytes, 12) == EDGECNN_OK)
      #expect(bytes == reference.outputBytes)
    }
  }

  @Test func `images that do not fit are refused`() {
    let picture = [UInt8](repeating: 0, count: 300)
    func refusal(
      _ width: Int,
      _ height: Int,
      _ stride: Int,
      _ format: edgecnn_pixel_format = EDGECNN_RGB
    ) -> (edgecnn_status, String) {
      (edgecnn_set_image(network, picture, width, height, stride, format), opened.errorText)
    }
    #expect(
      refusal(10, 10, 29) == (EDGECNN_ARGUMENT, "row_stride: 29, expected at least 30")
    )
    #expect(
      refusal(10, 10, .max)
        == (EDGECNN_ARGUMENT, "row_stride: \(Int.max), expected at most \(Int.max / 10)")
    )
    #expect(
      refusal(10, 10, -1)
        == (EDGECNN_ARGUMENT, "row_stride: \(UInt.max), expected at most \(Int.max / 10)")
    )
    #expect(
      refusal(10, 10, 30, edgecnn_pixel_format(rawValue: 5))
        == (EDGECNN_ARGUMENT, "format: unknown, expected an edgecnn_pixel_format")
    )
    #expect(
      refusal(0, 10, 30) == (EDGECNN_IMAGE, "image of 0 x 10 pixels, expected 1...65536 a side")
    )
    #expect(
      refusal(10, 65_537, 30)
        == (EDGECNN_IMAGE, "image of 10 x 65537 pixels, expected 1...65536 a side")
    )
    #expect(refusal(.max, .max, 30).0 == EDGECNN_IMAGE)
    #expect(refusal(-1, 1, 30).0 == EDGECNN_IMAGE)
    #expect(edgecnn_set_image(network, nil, 1, 1, 3, EDGECNN_RGB) == EDGECNN_ARGUMENT)
    #expect(opened.errorText == "pixels: NULL, expected a pointer")
    #expect(refusal(10, 10, 30) == (EDGECNN_OK, ""))
  }

  @Test func `the best classes come first, as many as there are`() throws {
    _ = try opened.best(of: [40, 50, 45])
    var scores = [edgecnn_score](repeating: edgecnn_score(), count: 5)
    var found = 9
    #expect(edgecnn_top(network, &scores, 2, &found) == EDGECNN_OK && found == 2)
    #expect(scores[..<2].map(\.index) == [1, 2] && scores[0].value > scores[1].value)
    for count in [5, .max, -1] {
      #expect(edgecnn_top(network, &scores, count, &found) == EDGECNN_OK && found == 3)
      #expect(scores[..<3].map(\.index) == [1, 2, 0])
    }
    #expect(edgecnn_top(network, &scores, 0, &found) == EDGECNN_OK && found == 0)
    #expect(edgecnn_top(network, nil, 1, &found) == EDGECNN_ARGUMENT && found == 0)
    #expect(opened.errorText == "scores: NULL, expected a pointer")
    #expect(edgecnn_top(network, &scores, 1, nil) == EDGECNN_ARGUMENT)
  }

  @Test func `a profile has a time for every operator`() {
    var times: [Int64] = [-1, -1]
    #expect(edgecnn_run_profiled(network, &times, 2) == EDGECNN_OK)
    #expect(times.allSatisfy { $0 >= 0 })
    #expect(edgecnn_run_profiled(network, &times, 1) == EDGECNN_ARGUMENT)
    #expect(opened.errorText == "count: 1, expected 2")
    #expect(edgecnn_run_profiled(network, nil, 2) == EDGECNN_ARGUMENT)
  }

  @Test func `a self-test names the operator that differs`() throws {
    #expect(edgecnn_selftest(network) == EDGECNN_OK && opened.errorText == "")
    var options = edgecnn_options.usual
    options.kernels = edgecnn_kernel_set(KernelSet.builtNames.count - 1, nil)
    let damaged = try OpenedModel(options, bytes: ColorModel.bytes(damagedLayer: 1))
    #expect(edgecnn_selftest(damaged.network) == EDGECNN_DIFFERS)
    let start = "kernels portable, 1 threads, golden vector 1: operator 1 (choose) has hash "
    #expect(damaged.errorText.hasPrefix(start), "\(damaged.errorText)")
  }

  @Test func `buffers of another size are refused`() {
    let bytes = [UInt8](repeating: 0, count: 49)
    #expect(edgecnn_set_input(network, bytes, 49) == EDGECNN_ARGUMENT)
    #expect(opened.errorText == "byte_count: 49, expected 48")
    var floats = [Float](repeating: 0, count: 3)
    #expect(edgecnn_output_bytes(network, &floats, 11) == EDGECNN_ARGUMENT)
    #expect(opened.errorText == "byte_count: 11, expected 12")
    #expect(edgecnn_output_floats(network, &floats, 4) == EDGECNN_ARGUMENT)
    #expect(opened.errorText == "element_count: 4, expected 3")
    #expect(edgecnn_set_input(network, nil, 48) == EDGECNN_ARGUMENT)
    #expect(edgecnn_output_bytes(network, nil, 12) == EDGECNN_ARGUMENT)
    #expect(edgecnn_output_floats(network, nil, 3) == EDGECNN_ARGUMENT)
    #expect(edgecnn_run(network) == EDGECNN_OK && opened.errorText == "")
  }

  @Test func `every function takes a null network`() {
    var (model, tensor, description) = (edgecnn_model(), edgecnn_tensor(), edgecnn_operator())
    var (key, value): (UnsafePointer<CChar>?, UnsafePointer<CChar>?)
    var (score, number, time) = (edgecnn_score(), 0, Int64(0))
    let statuses = [
      edgecnn_describe(nil, &model), edgecnn_input(nil, &tensor), edgecnn_output(nil, &tensor),
      edgecnn_metadata(nil, 0, &key, &value), edgecnn_set_input(nil, &time, 8),
      edgecnn_set_image(nil, &time, 1, 1, 3, EDGECNN_RGB), edgecnn_run(nil),
      edgecnn_describe_operator(nil, 0, &description), edgecnn_run_profiled(nil, &time, 1),
      edgecnn_selftest(nil), edgecnn_output_bytes(nil, &time, 8),
      edgecnn_output_floats(nil, &score.value, 1), edgecnn_top(nil, &score, 1, &number),
    ]
    #expect(statuses.allSatisfy { $0 == EDGECNN_ARGUMENT })
    #expect(edgecnn_input_pixels(nil, &number) == nil && edgecnn_input_pixels(network, nil) == nil)
    #expect(String(cString: edgecnn_label(nil, 0)) == "")
    #expect(String(cString: edgecnn_error_text(nil)) == "")
  }
}
