import CGit2

/// The result of merging a text line by line.
package struct TextMerge: Sendable {
  /// The merged bytes, with conflict markers where both sides changed the same lines.
  package let bytes: [UInt8]
  package let hasConflicts: Bool

  /// Merges two texts that come from one.
  ///
  /// - Parameters:
  ///   - base: What both started from, nil when both added the file.
  ///   - ours: One side.
  ///   - theirs: The other side.
  ///   - names: What the markers call the two sides.
  ///   - markerSize: How many characters a marker has.
  ///   - keepsBoth: Whether where both sides changed the same lines those of both stay, as git's merge
  ///     driver `union` has it.
  /// - Throws: ``GitError`` when libgit2 cannot merge.
  package init(
    base: [UInt8]?, ours: [UInt8], theirs: [UInt8], names: (ours: String, theirs: String),
    markerSize: Int = 7, keepsBoth: Bool = false
  ) throws(GitError) {
    try startLibrary()
    try refuseNUL(names.ours, "name")
    try refuseNUL(names.theirs, "name")
    var result = git_merge_file_result()
    defer { git_merge_file_result_free(&result) }
    var options = git_merge_file_options()
    git_merge_file_options_init(&options, UInt32(GIT_MERGE_FILE_OPTIONS_VERSION))
    if keepsBoth { options.favor = GIT_MERGE_FILE_FAVOR_UNION }
    options.marker_size = UInt16(clamping: max(markerSize, 1))
    let status = Self.lend(base ?? []) { base in
      Self.lend(ours) { ours in
        Self.lend(theirs) { theirs in
          names.ours.withCString { ourName in
            names.theirs.withCString { theirName in
              options.our_label = ourName
              options.their_label = theirName
              return git_merge_file(&result, &base, &ours, &theirs, &options)
            }
          }
        }
      }
    }
    try check("cannot merge texts") { status }
    bytes =
      result.ptr.map { pointer in
        pointer.withMemoryRebound(to: UInt8.self, capacity: result.len) { bytes in
          Array(UnsafeBufferPointer(start: bytes, count: result.len))
        }
      } ?? []
    hasConflicts = result.automergeable == 0
  }

  private static func lend(
    _ bytes: [UInt8], _ body: (inout git_merge_file_input) -> Int32
  ) -> Int32 {
    bytes.withUnsafeBytes { bytes in
      var input = git_merge_file_input()
      git_merge_file_input_init(&input, UInt32(GIT_MERGE_FILE_INPUT_VERSION))
      input.ptr = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      input.size = bytes.count
      return body(&input)
    }
  }

  /// Whether git takes bytes for a text, by their beginning.
  package static func isText(_ bytes: [UInt8]) -> Bool { !bytes.prefix(8000).contains(0) }
}
