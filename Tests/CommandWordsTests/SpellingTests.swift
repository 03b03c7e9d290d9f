import CommandWords
import Testing

@Suite struct SpellingTests {
  private let candidates: [StaticString] = ["device", "width", "height"]

  @Test(arguments: [("devcie", 0), ("widht", 1), ("height", 2)])
  func `a slip of the pen finds its word`(_ word: String, _ place: Int) {
    #expect(Spelling.nearest(to: word, among: candidates) == place)
  }

  @Test func `another word finds none`() {
    #expect(Spelling.nearest(to: "exposure", among: candidates) == nil)
  }
}
