#!/bin/sh
# Checks the plugin, and compares what it asks for on a recording with what it should. Needs `makai` on the PATH.
set -e
cd "$(dirname "$0")"
plugin=__FILE__
makai plugin check "$plugin"
makai plugin run "$plugin" --replay test/recording.txt --json >build/asked.jsonl
diff test/expected.jsonl build/asked.jsonl
echo "$plugin asks for what it should"
