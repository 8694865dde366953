#!/bin/bash
# Runs Check programs two at a time and sums up. Usage: tests/run.sh PROGRAM...
# Closes with the line "N passed, N failed"; exit status 1 when a check failed or a program died.
set -u
cd "$(dirname "$0")/.." || exit 1
results=$(mktemp -d)
chmod 755 "$results" # programs run as other users look into it too
trap 'rm -rf "$results"' EXIT
export results
# Seconds: Check's own, 4, is short under sanitizers; and what tests say of themselves likewise.
export CK_DEFAULT_TIMEOUT=${CK_DEFAULT_TIMEOUT:-60} CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-1}

run_one() {
	local name=${1#*/tests/} status began=$SECONDS
	local log="$results/${name//\//-}.log"
	TMPDIR="$results" G_SLICE=always-malloc "$1" >"$log" 2>&1
	status=$?
	if [ $status -ne 0 ] && ! grep -qE 'Failures: [1-9]|Errors: [1-9]' "$log"; then
		echo "100%: Checks: 1, Failures: 0, Errors: 1  ($name ended with status $status)" >>"$log"
	fi
	if [ $status -ne 0 ]; then
		sed "s|^|$name: |" "$log" | tail -n 60
	else
		grep -h '^skipped' "$log" | sed "s|^|$name: |"
		printf 'ok  %-38s %4d s  %s\n' "$name" $((SECONDS - began)) "$(grep -h 'Checks:' "$log" | tail -n 1)"
	fi
}
export -f run_one
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -I{} bash -c 'run_one {}'
awk -F'[:,]' '
	/^[0-9]+%: Checks:/ { checks += $3; failed += $5 + $7 }
	END { printf "%d passed, %d failed\n", checks - failed, failed; exit failed > 0 }' "$results"/*.log
