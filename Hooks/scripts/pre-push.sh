#!/bin/sh
# A hook of Stemma's, written by 'stemma hook install', which also replaces it.
# Refuses to push versions that are not whole, and says when answers are not at the remote.
input=$(cat && echo .)
input=${input%.}
if [ -x "$0.before-stemma" ]; then
  printf %s "$input" | "$0.before-stemma" "$@" || exit
fi
command -v stemma >/dev/null 2>&1 || { echo "stemma is not on the PATH: nothing checks this push" >&2; exit 0; }
printf %s "$input" | stemma hook pre-push "$@"
