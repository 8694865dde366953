#!/bin/bash
# Runs the benchmarks and prints ratios measured in this one run. Ours and theirs take turns, and
# medians are compared. Environment: RUNS (default 3), MB (default 100), QUICK=1 (small sizes).
set -eu
cd "$(dirname "$0")/.."
RUNS=${RUNS:-3}
MB=${MB:-100}
ours=build/bench/bench
theirs=build/bench/ns3
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mailwire-bench-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# value NAME: the field NAME=... of the lines on standard input, one a line.
value() { sed -n "s/.*[ ]$1=\([^ ]*\).*/\1/p"; }
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# compare LABEL FIELD GOAL -- OUR COMMAND -- THEIR COMMAND: interleaved runs, ratio of the medians.
compare() {
	local label=$1 field=$2 goal=$3 a=() b=() i
	shift 4
	while [ "$1" != -- ]; do a+=("$1"); shift; done
	shift
	b=("$@")
	: >"$scratch/a"
	: >"$scratch/b"
	for ((i = 0; i < RUNS; i++)); do
		"${a[@]}" >>"$scratch/a"
		"${b[@]}" >>"$scratch/b"
		rm -f "$scratch"/trace*
	done
	local x y
	x=$(value "$field" <"$scratch/a" | median)
	y=$(value "$field" <"$scratch/b" | median)
	awk -v label="$label" -v x="$x" -v y="$y" -v goal="$goal" 'BEGIN {
		printf "%-46s %12.0f %12.0f   %7.1f times   %s\n", label, x, y, x / y,
		       goal == "" ? "" : (x / y >= goal ? "goal " goal " reached" : "GOAL " goal " MISSED") }'
}

printf '%s, %s cores, medians of %s runs in turns\n' \
	"$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" "$(nproc)" "$RUNS"
printf '\n%-46s %12s %12s   %s\n' "against ns-3 (Debian's build)" mailwire ns-3 ratio
small=$((MB / 5))
compare "bulk, frame-hops per second" hops_per_s 60 -- \
	$ours/bulk --mb=$MB -- $theirs/bulk --mb=$small --link=p2p
compare "bulk, payload MB per second" mb_per_s "" -- \
	$ours/bulk --mb=$MB -- $theirs/bulk --mb=$small --link=p2p
compare "bulk, checksums on in both" hops_per_s "" -- \
	$ours/bulk --mb=$MB -- $theirs/bulk --mb=$small --link=p2p --checksum=1
compare "bulk, ns-3 at its best (no qdisc, 128 KiB)" hops_per_s 25 -- \
	$ours/bulk --mb=$MB -- $theirs/bulk --mb=$small --link=p2p --qdisc=0 --buf=131072
compare "bulk, captured at every interface" hops_per_s 12 -- \
	$ours/bulk --mb=$MB --capture="$scratch/trace.pcapng" -- \
	$theirs/bulk --mb=$small --link=p2p --checksum=1 --pcap=1 --out="$scratch/trace"
compare "many, 1,000 hosts, transactions per second" tx_per_s 100 -- \
	$ours/many --k=1000 --tx=10 -- $theirs/many --k=1000 --tx=1 --lan=0

printf '\n%-46s %12s %12s   %s\n' "cost of one transaction as hosts grow, us" "100" "100,000" growth
$ours/many --k=100 --tx=100 --spread=1 >"$scratch/few"
$ours/many --k=100000 --tx=1 --spread=20 >"$scratch/lots"
awk -v a="$(value us_per_tx <"$scratch/few")" -v b="$(value us_per_tx <"$scratch/lots")" \
	-v load="$(value load <"$scratch/lots")" 'BEGIN {
	printf "%-46s %12.1f %12.1f   %7.2f times   %s (busiest link %.0f %% loaded)\n", "many", a, b, b / a,
	       b / a <= 2.5 ? "goal 2.5 reached" : "GOAL 2.5 MISSED", 100 * load }'

printf '\n%-46s %12s\n' "memory of what stands still" "bytes each"
$ours/memory --n=${MEMORY_N:-100000} | while read -r line; do
	printf '%-46s %12s\n' "$(value what <<<"$line") ($(value n <<<"$line"))" "$(value bytes_each <<<"$line")"
done

printf '\n%-46s %12s %12s\n' "event queue, hold model" "ops/s" "ns/op"
$ours/engine | while read -r line; do
	printf '%-46s %12s %12s\n' "$(value pending <<<"$line") pending" "$(value ops_per_s <<<"$line")" \
		"$(value ns_per_op <<<"$line")"
done

printf '\n%-46s %12s\n' "forwarding, frames per second" ""
for via in router switch; do
	printf '%-46s %12s\n' "one $via, bulk" "$($ours/bulk --mb="$MB" --via=$via | value hops_per_s)"
done

printf '\n%-46s %12s %12s   %s\n' "writing traces" ours "limit" ratio
$ours/writers "$scratch" | while read -r line; do
	printf '%-46s %12s %12s   %7s of it\n' "$(value what <<<"$line")" "$(value ours <<<"$line")" \
		"$(value limit <<<"$line")" "$(value ratio <<<"$line")"
done
