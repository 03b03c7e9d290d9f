/// What happens along one axis: which part of the source is scaled to which length, and which part of that is kept.
///
/// The source's pixels `sourceStart ..< sourceStart + sourceLength` are scaled to `scaledLength` pixels; of those,
/// `keptCount` from `keptStart` on become the model's pixels from `outputStart` on.
struct AxisGeometry: Equatable {
  /// First source pixel that is used.
  var sourceStart = 0
  /// Source pixels that are used, 1…65,536.
  var sourceLength = 1
  /// Pixels after scaling, 1…2³⁶.
  var scaledLength: Int64 = 1
  /// First scaled pixel that is kept.
  var keptStart: Int64 = 0
  /// Scaled pixels that are kept.
  var keptCount = 1
  /// Where the first kept pixel goes.
  var outputStart = 0

  /// The same seen from the other end of `side` source pixels; `outputStart` stays, as it counts from the output's own end.
  func reversed(of side: Int) -> AxisGeometry {
    var axis = self
    axis.sourceStart = side - sourceStart - sourceLength
    axis.keptStart = scaledLength - keptStart - Int64(keptCount)
    return axis
  }
}
