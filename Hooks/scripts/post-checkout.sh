#!/bin/sh
# A hook of Stemma's, written by 'stemma hook install', which also replaces it.
# Brings Stemma's indexes along; never in the way of git.
status=0
if [ -x "$0.before-stemma" ]; then "$0.before-stemma" "$@" || status=$?; fi
if command -v stemma >/dev/null 2>&1; then stemma hook post-checkout "$@"; else
  echo "stemma is not on the PATH: its next command does what this hook would" >&2
fi
exit $status
