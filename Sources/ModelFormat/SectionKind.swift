/// The sections of a flat file; raw values are those of FORMAT.md.
public enum SectionKind: UInt32, Sendable, CaseIterable {
  /// Zero-terminated UTF-8.
  case strings = 1
  /// Pairs of string offsets.
  case metadata = 2
  /// How an image becomes the input.
  case input = 3
  /// Tensor records.
  case tensors = 4
  /// Operator records.
  case operators = 5
  /// Biases, multipliers, weight sums, tables.
  case constants = 6
  /// Packed int8 weights.
  case weights = 7
  /// Golden vectors.
  case golden = 8
  /// A report for people and tools.
  case report = 9
  /// String offsets, one a class.
  case labels = 10
  /// What layers and scores were like over the calibration images.
  case calibration = 11

  /// Whether every file has it.
  public var isRequired: Bool { rawValue <= Self.lastRequired.rawValue }

  var name: StaticString {
    switch self {
    case .strings: "strings"
    case .metadata: "metadata"
    case .input: "input"
    case .tensors: "tensors"
    case .operators: "operators"
    case .constants: "constants"
    case .weights: "weights"
    case .golden: "golden"
    case .report: "report"
    case .labels: "labels"
    case .calibration: "calibration"
    }
  }

  /// Sections from the first to this one are in every file.
  static let lastRequired = SectionKind.golden
}

/// Sizes and marks that the reader and the writer share.
enum FileLayout {
  /// `ECNN\r\n␚\n`, first byte lowest.
  static let magic: UInt64 = 0x0A1A_0A0D_4E4E_4345
  static let byteOrder: UInt32 = 0x0102_0304
  /// What most files have; those with a u8.8 tensor have the other.
  static let major: UInt16 = 1
  static let wideMajor: UInt16 = 2
  static let minor: UInt16 = 0
  static let headerSize = 64
  static let sectionEntrySize = 32
  static let checksumOffset = 32
  static let inputSize = 64
  static let tensorSize = 64
  static let operatorSize = 160
  static let goldenHeaderSize = 16
  static let goldenVectorSize = 32
  static let maximumSections = 16
  static let maximumRecords = 16384
  /// Of heights, widths, channels, kernels, strides, dilations and padding.
  static let maximumExtent: UInt32 = 65536
  static let maximumGoldens = 1024
  static let maximumArena = 0x7FFF_FFC0
  static let arenaSlack = 64
  /// Bound of an element-wise multiplier: 255 × 2²² is far inside int32, and two of them still are.
  static let maximumMultiplier: Float = 4_194_304
  /// Over an hour on a small board, thousands of times the work of any image classifier.
  static let maximumWork: UInt64 = 1 << 40

  static func tableEnd(sections: Int) -> Int { headerSize + sections * sectionEntrySize }

  static func aligned(_ value: Int, to alignment: Int = 64) -> Int {
    (value + alignment - 1) / alignment * alignment
  }

  /// XXH64 of the header without its own field, followed by the section table.
  static func headerChecksum(_ bytes: UnsafeRawBufferPointer, sections: Int) -> UInt64 {
    var hash = XXH64()
    let end = tableEnd(sections: sections)
    hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<checksumOffset]))
    hash.update(UnsafeRawBufferPointer(rebasing: bytes[(checksumOffset + 8)..<end]))
    return hash.finalize()
  }
}
