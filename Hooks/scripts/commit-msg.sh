#!/bin/sh
# A hook of Stemma's, written by 'stemma hook install', which also replaces it.
# Refuses a message whose trailers of Stemma's contradict each other.
if [ -x "$0.before-stemma" ]; then "$0.before-stemma" "$@" || exit; fi
command -v stemma >/dev/null 2>&1 || { echo "stemma is not on the PATH: nothing checks this message" >&2; exit 0; }
exec stemma hook commit-msg "$@"
