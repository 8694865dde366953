#!/bin/sh
# Installs into a folder, runs the installed program from elsewhere and as Wireshark does, uninstalls,
# finds nothing left.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
extcap=usr/lib/$(uname -m)-linux-gnu/wireshark/extcap
mkdir -p "$folder/$extcap"
make --no-print-directory -s install PREFIX="$folder/usr"
(cd "$folder" && MAILWIRE_SCENARIOS="$folder/usr/share/mailwire/scenarios" usr/bin/mailwire run hello --quiet)
test -s "$folder/usr/share/man/man1/mailwire.1"
# By the link Wireshark finds the program, and that its scenarios.
(cd "$folder" && $extcap/mailwire --extcap-interfaces | grep -q '^interface {value=mailwire-office}')
make --no-print-directory -s uninstall PREFIX="$folder/usr"
test ! -L "$folder/$extcap/mailwire"
# As packages are made: into DESTDIR, and the folder is named.
make --no-print-directory -s install DESTDIR="$folder/root" PREFIX=/usr EXTCAPDIR=/usr/lib/wireshark/extcap
test "$(readlink "$folder/root/usr/lib/wireshark/extcap/mailwire")" = /usr/bin/mailwire
make --no-print-directory -s uninstall DESTDIR="$folder/root" PREFIX=/usr EXTCAPDIR=/usr/lib/wireshark/extcap
left=$(find "$folder" -type f -o -type l)
test -z "$left" || {
	echo "left behind: $left"
	exit 1
}
