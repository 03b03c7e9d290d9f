internal import Compiler
internal import TextTables

/// What a person wants to know first: how good, how large, how fast.
extension ReportPage {
  func headline(in page: inout Markup) {
    page.newLine()
    page.element("header") { header in
      header.element("p", ["class": "kicker"], "Conversion report")
      header.element("h1", title)
      header.element("p", ["class": "verdict"], verdict)
    }
    page.element("dl", ["class": "tiles"]) { tiles in
      quality(in: &tiles)
      tile("Size", NumberFormat.bytes(report.fileBytes), sizeNote, in: &tiles)
      if let speed = details.speed {
        tile(
          "Speed, predicted",
          "\(significant(speed.milliseconds, 3)) ms",
          note(speed),
          in: &tiles
        )
      }
      tile(
        "Work, MAC",
        abbreviated(report.multiplyAccumulates),
        "multiply-accumulates an image, in \(report.layers.count) operators"
          + (report.sourceLayers > 0 ? " made of \(report.sourceLayers) layers" : ""),
        in: &tiles
      )
      tile(
        "Working memory",
        NumberFormat.bytes(report.arenaBytes),
        "all that a run needs beside the file",
        in: &tiles
      )
    }
  }

  private func quality(in tiles: inout Markup) {
    guard let agreeing = report.agreeing, report.calibrationImages > 0 else {
      tile(
        "Agreement with float",
        "unknown",
        "not measured: there were no calibration images",
        in: &tiles
      )
      return
    }
    // Images that calibration has not seen tell more, where a search was judged by some.
    if let index = details.chosenAttempt, details.attempts.indices.contains(index) {
      tile(details.attempts[index].score, "images that calibration has not seen", in: &tiles)
    } else if let accuracy = report.accuracy {
      tile(accuracy, "calibration images", in: &tiles)
    }
    let images = report.calibrationImages
    tile(
      "Agreement with float",
      NumberFormat.percent(Double(agreeing) / Double(images)),
      "the same class for \(agreeing) of \(images) calibration images; \(interval(agreeing, images))",
      in: &tiles
    )
  }

  private func tile(_ score: AccuracySearch.Score, _ which: String, in tiles: inout Markup) {
    guard score.images > 0 else { return }
    let int8 = NumberFormat.percent(Double(score.int8) / Double(score.images))
    let float = NumberFormat.percent(Double(score.float) / Double(score.images))
    tile(
      score.isAccuracy ? "Accuracy in int8" : "Agreement on images kept apart",
      int8,
      (score.isAccuracy ? "float \(float), " : "")
        + "on \(score.images) \(which); \(interval(score.int8, score.images))",
      in: &tiles
    )
  }

  private func interval(_ part: Int, _ whole: Int) -> String {
    let interval = WilsonInterval(part, of: whole)
    return
      "95 % interval \(significant(100 * interval.low, 3)) … \(significant(100 * interval.high, 3)) %"
  }

  private var verdict: String {
    let layers = blamed.count
    if layers > 0 {
      let what = layers == 1 ? "1 layer stands" : "\(layers) layers stand"
      return "\(what) in the way of accuracy."
    }
    guard report.calibrationImages > 0 else {
      return "No layer stands out, but ranges are guesses until real images are seen."
    }
    let noisiest = report.worstLayers.map { Self.short($0, 30) }.joined(separator: ", ")
    return "No layer stands in the way: noise adds up evenly, to most in \(noisiest)."
  }

  private var sizeNote: String {
    guard report.sourceBytes > 0, report.fileBytes > 0 else { return "" }
    let ratio = Double(report.sourceBytes) / Double(report.fileBytes)
    return
      "of \(NumberFormat.bytes(report.sourceBytes)) float, \(significant(ratio, 3)) times smaller"
  }

  private func note(_ speed: ReportDetails.Speed) -> String {
    let rate = Double(report.multiplyAccumulates) / speed.milliseconds / 1e6
    let processor = speed.processor.isEmpty ? "" : "\(speed.processor), "
    return
      "from the shortest of \(speed.runs) runs on the converting machine: \(processor)\(speed.kernels), 1 thread, \(significant(rate, 3)) GMAC/s"
  }

  private func tile(_ name: String, _ value: String, _ note: String, in tiles: inout Markup) {
    tiles.element("div") { tile in
      tile.element("dt", name)
      tile.element("dd", ["class": "value"], value)
      if !note.isEmpty { tile.element("dd", ["class": "note"], note) }
    }
  }
}
