#!/bin/sh
# Fails when a header does not compile on its own. Usage: tools/headers.sh CC FLAGS...
set -eu
cd "$(dirname "$0")/.."
bad=0
for header in $(find sim stack protocols views app tests -name '*.h' | sort); do
	echo "#include \"$header\"" | "$@" -I. -fsyntax-only -x c - || {
		echo "$header: does not compile on its own"
		bad=1
	}
done
exit $bad
