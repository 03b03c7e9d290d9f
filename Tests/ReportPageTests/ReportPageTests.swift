import Compiler
import Foundation
import FoundationXML
import Testing

@testable import ReportPage

@Suite("The report as a page")
struct ReportPageTests {
  @Test(arguments: [1, 9, 61, 400])
  func `it is well-formed whatever the number of layers`(_ count: Int) throws {
    let page = ReportPage(ReportSample.report(layers: count)).html
    #expect(throws: Never.self) { try PageParser(page) }
    #expect(page.utf8.count < 30_000 + 3000 * count)
  }

  @Test func `it needs nothing but itself`() {
    let page = ReportPage(ReportSample.report(layers: 9)).html
    for reference in ["http:", "https:", "//", "src=", "@import", "<script", "<link", "<iframe"] {
      #expect(!page.contains(reference), "\(reference)")
    }
    // Patterns of its own and rows of its own are all that it refers to.
    for part in page.components(separatedBy: "url(").dropFirst() { #expect(part.hasPrefix("#")) }
    for part in page.components(separatedBy: "href=").dropFirst() {
      #expect(part.hasPrefix("\"#layer"))
    }
  }

  @Test(arguments: [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='x", "&amp;&lt;]]>",
    "a\u{0}b\u{8}\u{1B}[31m", "\u{202E}drow", "url(http://x)", "\u{FFFE}\u{FFFF}", "名前 😀 é",
  ])
  func `a hostile name is text`(_ name: String) throws {
    var report = ReportSample.report(layers: 5)
    (report.name, report.source, report.calibration) = (name, name, name)
    report.notes = [name]
    for index in report.layers.indices {
      (report.layers[index].name, report.layers[index].kind) = (name, name)
    }
    for index in report.causes.indices {
      report.causes[index].name = name
      report.causes[index].words = name
      report.causes[index].remedy = name
    }
    for index in report.details?.memory.indices ?? 0..<0 {
      report.details?.memory[index].name = name
    }
    report.details?.layers[0].kernel = name
    report.details?.speed?.processor = name
    let plain = try PageParser(ReportPage(ReportSample.report(layers: 5)).html)
    let hostile = try PageParser(ReportPage(report).html)
    // The same elements with the same attributes: nothing that a name says became markup.
    #expect(hostile.elements == plain.elements)
    #expect(!hostile.text.unicodeScalars.contains { $0.value == 0x202E || $0.value == 0x1B })
  }

  @Test func `a very long name does not make the page long`() {
    var report = ReportSample.report(layers: 1)
    report.layers[0].name = String(repeating: "x", count: 100_000)
    #expect(ReportPage(report).html.utf8.count < 40_000)
  }

  @Test func `its numbers are those of the JSON`() throws {
    let report = ReportSample.report(layers: 9)
    let page = try PageParser(ReportPage(report).html)
    let read = try JSONDecoder().decode(ConversionReport.self, from: Data(report.json.utf8))
    #expect(read == report)
    for (index, layer) in read.layers.enumerated() {
      let row = try #require(page.textByID["layer\(index)"])
      let ratio = try #require(layer.noiseRatio)
      let use = try #require(layer.rangeUse)
      #expect(row.contains(layer.name))
      #expect(row.contains(String(format: "%.1f", ratio)), "\(row)")
      #expect(row.contains("\(Int((100 * use).rounded())) %"), "\(row)")
    }
    for number in ["97.5 %", "195 of 200", "2.05 KB", "8.19 KB", "1.54 KB", "0.25 ms"] {
      #expect(page.text.contains(number), "\(number)")
    }
    for cause in read.causes where cause.kind != .deadChannels {
      #expect(page.text.contains(cause.words))
      #expect(page.text.contains(try #require(cause.remedy)))
    }
  }

  @Test func `accuracy is that of images kept apart, else of those to calibrate with`() throws {
    var report = ReportSample.report(layers: 2)
    let apart = try PageParser(ReportPage(report).html).text
    #expect(apart.contains("80 %float 80 %, on 25 images that calibration has not seen; 95 %"))
    #expect(apart.contains("methods 20 (taken)2020250.00methods 192019254.00"))
    report.details?.attempts = []
    report.details?.chosenAttempt = nil
    let calibrated = try PageParser(ReportPage(report).html).text
    #expect(calibrated.contains("90 %float 90.5 %, on 200 calibration images; 95 % interval 85"))
  }

  @Test func `the same report gives the same page`() {
    let report = ReportSample.report(layers: 30)
    #expect(ReportPage(report).html == ReportPage(report).html)
  }

  @Test func `without details, measurements and images it says so`() throws {
    var report = ReportSample.report(layers: 3)
    report.details = nil
    (report.agreeing, report.calibrationImages, report.causes) = (nil, 0, [])
    for index in report.layers.indices {
      report.layers[index].noiseRatio = nil
      report.layers[index].saturation = nil
    }
    let page = try PageParser(ReportPage(report).html)
    #expect(page.text.contains("not measured: there were no calibration images"))
    #expect(page.text.contains("ranges are guesses until real images are seen"))
    #expect(page.text.contains("nothing was measured: no images"))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -1e300, .leastNonzeroMagnitude])
  func `no number breaks it`(_ number: Double) throws {
    var report = ReportSample.report(layers: 4)
    for index in report.layers.indices {
      report.layers[index].noiseRatio = number
      report.layers[index].rangeNoiseRatio = number
      report.layers[index].weightNoiseRatio = number
      report.layers[index].saturation = number
      report.layers[index].rangeUse = number
      report.layers[index].channelRatio = number
      report.details?.layers[index].weightSpread = [number, 1, number, 1, number]
    }
    for index in report.details?.histograms.indices ?? 0..<0 {
      report.details?.histograms[index].range = [number, number]
      report.details?.histograms[index].start = number
      report.details?.histograms[index].binWidth = number
    }
    for index in report.details?.channelWeights.indices ?? 0..<0 {
      report.details?.channelWeights[index].largest = [number, 1, number]
      report.details?.channelWeights[index].median = number
    }
    report.details?.speed?.milliseconds = number
    _ = try PageParser(ReportPage(report).html)
  }
}
