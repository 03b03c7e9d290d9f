import ModelFormat
import Testing

@Suite struct CalibrationStatisticsTests {
  private func statistics(layers: Int) -> CalibrationStatistics {
    var layer = CalibrationStatistics.Layer()
    (layer.lowMean, layer.lowDeviation) = (0.5, 0.25)
    (layer.highMean, layer.highDeviation) = (0.125, 0)
    var statistics = CalibrationStatistics(
      images: 7,
      lowestScore: 0,
      highestScore: 1,
      layers: [CalibrationStatistics.Layer](repeating: layer, count: layers),
      scores: [UInt32](repeating: 0, count: CalibrationStatistics.scoreBins)
    )
    (statistics.scores[0], statistics.scores[19]) = (3, 4)
    return statistics
  }

  private func refusal(_ change: (inout CalibrationStatistics) -> Void) -> String? {
    var model = smallModel()
    var statistics = statistics(layers: model.operators.count)
    change(&statistics)
    model.calibration = statistics
    do throws(ModelFormatError) {
      _ = try ModelFile(copying: model.encode())
      return nil
    } catch { return error.message }
  }

  @Test func `what was written is read back, and a file without it has none`() throws {
    var model = smallModel()
    #expect(try ModelFile(copying: model.encode()).calibration == nil)
    model.calibration = statistics(layers: model.operators.count)
    #expect(try ModelFile(copying: model.encode()).calibration == model.calibration)
  }

  @Test func `what is no statistic is refused by name`() {
    #expect(refusal { _ in } == nil)
    #expect(
      refusal { $0.images = 8 }
        == "section calibration: 7 scores, expected 8 as there are images"
    )
    #expect(
      refusal { $0.layers[1].highMean = 1.5 }
        == "section calibration: share 1.5, expected 0 to 1"
    )
    #expect(refusal { $0.layers[1].lowMean = .nan }?.contains("expected 0 to 1") == true)
    #expect(
      refusal { $0.highestScore = 0 }
        == "section calibration: scores from 0.0 to 0.0, expected a range"
    )
    #expect(refusal { $0.highestScore = .infinity }?.contains("expected a range") == true)
    #expect(refusal { $0.layers.removeLast() }?.hasPrefix("section calibration: size ") == true)
  }

  @Test func `scores go to bins of equal width, those beyond to the outer ones`() {
    let statistics = statistics(layers: 1)
    let bins = [-1, 0, 0.049, 0.051, 0.5, 0.999, 1, 7, .infinity, -.infinity, .nan].map {
      statistics.bin($0)
    }
    #expect(bins == [0, 0, 0, 1, 10, 19, 19, 19, 19, 0, 0])
  }
}
