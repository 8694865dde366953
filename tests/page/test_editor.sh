#!/bin/bash
# The editor of `mailwire serve` in a headless browser: starts a server, and runs editor.mjs against it.
set -u
cd "$(dirname "$0")/../.." || exit 1
mailwire=$PWD/${MAILWIRE:-mailwire}
here=$PWD/tests/page
work=$PWD/build/page
. "$here/browser.sh"

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cp scenarios/hello.yaml scenarios/schema.json "$folder/" || exit 1
"$mailwire" serve "$PWD/scenarios/office.yaml" "$folder/hello.yaml" --port 0 --live --speed 100 \
	>"$folder/out" 2>"$folder/err" &
server=$!
for _ in $(seq 100); do
	[ -s "$folder/out" ] && break
	kill -0 "$server" 2>/dev/null || {
		server=
		skip "$(cat "$folder/err")"
	}
	sleep 0.05
done
address=$(grep -o 'http://[^ ]*' "$folder/out")
(cd "$work" && node "$here/editor.mjs" "$address")
