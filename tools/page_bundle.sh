#!/bin/sh
# Joins the page's front end into one C source: the modules that views/page/main.js imports, each behind
# those it needs, and the style sheet. Usage: tools/page_bundle.sh > page_bundle.c
#
# The modules share one scope in the end: their top-level names must differ, and imports and exports
# are by name alone ("import { a, b } from './c.js';", "export function a"). All of it is checked here.
set -eu
cd "$(dirname "$0")/.."

join() {
	awk '
	function fail(where, what) {
		printf "%s: %s\n", where, what > "/dev/stderr"
		exit failed = 1
	}
	# Names that a line at the outermost level of a module declares.
	function declare(line, where,   name) {
		if (!match(line, /^(async function|function|function\*|const|let|class) +[A-Za-z0-9_$]+/))
			return
		name = substr(line, RSTART, RLENGTH)
		sub(/.* /, "", name)
		if (name in owner)
			fail(where, name " is declared in " owner[name] " too")
		owner[name] = where
	}
	function import(file,   line, path, number, text, statement) {
		if (file in done)
			return
		done[file] = 1
		path = "views/page/" file
		while ((getline line < path) > 0) {
			number++
			if (line ~ /^import/) {
				statement = line
				while (statement !~ /;$/ && (getline line < path) > 0) {
					number++
					statement = statement " " line
				}
				if (statement !~ /^import \{[A-Za-z0-9_$, \t]*\} from \047\.\/[a-z_]+\.js\047;$/)
					fail(path ":" number, "imports are by name, from modules beside it")
				sub(/^.*\047\.\//, "", statement)
				sub(/\047;$/, "", statement)
				import(statement)
				continue
			}
			if (line ~ /^export (default|\{|\*)/)
				fail(path ":" number, "exports are declarations")
			sub(/^export /, "", line)
			declare(line, path)
			text = text line "\n"
		}
		if (number == 0)
			fail(path, "cannot be read")
		close(path)
		printf "%s", text
	}
	BEGIN { import("main.js") }
	END { exit failed }' </dev/null
}

# C source of the bytes on standard input.
array() {
	printf 'const unsigned char %s[] = {\n' "$1"
	od -An -v -tx1 | sed 's/ *$//; s/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	printf '};\nconst size_t %s_bytes = sizeof %s;\n' "$1" "$1"
}

if [ "${1:-}" = --script ]; then
	join
	exit
fi
script=$(mktemp)
trap 'rm -f "$script"' EXIT
join >"$script"
if grep -n -i '</script\|<!--' "$script"; then
	echo "views/page: what stands there ends the script element" >&2
	exit 1
fi
printf '/* Made by tools/page_bundle.sh from views/page/. */\n#include "views/page_private.h"\n\n'
array page_script <"$script"
array page_style <views/page/style.css
