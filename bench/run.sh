#!/bin/bash
# Runs the benchmarks and prints ratios measured in this one run: ours and theirs take turns, and
# medians are compared. All rates are per second of processor time, so that other work on the machine
# disturbs little. docs/PERFORMANCE.md says what each row means.
# Environment: RUNS (turns, default 3), MB (of the bulk transfer, default 100), HOSTS (default 100000),
# LIVE_SECONDS (of each live measurement, default 10).
set -eu
cd "$(dirname "$0")/.."
RUNS=${RUNS:-5}
MB=${MB:-300}
HOSTS=${HOSTS:-100000}
LIVE_SECONDS=${LIVE_SECONDS:-10}
ours=build/bench/bench
theirs=build/bench/ns3
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mailwire-bench-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# value NAME: the field NAME=... of the lines on standard input, one a line.
value() { sed -n "s/.*[ ]$1=\([^ ]*\).*/\1/p"; }
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

head_row() { printf '\n%-50s %14s %14s %8s   %s\n' "$@"; }

# row WHAT OURS THEIRS GOAL [WORST]: their ratio, and whether it is at least GOAL, or with "most" as
# WORST at most. Numbers print with three digits or whole.
row() {
	awk -v what="$1" -v x="$2" -v y="$3" -v goal="$4" -v worst="${5:-least}" '
	function number(v) { return v == "" ? "" : sprintf(v < 100 ? "%.3g" : "%.0f", v) }
	BEGIN {
		ratio = worst == "most" ? y / x : x / y
		verdict = goal == "" ? "" : (worst == "most" ? ratio <= goal : ratio >= goal) ? "reached" : "MISSED"
		printf "%-50s %14s %14s %8.2f   %s\n", what, number(x), number(y), ratio,
		       goal == "" ? "" : sprintf("at %s %s: %s", worst, goal, verdict)
	}'
}

# bound WHAT MEASURED GOAL least|most: a figure with a goal of its own.
bound() {
	awk -v what="$1" -v x="$2" -v goal="$3" -v worst="$4" 'BEGIN {
		verdict = (worst == "most" ? x <= goal : x >= goal) ? "reached" : "MISSED"
		printf "%-50s %14.0f %14s %8s   at %s %d: %s\n", what, x, "", "", worst, goal, verdict
	}'
}

# turns FIELD -- COMMAND A -- COMMAND B: runs them in turns; the medians of FIELD in $x and $y.
turns() {
	local field=$1 a=() b=() i
	shift 2
	while [ "$1" != -- ]; do a+=("$1"); shift; done
	shift
	b=("$@")
	: >"$scratch/a"
	: >"$scratch/b"
	for ((i = 0; i < RUNS; i++)); do
		"${a[@]}" >>"$scratch/a"
		rm -f "$scratch"/trace*
		"${b[@]}" >>"$scratch/b"
		rm -f "$scratch"/trace*
	done
	x=$(value "$field" <"$scratch/a" | median)
	y=$(value "$field" <"$scratch/b" | median)
}

# compare WHAT FIELD GOAL -- OUR COMMAND -- THEIR COMMAND
compare() {
	local what=$1 field=$2 goal=$3
	shift 3
	turns "$field" "$@"
	row "$what" "$x" "$y" "$goal"
}

printf '%s, %s cores; medians of %s runs in turns; per second of processor time\n' \
	"$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" "$(nproc)" "$RUNS"

third=$((MB / 3))
small=$((MB / 15))
capture=$scratch/trace.pcapng
head_row "against ns-3 (Debian's build, checksums on)" mailwire ns-3 ratio goal
compare "bulk: frame-hops/s" hops_per_s 60 -- \
	$ours/bulk --mb="$MB" -- $theirs/bulk --mb=$small --link=p2p --checksum=1
row "bulk: payload MB/s" "$(value mb_per_s <"$scratch/a" | median)" \
	"$(value mb_per_s <"$scratch/b" | median)" ""
compare "bulk, 128 KiB buffers, no qdisc: frame-hops/s" hops_per_s 25 -- \
	$ours/bulk --mb="$MB" --buf=131072 -- \
	$theirs/bulk --mb=$small --link=p2p --checksum=1 --qdisc=0 --buf=131072
compare "bulk, each frame captured twice: frame-hops/s" hops_per_s 12 -- \
	$ours/bulk --mb=$third --capture="$capture" -- \
	$theirs/bulk --mb=$small --link=p2p --checksum=1 --pcap=1 --out="$scratch/trace"
compare "many, 1,000 hosts: transactions/s" tx_per_s 100 -- \
	$ours/many --k=1000 --tx=10 -- $theirs/many --k=1000 --tx=1 --lan=0

head_row "cost as hosts grow" "100 hosts" "$HOSTS hosts" growth goal
turns us_per_tx -- $ours/many --k=100 --tx=100 -- $ours/many --k="$HOSTS" --tx=1 --spread=20
row "many: us per transaction" "$x" "$y" 2.5 most
printf '%-50s %14.2f %14.2f\n' "many: load of the busiest link" \
	"$(value load <"$scratch/a" | median)" "$(value load <"$scratch/b" | median)"

head_row "writing traces" mailwire "write()" ratio goal
same=$scratch/same.pcapng
$ours/bulk --mb=$third --capture="$same" >/dev/null
compare "bulk, captured, against write() of the same bytes" written_mb_per_s 0.5 -- \
	$ours/bulk --mb=$third --capture="$capture" -- \
	$ours/writers --what=write --from="$same" --path="$capture"
compare "pcapng writer alone, against that" written_mb_per_s 0.5 -- \
	$ours/writers --what=pcapng --mb=$((third * 9 / 2)) --path="$capture" -- \
	$ours/writers --what=write --from="$same" --path="$capture"
rm -f "$same"
bound "JSON records/s" "$($ours/writers --what=json --path="$capture" | value records_per_s)" 1000000 least

head_row "memory of what stands still, each of $HOSTS" bytes "" "" goal
$ours/memory --n="$HOSTS" >"$scratch/memory"
memory() { bound "$1" "$(grep " what=$2 " "$scratch/memory" | value bytes_each)" "$3" most; }
memory "idle host, with interface and cable" idle_host 2048
memory "idle end of an established TCP connection" idle_connection_end 1024
memory "connection in TIME-WAIT" time_wait 100

# What a handshake with X25519 and ECDSA P-256 cannot do without: the server signs, the client verifies that and
# the certificate, and each side makes a key pair and derives the secret. By openssl's own measure, per second.
primitives() {
	openssl speed -seconds 1 ecdsap256 ecdhx25519 2>/dev/null | awk '
		/nistp256/ { sign = $(NF - 1); verify = $NF }
		/X25519/ { exchange = $NF }
		END { print " handshakes_per_s=" 1 / (1 / sign + 2 / verify + 4 / exchange) }'
}

head_row "TLS handshakes, both ends, against openssl speed" mailwire primitives ratio goal
compare "TLS 1.3: handshakes/s" handshakes_per_s 0.3 -- $ours/tls --n=1000 -- primitives
compare "TLS 1.2: handshakes/s" handshakes_per_s 0.3 -- $ours/tls --n=1000 --version=1.2 -- primitives
head_row "memory of an idle end of a TLS connection" bytes "" "" goal
bound "TLS 1.3" "$($ours/tls --n=1 | value bytes_each)" 20480 most
bound "TLS 1.2" "$($ours/tls --n=1 --version=1.2 | value bytes_each)" 20480 most

head_row "event queue, hold model" operations/s "ns each" "" ""
$ours/engine | while read -r line; do
	printf '%-50s %14s %14s\n' "$(value pending <<<"$line") pending" \
		"$(value ops_per_s <<<"$line")" "$(value ns_per_op <<<"$line")"
done

head_row "forwarding" frame-hops/s MB/s "" ""
for via in router switch; do
	line=$($ours/bulk --mb="$MB" --via=$via)
	printf '%-50s %14s %14s\n' "bulk through one $via" \
		"$(value hops_per_s <<<"$line")" "$(value mb_per_s <<<"$line")"
done

head_row "live, against the TCP of the Linux kernel" "in real time" "" "" goal
if MAILWIRE=build/bench/mailwire bench/live.sh "$LIVE_SECONDS" >"$scratch/live" 2>"$scratch/live.err"; then
	live() { bound "$1" "$(awk -v what="$2" -v scale="$3" \
		'index($0, what) == 1 { sub(what, ""); print $1 * scale }' "$scratch/live")" "$4" least; }
	live "kernel to simulation: Mbit/s" "kernel to simulation" 1000 1000
	live "simulation to kernel: Mbit/s" "simulation to kernel" 1000 1000
	live "short connections/s" "short connections" 1 2000
else
	printf 'not measured: %s\n' "$(tail -n 1 "$scratch/live.err")"
fi

head_row "whole runs" seconds "" "" ""
bench/day.sh 10000 >"$scratch/day.yaml"
TIMEFORMAT='%U %S'
used=$( { time build/bench/mailwire run "$scratch/day.yaml" --quiet >/dev/null; } 2>&1)
awk -v used="$used" 'BEGIN {
	split(used, s, " ")
	printf "%-50s %14.2f\n", "run --quiet of a day with 10,000 messages", s[1] + s[2] }'

# used NAME COMMAND...: appends the seconds of processor time of a command to $scratch/NAME.
used() {
	local name=$1 seconds
	shift
	seconds=$( { time "$@" >/dev/null 2>"$scratch/errors"; } 2>&1) || { cat "$scratch/errors"; exit 1; }
	awk -v s="$seconds" 'BEGIN { split(s, t, " "); print t[1] + t[2] }' >>"$scratch/$name"
}

# explain WHAT GOAL FILE [OPTION]: frames per second of mailwire explain and of tshark on a capture, in turns.
explain() {
	local what=$1 goal=$2 file=$3 frames i
	shift 3
	rm -f "$scratch"/explain "$scratch"/tshark
	for ((i = 0; i < RUNS; i++)); do
		used explain build/bench/mailwire explain "$file"
		used tshark tshark "$@" -r "$file"
	done
	frames=$(build/bench/mailwire explain "$file" --filter 'less 0' | awk 'END { print $1 }')
	row "$what" "$(awk -v n="$frames" -v s="$(median <"$scratch/explain")" 'BEGIN { print n / s }')" \
		"$(awk -v n="$frames" -v s="$(median <"$scratch/tshark")" 'BEGIN { print n / s }')" "$goal"
}

rss() { command time -f %M build/bench/mailwire explain "$1" 2>&1 >/dev/null; }

head_row "captures explained, against tshark" mailwire tshark ratio goal
$ours/bulk --mb=2.2 --capture="$scratch/bulk10.pcapng" >/dev/null
$ours/bulk --mb=22 --capture="$scratch/bulk100.pcapng" >/dev/null
explain "100 MB of bulk: frames/s" 5 "$scratch/bulk100.pcapng"
bench/day.sh 2000 >"$scratch/day.yaml"
build/bench/mailwire run "$scratch/day.yaml" --quiet --pcap "$scratch/day.pcapng" >/dev/null
explain "a day with 2,000 messages (54 MB): frames/s" 5 "$scratch/day.pcapng"
RUNS=1 explain "the same, against tshark -V: frames/s" "" "$scratch/day.pcapng" -V
# Small frames, 130 bytes on average, again and again.
build/bench/mailwire run office --quiet --pcap "$scratch/office.pcap" >/dev/null
tail -c +25 "$scratch/office.pcap" >"$scratch/frames"
{ head -c 24 "$scratch/office.pcap"; for ((i = 0; i < 1800; i++)); do cat "$scratch/frames"; done; } >"$scratch/small.pcap"
explain "the office 1,800 times (100 MB): frames/s" 5 "$scratch/small.pcap"
rm -f "$scratch/small.pcap"

head_row "memory, captures explained" "10 MB" "100 MB" growth goal
row "peak resident KiB" "$(rss "$scratch/bulk10.pcapng")" "$(rss "$scratch/bulk100.pcapng")" 1.1 most
