package import Git

extension RecordIndex {
  /// A shard as the index learns of it.
  package struct NewShard: Sendable {
    package let object: ObjectID
    package let kind: RecordKind
    /// In row order.
    package let ids: ArraySlice<RecordID>
    /// For calls only, the keys in the same order.
    package var keys: [Digest] = []
    /// For imports with a key, its hashes in the same order, 0 for none.
    package var keyHashes: [UInt64] = []
    /// The member that was hashed.
    package var keyField: String?

    package init(
      object: ObjectID, kind: RecordKind, ids: ArraySlice<RecordID>, keys: [Digest] = [],
      keyHashes: [UInt64] = [], keyField: String? = nil
    ) {
      self.object = object
      self.kind = kind
      self.ids = ids
      self.keys = keys
      self.keyHashes = keyHashes
      self.keyField = keyField
    }
  }
}

extension RecordIndex.NewShard {
  /// Reads the content of a shard.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` for content that is not what the path names, a record
  ///   twice, and calls without a key.
  init(
    _ place: ShardReader.Place, content: [UInt8], _ key: RecordKey?
  ) throws(StoreError) {
    let path = place.path
    guard let kind = path.kind, Digest(of: content) == path.digest else {
      throw StoreError(
        .corrupt, "'\(path.text)' does not hash to its name",
        hint: "run 'stemma verify' to see what is affected")
    }
    let lines = try Shard.lineRanges(content)
    var ids: [RecordID] = []
    ids.reserveCapacity(lines.count)
    guard kind != .calls else {
      var keys: [Digest] = []
      keys.reserveCapacity(lines.count)
      for line in lines {
        let call = try CallKeys.identity(of: content[line])
        ids.append(call.id)
        keys.append(call.key)
      }
      self.init(object: place.object, kind: kind, ids: ids[...], keys: keys)
      return
    }
    var keyHashes: [UInt64] = []
    for range in lines {
      let line = content.span.extracting(range).bytes
      ids.append(RecordID(kind: kind, line: line))
      if let key { keyHashes.append(key.hash(of: line) ?? 0) }
    }
    guard Set(ids).count == ids.count else {
      throw StoreError(
        .corrupt, "'\(path.text)' holds a record twice",
        hint: "run 'stemma verify' to see what is affected")
    }
    self.init(
      object: place.object, kind: kind, ids: ids[...], keyHashes: keyHashes, keyField: key?.field)
  }
}
