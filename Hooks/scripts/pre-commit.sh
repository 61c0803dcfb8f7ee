#!/bin/sh
# A hook of Stemma's, written by 'stemma hook install', which also replaces it.
# Refuses a commit with texts that Stemma could not read, with damaged artifacts, or with API keys.
if [ -x "$0.before-stemma" ]; then "$0.before-stemma" "$@" || exit; fi
command -v stemma >/dev/null 2>&1 || { echo "stemma is not on the PATH: nothing checks this commit" >&2; exit 0; }
exec stemma hook pre-commit "$@"
