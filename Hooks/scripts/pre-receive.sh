#!/bin/sh
# A hook of Stemma's, written by 'stemma hook install', which also replaces it.
# Refuses a push with records of unknown origin, with damaged artifacts, or with odd paths.
input=$(cat && echo .)
input=${input%.}
if [ -x "$0.before-stemma" ]; then
  printf %s "$input" | "$0.before-stemma" "$@" || exit
fi
command -v stemma >/dev/null 2>&1 || {
  echo "stemma is not on the PATH of this server, so that nothing can be checked: push refused" >&2
  echo "hint: whoever runs the server installs it, or removes the hook with 'stemma hook uninstall'" >&2
  exit 1
}
printf %s "$input" | stemma hook pre-receive "$@"
