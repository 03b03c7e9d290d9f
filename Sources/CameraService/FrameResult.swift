internal import ModelFormat
internal import PlainText
internal import Runtime

/// What a frame led to, before it is text.
struct FrameResult {
  /// When the frame was taken: nanoseconds since 1970.
  var wallNanoseconds: Int64 = 0
  /// The source's count.
  var sequence: UInt32 = 0
  /// The label after smoothing.
  var decision = Smoothing.Decision(label: nil, score: 0, isChanged: false)
  /// How long it took, until the outputs.
  var times = StageTimes()

  /// Appends one JSON object (README), without a line's end.
  ///
  /// `scores` are the best classes, best first.
  func append(
    json scores: UnsafeBufferPointer<Score>,
    _ texts: ResultTexts,
    to text: inout TextBuilder
  ) {
    text.append("{\"time\":\"")
    WallTime(nanoseconds: wallNanoseconds).append(to: &text)
    text.append("\",\"sequence\":", Int(sequence))
    text.append(",\"class\":")
    if let label = decision.label { text.append(Int64(label)) } else { text.append("null") }
    text.append(",\"label\":")
    if let label = decision.label {
      texts.append(label: label, to: &text)
    } else {
      text.append("null")
    }
    text.append(",\"score\":", json: Double(decision.score), decimals: 4)
    text.append(decision.isChanged ? ",\"changed\":true" : ",\"changed\":false")
    var opening: StaticString = ",\"top\":[{\"class\":"
    for score in scores {
      text.append(opening, score.index)
      text.append(",\"label\":")
      texts.append(label: score.index, to: &text)
      text.append(",\"score\":", json: Double(score.value), decimals: 4)
      text.append("}")
      opening = ",{\"class\":"
    }
    text.append("],\"ms\":{\"capture\":", json: Double(times.capture) / 1e6, decimals: 3)
    text.append(",\"pixels\":", json: Double(times.pixels) / 1e6, decimals: 3)
    text.append(",\"inference\":", json: Double(times.inference) / 1e6, decimals: 3)
    text.append(
      ",\"total\":",
      json: Double(times.capture + times.pixels + times.inference) / 1e6,
      decimals: 3
    )
    text.append("}")
    texts.appendTail(to: &text)
  }
}

/// What is the same in all results of a model and a camera, as JSON that is made once: a frame appends bytes.
struct ResultTexts {
  private let labels: [UInt8]
  /// Where each label starts, and where the last one ends.
  private let starts: [Int]
  private let tail: [UInt8]

  /// The labels of a file, `null` for classes that have none.
  init(_ file: ModelFile, classes: Int, _ description: ServiceDescription) {
    var text = TextBuilder()
    var starts = [0]
    starts.reserveCapacity(classes + 1)
    for index in 0..<classes {
      if index < file.labelCount {
        text.append(json: file.label(index))
      } else {
        text.append("null")
      }
      starts.append(text.bytes.count)
    }
    labels = text.bytes
    self.starts = starts
    text = TextBuilder(",\"model\":\"")
    text.append(string: description.modelHash)
    text.append("\",\"camera\":")
    text.append(json: description.camera)
    text.append("}")
    tail = text.bytes
  }

  /// Appends the label of a class.
  func append(label index: Int, to text: inout TextBuilder) {
    labels.withUnsafeBufferPointer {
      text.append(bytes: UnsafeBufferPointer(rebasing: $0[starts[index]..<starts[index + 1]]))
    }
  }

  /// Appends model, camera and the end of the object.
  func appendTail(to text: inout TextBuilder) {
    tail.withUnsafeBufferPointer { text.append(bytes: $0) }
  }
}
