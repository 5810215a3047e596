#!/usr/bin/env bash
# Prints the folder of a major release of Node, from npm's `node` package, fetched on first use: scripts/node-of.sh 24
set -euo pipefail
major=${1:?usage: scripts/node-of.sh MAJOR}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/makai-node-$major
mkdir -p "$cache"
if [ ! -x "$cache/node_modules/.bin/node" ]; then
  npm install --prefix "$cache" --no-save --no-audit --no-fund --foreground-scripts "node@$major" >&2
fi
dirname "$(dirname "$(readlink -f "$(find "$cache/node_modules" -path '*/bin/node' -type f -size +1M | head -n 1)")")"
