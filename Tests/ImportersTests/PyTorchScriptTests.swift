import Foundation
import Testing

@testable import Importers

/// The part of Python that forward functions are written in.
struct PyTorchScriptTests {
  /// The statements of a function called `forward` in a class called `Net`.
  static func statements(_ body: String) throws -> [PythonStatement] {
    let program = PythonParser.program("class Net(Module):\n  def forward(self, x):\n" + body)
    let function = try #require(program.classes["Net"]?.functions["forward"])
    #expect(function.parameters.map(\.name) == ["self", "x"])
    return try PythonParser.statements(function.body)
  }

  @Test func `several statements on one line are told apart`() throws {
    let body = "    x = F.relu(self.a(x)); x = x.view(x.size(0), -1)  # flat\n    return x\n"
    #expect(try Self.statements(body).count == 3)
  }

  @Test func `functions beside forward may use all of Python`() throws {
    let source = """
      class Net(nn.Module):
          '''Text with def forward(self): inside.'''
          size : Final[int] = 3

          def train_step(self, batch):
              try:
                  yield [lambda y: y ** 2 for y in batch if y]
              except ValueError as error:
                  pass

          @staticmethod
          def forward(self, x: Tensor, y: Optional[int]=None) -> Tensor:
              return x if y is None else x + y
      """
    let type = try #require(PythonParser.program(source).classes["Net"])
    #expect(type.constants.keys.sorted() == ["size"])
    let forward = try #require(type.functions["forward"])
    #expect(forward.parameters.map(\.name) == ["self", "x", "y"])
    #expect(try PythonParser.statements(forward.body).count == 1)
  }

  @Test(
    arguments: [
      "    return " + String(repeating: "(", count: 5000) + "x\n",
      "    return " + String(repeating: "not ", count: 5000) + "x\n",
      "    return " + String(repeating: "-", count: 5000) + "x\n",
      "    return x" + String(repeating: " + x", count: 5000) + "\n",
      "    return x" + String(repeating: ".y", count: 5000) + "\n",
      "    " + String(repeating: "if x: ", count: 5000) + "pass\n",
    ]
  )
  func `code nested without end is refused`(_ body: String) {
    #expect(throws: PythonSyntaxError.self) { try Self.statements(body) }
  }

  @Test func `source cut anywhere gives statements or an error`() {
    let source = """
      class Net(Module):
        def forward(self, x):
          y = [torch.conv2d(x, self.w, None, [1, 1], (0, 0), "same"), x[:, 0:2, ::2]]
          if torch.__is__(y, None):
            return -x ** 2 if not y else x @ y
          for i in range(3):
            x += y[i]
          return (self.fc).forward(x, )
      """
    let bytes = Array(source.utf8)
    var understood = 0
    for count in 0...bytes.count {
      let program = PythonParser.program(String(decoding: bytes[..<count], as: UTF8.self))
      guard let function = program.classes["Net"]?.functions["forward"] else { continue }
      if (try? PythonParser.statements(function.body)) != nil { understood += 1 }
    }
    #expect(understood > 0)
    #expect(understood < bytes.count)
  }
}
