import CMalloc

/// How this process keeps memory that it frees.
package enum ProcessMemory {
  /// Set before anything large is allocated.
  package static func configure() {
    // Arrays that grow past this leave no holes behind, for the system takes them back; the memory of
    // shards, which are smaller, is kept for the next ones.
    mallopt(M_MMAP_THRESHOLD, 2 << 20)
    mallopt(M_TRIM_THRESHOLD, 32 << 20)
    // Each thread would have a heap of its own, with holes of its own.
    mallopt(M_ARENA_MAX, 4)
  }
}
