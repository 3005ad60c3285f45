#!/usr/bin/env bash
# Instructions an operation of the engine's workloads, which noise does not touch: callgrind over N and
# over 2N rounds, the difference divided by N. Needs valgrind. A change of more than 2 % wants a sentence.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "valgrind is not installed: nothing was counted" >&2; exit 1; }
bench=$(cargo bench --bench engine --locked --no-run 2>&1 | sed -n 's/.*Executable .*(\(.*\)).*/\1/p')
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" --rounds "$1" "$2" 2>&1 |
        sed -n 's/.*refs: *\([0-9,]*\)$/\1/p' | tr -d , | tail -1
}
names=("W1 hold 1000, our" "W2 phold 1000 x 1" "W2 phold 1000 x 10" "W3" "W4" "W5 seeds, a seed" "W6 M/M/1, a")
for name in "${@:-${names[@]}}"; do
    once=$(count "$name" 1)
    twice=$(count "$name" 2)
    operations=$("$bench" --rounds "$name" 0 | awk '{print $1; exit}')
    awk -v n="$name" -v i=$((twice - once)) -v o="$operations" 'BEGIN { printf "%8.0f  %s\n", i / o, n }'
done
