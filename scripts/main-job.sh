#!/usr/bin/env bash
# Runs the README's first command as a newcomer would, stops it with Ctrl-C after the first half minute, and checks its output:
# the sag of the scenario as an event with a waveform of every box, the page, and a clean stop.
set -euo pipefail
cd "$(dirname "$0")/.."
line=$(grep -m 1 'makai up' README.md)
[ "$line" = 'npm ci && npx makai up' ] || { echo "the README's first command is not the one expected: $line"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work" makai-demo' EXIT
rm -rf makai-demo
seconds=${MAKAI_MAIN_JOB_SECONDS:-40}
echo "$line   (Ctrl-C ${seconds} s after it is up)"

set -m # a process group of its own, as a terminal gives it, so that the interrupt reaches it
bash -c "$line" >"$work/out" 2>&1 &
job=$!
for _ in $(seq 600); do
  grep -q 'Makai is up' "$work/out" && break
  kill -0 "$job" 2>/dev/null || break
  sleep 1
done
sleep "$seconds" &
nap=$!
meanwhile=0
eval "${MAKAI_MEANWHILE:-true}" || meanwhile=$? # other work of CI in this time
wait "$nap"
# The page that its first line names.
page=$(grep -om 1 'Page: http[^ ]*' "$work/out" | cut -d ' ' -f 2) || true
served=$(node -e "fetch(process.argv[1]).then((reply) => reply.text()).then((text) => console.log(/<script[^>]* src=/.test(text)))" "$page" || true)
kill -INT -- "-$job" 2>/dev/null || echo "main job: it exited before Ctrl-C"
status=0
wait "$job" || status=$?
tail -n 25 "$work/out"
[ "$meanwhile" = 0 ] || { echo "main job: failed at the same time: $MAKAI_MEANWHILE"; exit 1; }
# npx itself exits with 130 after an interrupt. test/integration/up.slow.test.ts checks without npx that makai exits with 0.
[ "$status" = 0 ] || [ "$status" = 130 ] || { echo "main job: exited with $status"; exit 1; }
grep -q '^stopped: ' "$work/out" || { echo 'main job: no clean stop'; exit 1; }
[ "$served" = true ] || { echo "main job: no page at '$page'"; exit 1; }
grep -q 'VOLTAGE_SAG' "$work/out" || { echo 'main job: no voltage sag was shown'; exit 1; }
grep -Eq 'box 100[12]: [0-9.]+ s stored, 9[0-9]\.[0-9]' "$work/out" || { echo 'main job: no waveform with the sag'; exit 1; }
npx makai events list --dir makai-demo | grep -q VOLTAGE_SAG || { echo 'main job: the store does not hold the event'; exit 1; }
echo 'main job: an event with its waveforms was stored and shown; clean stop'
