#!/bin/sh
# Builds build/__NAME__.wasm. Debian: apt-get install clang lld
set -e
cd "$(dirname "$0")"
mkdir -p build
"${CLANG:-clang}" --target=wasm32 -std=c11 -O3 -Wall -Wextra -Werror -ffreestanding -nostdlib -Imakai \
  -Wl,--no-entry -Wl,--stack-first -Wl,--strip-all -o build/__NAME__.wasm src/plugin.c
cp manifest.json build/__NAME__.manifest.json
