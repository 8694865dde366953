#!/bin/sh
# Installs what mailwire needs on Debian and Ubuntu; elsewhere names the packages. Does nothing
# when all is there. Usage: tools/deps.sh build|test|check|bench
#   build  what compiling and running needs     test   also Check, tshark and the judges
#   check  also linters, fuzzers, mail programs,  bench  also the simulators compared with
#          a browser
set -eu

build="gcc make pkg-config libglib2.0-dev libfyaml-dev libgmime-3.0-dev libpcap-dev libjson-glib-dev libgraphviz-dev libssl-dev libncurses-dev zlib1g-dev libsoup-3.0-dev"
test="check tshark python3 python3-yaml python3-jsonschema python3-spf python3-dkim opendkim-tools spf-tools-perl libxml2-utils python3-nacl python3-dnspython"
interop="weasyprint iproute2 iputils-ping traceroute bind9-dnsutils telnet openssl curl tidy swaks libnet-ssleay-perl msmtp fetchmail isync mutt postfix dovecot-imapd dovecot-pop3d"
browser="chromium"
command -v npm >/dev/null 2>&1 || browser="nodejs npm $browser" # npm may have come with a Node of its own
check="clang libclang-rt-14-dev clang-format clang-tidy cppcheck $interop $browser"
bench="g++ ns3 libns3-dev tshark time"

case "${1:-build}" in
build) wanted="$build" ;;
test) wanted="$build $test" ;;
check) wanted="$build $test $check" ;;
bench) wanted="$build $bench" ;;
*)
	echo "usage: tools/deps.sh build|test|check|bench" >&2
	exit 2
	;;
esac

if ! command -v apt-get >/dev/null 2>&1; then
	if command -v pkg-config >/dev/null 2>&1 &&
		pkg-config --exists glib-2.0 libfyaml gmime-3.0 json-glib-1.0 libpcap openssl ncursesw zlib; then
		exit 0
	fi
	cat >&2 <<-TEXT
	make deps: this system has no apt-get. Please install, then run make again:
	  Fedora: sudo dnf install gcc make pkgconf-pkg-config glib2-devel libfyaml-devel gmime30-devel libpcap-devel json-glib-devel openssl-devel ncurses-devel zlib-devel libsoup3-devel graphviz-devel check-devel wireshark-cli python3-pyyaml python3-jsonschema
	  Arch:   sudo pacman -S gcc make pkgconf glib2 libfyaml gmime3 libpcap json-glib openssl ncurses zlib libsoup3 graphviz check wireshark-cli python-yaml python-jsonschema
	  macOS:  brew install pkg-config glib libfyaml gmime libpcap json-glib openssl ncurses zlib libsoup graphviz check wireshark
	  Windows: use WSL with Debian or Ubuntu; there this target installs all by itself
	TEXT
	exit 1
fi

missing=""
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=""
elif command -v sudo >/dev/null 2>&1; then
	as_root="sudo"
else
	echo "make deps: missing:$missing" >&2
	echo "make deps: run as root, or install sudo: apt-get install$missing" >&2
	exit 1
fi
echo "make deps: installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
