/// Reads Prometheus' text format 0.0.4 by its rules, and notes what breaks them.
struct PrometheusText {
  struct Sample: Equatable {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  private(set) var types: [String: String] = [:]
  private(set) var samples: [Sample] = []
  private(set) var faults: [String] = []
  private var helps: Set<String> = []
  private var finished: Set<String> = []
  private var family = ""

  init(_ text: String) {
    if !text.hasSuffix("\n") { faults.append("no line's end at the end") }
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if line.hasPrefix("# ") { readComment(line) } else { readSample(line) }
    }
    let keys = samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" }
    if Set(keys).count != keys.count { faults.append("a sample twice") }
    for (name, type) in types where type == "histogram" { checkHistogram(name) }
  }

  private mutating func enter(_ name: String) {
    guard name != family else { return }
    finished.insert(family)
    if finished.contains(name) { faults.append("\(name): not in one piece") }
    family = name
  }

  private mutating func readComment(_ line: Substring) {
    let words = line.split(separator: " ", maxSplits: 3)
    guard words.count == 4, ["HELP", "TYPE"].contains(words[1]) else {
      return faults.append("comment: \(line)")
    }
    let name = String(words[2])
    enter(name)
    if words[1] == "HELP" {
      if !helps.insert(name).inserted { faults.append("\(name): two helps") }
    } else {
      let known = ["counter", "gauge", "histogram", "summary", "untyped"]
      if !known.contains(String(words[3])) { faults.append("type: \(line)") }
      if samples.contains(where: { $0.name.hasPrefix(name) && family == $0.name }) {
        faults.append("\(name): type after samples")
      }
      if types.updateValue(String(words[3]), forKey: name) != nil {
        faults.append("\(name): two types")
      }
    }
  }

  private mutating func readSample(_ line: Substring) {
    let pattern = /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)/
    guard let match = line.wholeMatch(of: pattern), let value = Self.number(match.4) else {
      return faults.append("sample: \(line)")
    }
    let name = String(match.1)
    let base = ["_bucket", "_sum", "_count"].compactMap { suffix -> String? in
      guard name.hasSuffix(suffix) else { return nil }
      let base = String(name.dropLast(suffix.count))
      return types[base] == "histogram" ? base : nil
    }.first
    enter(base ?? name)
    if types[family] == nil { faults.append("\(name): no type") }
    if types[family] == "counter" && !name.hasSuffix("_total") {
      faults.append("\(name): no _total")
    }
    samples.append(Sample(name: name, labels: labels(match.3 ?? "", of: name), value: value))
  }

  private mutating func labels(_ text: Substring, of name: String) -> [String: String] {
    var labels: [String: String] = [:]
    var rest = text
    while !rest.isEmpty {
      guard
        let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)",?/)
      else {
        faults.append("\(name): labels \(rest)")
        break
      }
      if labels.updateValue(String(match.2), forKey: String(match.1)) != nil {
        faults.append("\(name): label twice")
      }
      rest = rest[match.range.upperBound...]
    }
    return labels
  }

  private static func number(_ text: Substring) -> Double? {
    switch text {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    case "NaN": .nan
    default: Double(text)
    }
  }

  private mutating func checkHistogram(_ name: String) {
    let buckets = samples.filter { $0.name == name + "_bucket" }
    let series = Dictionary(grouping: buckets) { $0.labels.filter { $0.key != "le" } }
    for (labels, buckets) in series {
      let bounds = buckets.map { Self.number(Substring($0.labels["le"] ?? "")) ?? .nan }
      if bounds != bounds.sorted() || bounds.last != .infinity { faults.append("\(name): bounds") }
      let values = buckets.map(\.value)
      if values != values.sorted() { faults.append("\(name): not cumulative") }
      let count = samples.first { $0.name == name + "_count" && $0.labels == labels }
      if count?.value != values.last { faults.append("\(name): count") }
      if !samples.contains(where: { $0.name == name + "_sum" && $0.labels == labels }) {
        faults.append("\(name): no sum")
      }
    }
  }
}
