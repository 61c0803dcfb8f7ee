import Foundation
import Synchronization

/// The packs of a repository, out of which blobs are read as they lie: without a lock around the reading,
/// and without a check.
///
/// Compressed objects, loose ones and those of other object directories are left to libgit2.
final class PackSet: Sendable {
  private struct State {
    /// That which was found in last comes first.
    var packs: [PackReader] = []
    var names: Set<String> = []
    var listed: timespec?
  }

  private let directory: String
  private let state = Mutex(State())

  init(_ directory: String) { self.directory = directory }

  /// The bytes of a blob that is stored in a pack; nil for any other, and for larger ones.
  func blob(_ id: ObjectID, maximumSizeInBytes: Int) -> ObjectBytes? {
    if let found = find(id, in: state.withLock(\.packs), maximumSizeInBytes) { return found }
    let added = list()
    return added.isEmpty ? nil : find(id, in: added, maximumSizeInBytes)
  }

  private func find(
    _ id: ObjectID, in packs: [PackReader], _ maximumSizeInBytes: Int
  ) -> ObjectBytes? {
    for (number, pack) in packs.enumerated() {
      guard let blob = pack.blob(id, maximumSizeInBytes: maximumSizeInBytes) else { continue }
      if number > 0 { putFirst(pack) }
      return blob
    }
    return nil
  }

  private func putFirst(_ pack: PackReader) {
    state.withLock { state in
      guard let place = state.packs.firstIndex(where: { $0 === pack }) else { return }
      state.packs.swapAt(0, place)
    }
  }

  /// Opens the packs that were added since.
  private func list() -> [PackReader] {
    state.withLock { state in
      var status = stat()
      guard stat(directory, &status) == 0 else { return [] }
      let time = status.st_mtim
      if let listed = state.listed, listed.tv_sec == time.tv_sec, listed.tv_nsec == time.tv_nsec {
        return []
      }
      // One that comes within the same tick of the file system's clock changes no time.
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      state.listed = now.tv_sec - time.tv_sec > 1 ? time : nil
      let names = Set(((try? listDirectory(directory)) ?? []).filter { $0.hasSuffix(".idx") })
      state.packs.removeAll { !names.contains($0.indexName) }
      let added = names.subtracting(state.names).compactMap { PackReader($0, in: directory) }
      state.names = names
      state.packs += added
      return added
    }
  }
}
