#!/bin/sh
# Prints the scenario of a working day: MESSAGES messages (default 10000) in nine hours, among people
# in an office and at a customer's, half of them across the Internet; everybody fetches mail every
# ten minutes. Each message must arrive once.
# Usage: bench/day.sh [MESSAGES] [PEOPLE-AT-EACH-SITE]
exec awk -v messages="${1:-10000}" -v people="${2:-20}" '
function person(i) { return (i < people ? "a" : "b") i }
function account(i) { return person(i) "@" (i < people ? "office" : "remote") ".example" }

BEGIN {
	day_s = 9 * 3600
	print "mailwire: 1"
	print "title: A day of " messages " messages"
	print "networks:"
	print "  client-lan: {subnet: 192.0.2.0/26, rate: 1Gbps}"
	print "  server-lan: {subnet: 192.0.2.64/26, rate: 1Gbps}"
	print "  uplink: {kind: link, subnet: 198.51.100.0/30, rate: 50Mbps, delay: 3ms}"
	print "  internet: {subnet: 203.0.113.0/26, rate: 1Gbps, delay: 8ms}"
	print "  remote-lan: {subnet: 203.0.113.64/26, rate: 1Gbps}"
	print "routers:"
	print "  gw: {interfaces: [client-lan, server-lan, uplink]}"
	print "  isp: {interfaces: [uplink, internet]}"
	print "  remote-gw: {interfaces: [internet, remote-lan]}"
	print "hosts:"
	print "  mail: {network: server-lan}"
	print "  dns: {network: server-lan}"
	print "  root: {network: internet}"
	print "  remote-mail: {network: remote-lan, fqdn: mail.remote.example}"
	print "  remote-dns: {network: remote-lan, fqdn: dns.remote.example}"
	for (i = 0; i < 2 * people; i++)
		print "  " person(i) "-pc: {network: " (i < people ? "client" : "remote") "-lan}"
	print "root-server: root"
	print "domains:"
	for (site = 0; site < 2; site++) {
		print "  " (site ? "remote" : "office") ".example:"
		print "    mail: " (site ? "remote-mail" : "mail")
		print "    dns: " (site ? "remote-dns" : "dns")
		print "    accounts:"
		for (i = site * people; i < (site + 1) * people; i++)
			print "      " person(i) ": {password: secret}"
	}
	print "clients:"
	for (i = 0; i < 2 * people; i++)
		print "  " person(i) ": {host: " person(i) "-pc, account: " account(i) \
		      ", incoming: {protocol: " (i % 2 ? "pop3" : "imap") "}}"
	print "timeline:"
	for (m = 0; m < messages; m++) {
		from = m * 7 % (2 * people)
		to = (from + 1 + (m * 13 + int(m / 40)) % (2 * people - 1)) % (2 * people)
		received[to]++
		printf "  - {at: %.3fs, who: %s, do: send, to: %s, subject: Message %d, ", \
		       1 + m * day_s / messages, person(from), account(to), m
		print "text: \"Nothing new since message " m - 1 ". More of it in message " m + 1 ".\"}"
	}
	for (t = 600; t <= day_s + 600; t += 600)
		for (i = 0; i < 2 * people; i++)
			printf "  - {at: %.3fs, who: %s, do: check}\n", t + i * 10 + 0.5, person(i)
	print "expect:"
	print "  - {dropped: 0}"
	for (i = 0; i < 2 * people; i++)
		if (i % 2 == 0)
			print "  - {mailbox: " account(i) ", messages: " received[i] + 0 "}"
		else
			print "  - {mailbox: " account(i) ", messages: 0}"
}'
