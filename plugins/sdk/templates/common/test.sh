#!/bin/sh
# Checks the plugin, and compares what it returns on the cases in test/cases with what it should. Needs `makai` on the PATH.
set -e
cd "$(dirname "$0")"
makai plugin check __FILE__
makai plugin test __FILE__ test/cases
