/// Sizes of the packed weights and constants of FORMAT.md, "Convolution" and "Depthwise".
///
/// One group of N output channels is ⌈N/16⌉ blocks of 16; a block holds four bytes a channel for every step.
public struct PackedLayout: Sendable, Equatable {
  /// Groups, each with its own blocks.
  public let groups: Int
  /// Output channels a group.
  public let outputs: Int
  /// Steps of four bytes: taps × ⌈input channels ÷ 4⌉, or ⌈taps ÷ 4⌉ of a depthwise convolution.
  public let steps: Int
  /// Steps from one partly filled step to the next.
  let stepsPerTail: Int
  /// Filled bytes of every last step before a tail, 1…4.
  let tailBytes: Int

  /// The layout of a general convolution, `[groups][⌈N/16⌉][taps × ⌈C/4⌉][16][4]`.
  ///
  /// - Parameters:
  ///   - outputs: output channels a group, from 1.
  ///   - inputs: input channels a group, from 1.
  ///   - taps: kernel height × width, from 1.
  ///   - groups: from 1.
  public init(outputs: Int, inputs: Int, taps: Int, groups: Int) {
    self.groups = groups
    self.outputs = outputs
    let quads = (inputs + 3) / 4
    steps = taps * quads
    stepsPerTail = quads
    tailBytes = (inputs - 1) % 4 + 1
  }

  /// The layout of a depthwise convolution, `[⌈C/16⌉][⌈taps/4⌉][16][4]`.
  public init(depthwiseChannels channels: Int, taps: Int) {
    groups = 1
    outputs = channels
    steps = (taps + 3) / 4
    stepsPerTail = steps
    tailBytes = (taps - 1) % 4 + 1
  }

  /// Blocks of 16 output channels a group.
  public var blocks: Int { (outputs + 15) / 16 }
  /// Bytes of one group's weights.
  public var weightBytesPerGroup: Int { blocks * steps * 64 }
  /// Bytes of all weights.
  public var weightBytes: Int { groups * weightBytesPerGroup }
  /// Elements of each of the three constant arrays.
  public var channelSlots: Int { groups * blocks * 16 }
  /// Bytes of bias, multiplier and weight sum together.
  public var constantBytes: Int { 3 * 4 * channelSlots }

  /// Where the weight of output channel `output` of `group` at `step`, byte `lane` 0…3 lies.
  public func index(group: Int, output: Int, step: Int, lane: Int) -> Int {
    (((group * blocks + output / 16) * steps + step) * 16 + output % 16) * 4 + lane
  }

  /// Where output channel `output` of `group` lies in each constant array.
  public func slot(group: Int, output: Int) -> Int { group * blocks * 16 + output }
}
