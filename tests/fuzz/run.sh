#!/bin/sh
# Runs one fuzz target from its seeds and what it found before. Usage: BUILD=folder tests/fuzz/run.sh fuzz_NAME SECONDS
# What makes it fail is left in BUILD.
set -eu
mkdir -p "$BUILD/corpus/$1"
log=$BUILD/$1.log
if "$BUILD/tests/fuzz/$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
	-artifact_prefix="$BUILD/" "$BUILD/corpus/$1" "tests/fuzz/seeds/${1#fuzz_}" >"$log" 2>&1; then
	echo "ok  $1"
else
	cat "$log"
	echo "FAILED  $1"
	exit 1
fi
