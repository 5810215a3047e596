#!/bin/sh
# Builds build/__NAME__.wasm with rustc alone. Debian: apt-get install rustc libstd-rust-dev-wasm32 lld
set -e
cd "$(dirname "$0")"
target=wasm32-unknown-unknown
for candidate in "$RUSTC" rustc /usr/bin/rustc; do
  [ -n "$candidate" ] || continue
  if [ -d "$("$candidate" --print sysroot 2>/dev/null)/lib/rustlib/$target" ]; then found=$candidate && break; fi
done
if [ -z "$found" ]; then
  echo "no rustc with the target $target: install libstd-rust-dev-wasm32, or: rustup target add $target" >&2
  exit 1
fi
mkdir -p build
options="--edition 2021 --target $target -C opt-level=3 -C panic=abort"
"$found" $options --crate-type rlib --crate-name makai --out-dir build makai/src/lib.rs
"$found" $options --crate-type cdylib --crate-name plugin -C strip=symbols -D warnings \
  --extern makai=build/libmakai.rlib -o build/__NAME__.wasm src/lib.rs
cp manifest.json build/__NAME__.manifest.json
