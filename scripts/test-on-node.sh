#!/usr/bin/env bash
# Runs the fast tier of the tests on another major release of Node, as npm's `node` package carries it: scripts/test-on-node.sh 24
# Works on a copy of the built tree, since better-sqlite3 is compiled for one release; the compiled module is kept for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."
major=${1:?usage: scripts/test-on-node.sh MAJOR}
home=$(scripts/node-of.sh "$major")
export PATH="$home/bin:$PATH"
echo "tests on Node $(node --version)"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/makai"
cp -a . "$copy/makai/"
if [ -L "$copy/makai/node_modules" ]; then # a linked one must not be touched: copy what it points to
  rm "$copy/makai/node_modules"
  cp -a "$(readlink -f node_modules)" "$copy/makai/node_modules"
fi
[ ! -e ../shared ] || ln -s "$(readlink -f ../shared)" "$copy/shared"
cd "$copy/makai"
# The package's own headers where it has them, so that nothing is downloaded to compile.
[ ! -e "$home/include/node/node.h" ] || export npm_config_nodedir="$home"
version=$(node -p "require('better-sqlite3/package.json').version")
kept=${XDG_CACHE_HOME:-$HOME/.cache}/makai-node-$major/better_sqlite3-$version-$(node -p process.versions.modules).node
if [ ! -f "$kept" ]; then
  npm rebuild better-sqlite3
  cp node_modules/better-sqlite3/build/Release/better_sqlite3.node "$kept"
fi
cp "$kept" node_modules/better-sqlite3/build/Release/better_sqlite3.node
npm run -s test:fast
