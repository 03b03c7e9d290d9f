import Testing

@testable import ReportPage

@Suite("Lines beside a network")
struct LanesTests {
  @Test func `a chain is one line`() {
    let lanes = Lanes(inputs: [[-1], [0], [1]])
    #expect(lanes.count == 1)
    #expect(lanes.rows.count == 4)
    #expect(lanes.rows[0] == .init(lane: 0, continues: true))
    #expect(lanes.rows[1] == .init(lane: 0, continues: true, inputs: [0]))
    #expect(lanes.rows[3] == .init(lane: 0, continues: false, inputs: [0]))
  }

  @Test func `a residual passes the layers between`() {
    let lanes = Lanes(inputs: [[-1], [0], [1, 0]])
    #expect(lanes.count == 2)
    #expect(lanes.rows[2] == .init(lane: 1, continues: true, passing: [0], inputs: [0]))
    #expect(lanes.rows[3] == .init(lane: 0, continues: false, inputs: [0, 1]))
  }

  @Test func `lanes that become free are used again`() {
    // Two branches from 0, joined in 3, then two more.
    let lanes = Lanes(inputs: [[-1], [0], [0], [1, 2], [3], [3], [4, 5]])
    #expect(lanes.count == 2)
  }

  @Test func `what nobody reads and what is not there are no lines`() {
    let lanes = Lanes(inputs: [[], [5, -7], [0]])
    #expect(lanes.rows[0].continues == false)
    #expect(lanes.rows[2].inputs.isEmpty)
    #expect(lanes.rows[3].inputs == [0])
  }
}
