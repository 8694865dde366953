#!/bin/sh
# Writes the files of the editor's front end as one C source: a table of paths, types and bytes.
# Usage: tools/editor_bundle.sh FILE... > editor_bundle.c. views/editor/index.html is what "/" shows;
# views/x/y.js has the path /x/y.js.
set -eu
cd "$(dirname "$0")/.."

type() {
	case $1 in
	*.html) echo "text/html; charset=utf-8" ;;
	*.css) echo "text/css; charset=utf-8" ;;
	*.js) echo "text/javascript; charset=utf-8" ;;
	*.svg) echo "image/svg+xml" ;;
	*)
		echo "$1: of which type is it?" >&2
		exit 1
		;;
	esac
}

path() {
	if [ "$1" = views/editor/index.html ]; then
		echo /
	else
		echo "${1#views}"
	fi
}

printf '/* Made by tools/editor_bundle.sh from views/editor/. */\n#include "app/serve_private.h"\n\n'
number=0
for file; do
	number=$((number + 1))
	printf 'static const unsigned char file_%d[] = {\n' "$number"
	od -An -v -tx1 "$file" | sed 's/ *$//; s/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	printf '};\n'
done
printf 'const struct serve_asset serve_assets[] = {\n'
number=0
for file; do
	number=$((number + 1))
	type=$(type "$file")
	printf '\t{ "%s", "%s", file_%d, sizeof file_%d },\n' "$(path "$file")" "$type" "$number" "$number"
done
printf '\t{ 0 },\n};\n'
