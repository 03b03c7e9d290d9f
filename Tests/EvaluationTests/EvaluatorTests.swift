import Foundation
import ModelFormat
import ModelSamples
import ScratchFolders
import Testing

@testable import Evaluation

@Suite struct EvaluatorTests {
  private static let colors: [[UInt8]] = [[200, 10, 20], [10, 200, 20], [10, 20, 200]]

  /// Pictures of three colours, of which every fifth is in the folder of the colour before.
  private static func set(_ folder: ScratchFolder) throws -> ImageSet {
    for index in 0..<20 {
      let place = index % 5 == 4 ? (index + 2) % 3 : index % 3
      let number = index < 10 ? "0\(index)" : "\(index)"
      try folder.picture(colors[index % 3], "\(place)/\(number).ppm")
    }
    try folder.write([0], "1/99.png")
    return try DataSets.open(folder.path)
  }

  private static func tally(_ set: ImageSet, threads: Int) throws -> Tally {
    let file = try ModelFile(copying: ColorModel.bytes())
    let outputs = try ClassNames([], count: 3).outputs(of: set) { _ in }
    return try Evaluator(file).run(set, outputs: outputs, threads: threads)
  }

  private static func result(_ set: ImageSet, shard: Int = 1, of shards: Int = 1) throws
    -> EvaluationResult
  {
    let part = shards == 1 ? set : set.shard(shard - 1, of: shards)
    return EvaluationResult(
      model: "m",
      data: "d",
      shard: shard,
      shards: shards,
      names: ColorModel.labels,
      tally: try tally(part, threads: 1)
    )
  }

  /// Counts without times, which no two runs share.
  private static func counts(_ tally: Tally) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var object = try #require(
      try JSONSerialization.jsonObject(with: encoder.encode(tally)) as? [String: Any]
    )
    object["nanoseconds"] = nil
    return String(
      decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys),
      as: UTF8.self
    )
  }

  @Test(arguments: [1, 2, 5]) func `what is wrong is counted, on any number of threads`(
    threads: Int
  ) throws {
    let folder = try ScratchFolder()
    let set = try Self.set(folder)
    let tally = try Self.tally(set, threads: threads)
    #expect((tally.images, tally.labelled, tally.top1, tally.top5) == (20, 20, 16, 20))
    #expect(tally.classes.values.reduce(0) { $0 + $1.images } == 20)
    #expect(tally.worstConfusions(9).reduce(0) { $0 + $1.count } == 4)
    #expect(tally.skipped.map(\.name) == [folder.path + "/1/99.png"])
    #expect(tally.nanoseconds == tally.nanoseconds.sorted() && tally.nanoseconds.count == 20)
    #expect(try Self.counts(tally) == Self.counts(try Self.tally(set, threads: 1)))
  }

  @Test func `shards add up to the whole`() throws {
    let folder = try ScratchFolder()
    let set = try Self.set(folder)
    let parts = try (1...3).map { ("part-\($0)", try Self.result(set, shard: $0, of: 3)) }
    let merged = try EvaluationResult.merging(parts.reversed())
    let whole = try Self.result(set)
    #expect(try Self.counts(merged.tally) == Self.counts(whole.tally))
    #expect((merged.top1, merged.classMean) == (whole.top1, whole.classMean))
    #expect(throws: EvaluationError.missing(shards: [2], of: 3)) {
      _ = try EvaluationResult.merging([parts[0], parts[2]])
    }
    #expect(throws: EvaluationError.double(shard: 1, paths: ["part-1", "part-1"])) {
      _ = try EvaluationResult.merging([parts[0], parts[0]])
    }
    var other = parts[1]
    other.1.data = "e"
    #expect(throws: EvaluationError.otherPart("part-2", "data set", of: "part-1")) {
      _ = try EvaluationResult.merging([parts[0], other])
    }
  }

  @Test func `a baseline tells what got worse than its tolerance`() throws {
    let folder = try ScratchFolder()
    let result = try Self.result(try Self.set(folder))
    var baseline = Baseline(result)
    #expect(baseline.regressions(of: result) == [])
    baseline.expected.top1 = 0.805
    #expect(baseline.regressions(of: result) == [])
    baseline.expected.top1 = 0.806
    #expect(
      baseline.regressions(of: result) == ["top-1: 80.00 %, expected 80.60 %, at most 0.50 % less"]
    )
    baseline.tolerance.top1 = 0.01
    #expect(baseline.regressions(of: result) == [])
    baseline.images = 21
    baseline.data = "other"
    baseline.expected.agreement = 0.9
    #expect(
      baseline.regressions(of: result) == [
        "data set: not the one that the baseline was recorded with", "images: 20, expected 21",
        "agreement with float: not measured, expected 90.00 %",
      ]
    )
    #expect(Baseline(result, replacing: baseline).tolerance.top1 == 0.01)
  }

  @Test func `the line of JSON has shares as fractions`() throws {
    let folder = try ScratchFolder()
    let result = try Self.result(try Self.set(folder))
    let object = try JSONSerialization.jsonObject(with: Data(result.line.utf8)) as? [String: Any]
    #expect(object?["top1"] as? Double == 0.8)
    #expect(object?["top5"] as? Double == 1)
    #expect(object?["agreement"] is NSNull)
    #expect(object?["images"] as? Int == 20)
    #expect(object?["skipped"] as? Int == 1)
  }

  @Test func `classes that are all one off are suspected`() throws {
    var tally = Tally()
    for index in 0..<10 {
      tally.add(guesses: [index + 1], float: nil, actual: index, nanoseconds: 1)
    }
    let result = EvaluationResult(model: "", data: "", shard: 1, shards: 1, names: [], tally: tally)
    #expect(
      result.suspicion
        == "10 of 10 images would be right if classes were counted from 1; is that --class-offset 1?"
    )
  }

  @Test func `half an interval of Wilson's is what his formula gives`() {
    // 9 of 10: centre 0.7876, from 0.5958 to 0.9821.
    #expect(abs(EvaluationResult.margin(0.9, 10) - 0.1931) < 1e-3)
  }

  @Test func `a set without one readable image is an error`() throws {
    let folder = try ScratchFolder()
    let bad = try folder.write([1], "0/a.png")
    let set = try DataSets.open(folder.path)
    #expect(
      throws: EvaluationError.nothingReadable(
        path: folder.path,
        first: "\(bad): not an image: starts with 01, expected JPEG, PNG, PGM (P5) or PPM (P6)"
      )
    ) { _ = try Self.tally(set, threads: 1) }
  }
}
