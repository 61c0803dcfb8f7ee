#ifndef STEMMA_CGIT2_SHIM_H
#define STEMMA_CGIT2_SHIM_H

#include <git2.h>
#include <git2/sys/repository.h>

// git_libgit2_opts is variadic, so Swift cannot call it.

static inline int stemma_git_enable_fsync(int enabled) {
  return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

static inline int stemma_git_enable_strict_object_creation(int enabled) {
  return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, enabled);
}

static inline int stemma_git_enable_strict_hash_verification(int enabled) {
  return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, enabled);
}

// Bounds how many pack files libgit2 keeps open, which is unlimited otherwise.
static inline int stemma_git_limit_open_packs(size_t count) {
  return git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, count);
}

// Bounds how much of pack files is mapped at a time, which is a gibibyte each otherwise.
static inline int stemma_git_limit_mapped(size_t window, size_t total) {
  int status = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, window);
  return status < 0 ? status : git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, total);
}

// Lets libgit2 open repositories that keep a part of their configuration by worktree.
static inline int stemma_git_allow_worktree_configuration(void) {
  const char *extensions[] = {"worktreeconfig"};
  return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, (size_t)1);
}

#endif
