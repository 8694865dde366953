#!/bin/sh
# Fails on an include that points up between layers (docs/ARCHITECTURE.md, "Layers"):
#   sim < stack/wire < stack < protocols < views < app; tests and bench may include everything.
# Views may use of the simulation only what is pure: the trace, codecs, names and dissectors.
set -eu
cd "$(dirname "$0")/.."
find sim stack protocols views app -name '*.[ch]' | sort | xargs awk '
function layer(path) {
	if (path ~ /^stack\/wire\//) return 2
	return rank[substr(path, 1, index(path, "/") - 1)]
}
function pure(path) {
	return path ~ /^(views|sim|stack\/wire)\// || path ~ /^(stack\/address|stack\/layer|protocols\/layer|protocols\/actor|protocols\/dissect)\.h$/ ||
	       path ~ /\/(names|dissect)\.h$/ || path ~ /^protocols\/(tls\/(decrypt|secrets)|dns\/(name|record|message)|mail\/message|imap\/parser|http\/form|sasl\/sasl)\.h$/
}
BEGIN { rank["sim"] = 1; rank["stack"] = 3; rank["protocols"] = 4; rank["views"] = 5; rank["app"] = 6 }
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	target = quoted[2]
	if (layer(target) == 0) {
		printf "%s:%d: include \"%s\" is not written from the root of the project\n", FILENAME, FNR, target
		bad = 1
	} else if (layer(target) > layer(FILENAME)) {
		printf "%s:%d: \"%s\" is in a higher layer; only lower ones may be included\n", FILENAME, FNR, target
		bad = 1
	} else if (FILENAME ~ /^views\// && !pure(target)) {
		printf "%s:%d: a view may not include \"%s\": it reads traces and bytes, not the running simulation\n", FILENAME, FNR, target
		bad = 1
	}
}
END { exit bad }'
