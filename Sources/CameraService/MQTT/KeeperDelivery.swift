internal import ModelStore
internal import PlainText

extension ModelDelivery {
  /// The receiver that hands models to `keeper`.
  init(_ keeper: ModelKeeper) {
    func answer(_ step: () throws(ModelStoreError) -> Int) -> Answer {
      do throws(ModelStoreError) { return .received(try step()) } catch {
        return .refused(TextBuilder(string: error.message))
      }
    }
    self.init(
      begin: { count, hash in
        answer { () throws(ModelStoreError) in
          try keeper.inbox.begin(byteCount: count, hash: hash)
        }
      },
      append: { bytes, offset in
        answer { () throws(ModelStoreError) in try keeper.inbox.append(bytes, at: offset) }
      },
      finish: {
        answer { () throws(ModelStoreError) in
          try keeper.inbox.finish()
          return 0
        }
      },
      offer: { path in
        keeper.offer(path: path)
        return TextBuilder()
      },
      rollBack: {
        keeper.goBack()
        return TextBuilder()
      },
      status: {
        let status = keeper.status
        let phase: Status =
          switch status.phase {
          case .idle: .none
          case .verifying: .verifying
          case .taken(let hash), .wentBack(let hash), .same(let hash): .taken(hash: hash)
          case .refused(let reason): .refused(TextBuilder(string: reason))
          }
        return (phase, UInt64(status.number))
      }
    )
  }
}
