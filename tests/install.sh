#!/bin/sh
# Installs into a folder, runs the installed program from elsewhere, uninstalls, finds nothing left.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
make --no-print-directory -s install PREFIX="$folder/usr"
(cd "$folder" && MAILWIRE_SCENARIOS="$folder/usr/share/mailwire/scenarios" usr/bin/mailwire run hello --quiet)
test -s "$folder/usr/share/man/man1/mailwire.1"
make --no-print-directory -s uninstall PREFIX="$folder/usr"
left=$(find "$folder/usr" -type f)
test -z "$left" || {
	echo "left behind: $left"
	exit 1
}
