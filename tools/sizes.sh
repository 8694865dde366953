#!/bin/sh
# Prints the ten longest functions of the program, for reading in review.
cd "$(dirname "$0")/.." || exit 1
find sim stack protocols views app -name '*.c' | sort | xargs awk '
	/^[A-Za-z_].*\(/ && !/;[ \t]*$/ { name = $0 }
	/^\{/ { start = FNR }
	/^[A-Za-z_].*\{[ \t]*$/ && !/^(static )?(const )?(struct|enum) [a-z_]+ \{/ && /\)/ { start = FNR }
	/^\}/ { if (start) printf "%4d lines  %s:%d  %s\n", FNR - start, FILENAME, start, name; start = 0 }' |
	sort -rn | head -10
