#!/bin/bash
# Live mode against the Linux kernel's TCP: throughput each way and short connections per second.
# Usage: bench/live.sh [SECONDS]; needs network namespaces and a TAP device. Goals with two cores:
# 1 Gbit/s and 2,000 connections per second.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-10}
mailwire=${MAILWIRE:-build/release/mailwire}
exec "$mailwire" shell tests/interop/fast.yaml --services server -- python3 bench/live.py "$seconds"
