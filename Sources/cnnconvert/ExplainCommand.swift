internal import ArgumentParser
internal import Compiler
internal import GraphIR
internal import GraphPasses
internal import HostCommands
internal import Importers

/// `cnnconvert explain FILE`: what a conversion would do.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Lists layers, size, work and everything unsupported; converts nothing."
  )

  @OptionGroup var source: SourceOptions

  func run() throws {
    var model = try source.load()
    Terminal.write("\(source.model): \(model.format)\n")
    for note in model.notes { Terminal.write("  \(note)\n") }
    do throws(GraphError) {
      let passes = try PassPipeline.optimize(&model.graph)
      for pass in passes { Terminal.write("  \(pass.name): \(pass.count)\n") }
    } catch {
      throw Failure("\(source.model): \(error)")
    }
    let explanation: Explanation
    do throws(CompileError) {
      explanation = try ModelCompiler.explain(model.graph)
    } catch {
      throw Failure("\(source.model): \(error)")
    }
    Terminal.write("\n\(explanation.text)\n")
    guard explanation.unsupported.isEmpty else {
      throw Failure("\(source.model): \(CompileError.unsupported(explanation.unsupported))")
    }
  }
}
