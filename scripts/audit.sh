#!/usr/bin/env bash
# Known holes in the packages that are shipped: fails when npm's registry knows any. A registry that answers no audits (a mirror, no network) is told and
# is no failure.
set -uo pipefail
cd "$(dirname "$0")/.."
report=$(npm audit --omit dev --json 2>/dev/null)
code=$?
if [ "$code" = 0 ]; then
  echo "audit: no known holes"
elif grep -q '"vulnerabilities"' <<<"$report"; then
  npm audit --omit dev
  exit 1
else
  echo "*** audit: the registry did not answer, nothing was checked ***"
fi
