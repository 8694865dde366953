# What tests in a browser need; sourced by test_*.sh here, which have set $here and $work. Fetches by the lock file
# beside this. What the machine cannot do is skipped with a line that says so; with MAILWIRE_CI set nothing is.

skip() {
	echo "skipped: $(basename "$0"): $1"
	if [ -n "${MAILWIRE_CI+set}" ]; then
		echo "0%: Checks: 1, Failures: 1, Errors: 0"
		exit 1
	fi
	echo "100%: Checks: 0, Failures: 0, Errors: 0"
	exit 0
}

for program in node npm chromium; do
	command -v $program >/dev/null || skip "$program is not installed"
done
CHROMIUM=$(command -v chromium)
export CHROMIUM
mkdir -p "$work" || exit 1
(
	flock 9
	if ! cmp -s "$here/package-lock.json" "$work/installed"; then
		cp "$here/package.json" "$here/package-lock.json" "$work/" &&
			(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1) &&
			cp "$work/package-lock.json" "$work/installed"
	fi
) 9>"$work/lock" || skip "npm ci: $(tail -n 1 "$work/npm.log")"
