#!/bin/bash
# The page of `mailwire html` in a headless browser: makes pages, fetches what the tests need by the lock
# file beside this, and runs page.mjs. With --speed: how fast a trace of 100,000 hops opens and plays.
# What the machine cannot do is skipped with a line that says so; with MAILWIRE_CI set nothing is.
set -u
cd "$(dirname "$0")/../.." || exit 1
mailwire=$PWD/${MAILWIRE:-mailwire}
here=$PWD/tests/page
work=$PWD/build/page

. "$here/browser.sh"

cp "$here/hostile.yaml" "$work/" && head -c 90000 /dev/zero | tr '\0' x >"$work/large.bin" || exit 1
page() {
	"$mailwire" html "$1" -o "$work/$2.html" || exit 1
}
page scenarios/strain.yaml strain
if [ "${1:-}" = --speed ]; then
	cd "$work" && exec node "$here/speed.mjs" "$work/strain.html"
fi
page scenarios/office.yaml office
page "$work/hostile.yaml" hostile
page scenarios/tls.yaml tls
"$mailwire" html scenarios/hello.yaml --until 0s -o "$work/empty.html" || exit 1
cd "$work" && exec node "$here/page.mjs" "$work"
