#!/bin/sh
# Refuses a commit whose recipe, prompt templates or sources Stemma could not read.
command -v stemma >/dev/null 2>&1 || exit 0
exec stemma hook pre-commit
