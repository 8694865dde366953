/* The server against a real client: dig asks it over UDP and TCP sockets of this machine. */
#include <arpa/inet.h>
#include <check.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocols/dns/server.h"

struct daemon {
	struct dns_server *server;
	int udp, tcp;
	int connection; /* of the client that is served over TCP */
	struct sockaddr_in client;
};

static void reply(void *owner, const struct dns_client *client, struct bytes message)
{
	const struct daemon *daemon = owner;
	uint8_t prefix[2];

	if (client->connection == 0) {
		sendto(daemon->udp, message.data, message.length, 0,
		       (const struct sockaddr *)&daemon->client, sizeof daemon->client);
		return;
	}
	put_be16(prefix, (uint16_t)message.length);
	ck_assert_int_eq(write(daemon->connection, prefix, 2), 2);
	ck_assert_int_eq(write(daemon->connection, message.data, message.length),
			 (ssize_t)message.length);
}

static void serve_datagram(struct daemon *daemon)
{
	uint8_t in[DNS_TCP_BYTES];
	socklen_t length = sizeof daemon->client;
	ssize_t size =
	    recvfrom(daemon->udp, in, sizeof in, 0, (struct sockaddr *)&daemon->client, &length);

	dns_server_receive(daemon->server, 0, &(struct dns_client) { .connection = 0 },
			   (struct bytes) { in, (size_t)size });
}

static void serve_connection(struct daemon *daemon)
{
	uint8_t in[DNS_TCP_BYTES];
	size_t size = 0;

	daemon->connection = accept(daemon->tcp, NULL, NULL);
	for (;;) {
		ssize_t more = read(daemon->connection, in + size, sizeof in - size);

		if (more <= 0)
			break;
		size += (size_t)more;
		if (size < 2 || size < 2 + (size_t)get_be16(in))
			continue;
		dns_server_receive(daemon->server, 0, &(struct dns_client) { .connection = 1 },
				   (struct bytes) { in + 2, get_be16(in) });
		size = 0;
	}
	close(daemon->connection);
}

static _Noreturn void serve(struct daemon *daemon)
{
	for (;;) {
		struct pollfd ready[] = {
			{.fd = daemon->udp,  .events = POLLIN},
			{ .fd = daemon->tcp, .events = POLLIN},
		};

		poll(ready, 2, -1);
		if (ready[0].revents & POLLIN)
			serve_datagram(daemon);
		if (ready[1].revents & POLLIN)
			serve_connection(daemon);
	}
}

static struct dns_authority *make_authority(void)
{
	struct dns_authority *authority = dns_authority_new();
	struct dns_zone *zone = dns_zone_new("office.example");

	dns_zone_add(zone, "office.example", DNS_SOA, 60, "dns.office.example host 1 2 3 4 5");
	dns_zone_add(zone, "office.example", DNS_MX, 3600, "10 mail.office.example");
	dns_zone_add(zone, "mail.office.example", DNS_A, 3600, "192.0.2.10");
	dns_zone_add(zone, "imap.office.example", DNS_CNAME, 3600, "mail.office.example");
	dns_zone_add(zone, "office.example", DNS_TXT, 3600, "\"v=spf1 mx -all\"");
	for (int i = 0; i < 100; i++) {
		char *address = g_strdup_printf("198.51.100.%d", i);

		dns_zone_add(zone, "crowd.office.example", DNS_A, 60, address);
		g_free(address);
	}
	dns_authority_add(authority, zone);
	return authority;
}

/* Binds UDP and TCP to one free port of 127.0.0.1, and returns it. */
static uint16_t open_sockets(struct daemon *daemon)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	daemon->udp = socket(AF_INET, SOCK_DGRAM, 0);
	daemon->tcp = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(daemon->udp, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(getsockname(daemon->udp, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(bind(daemon->tcp, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(daemon->tcp, 4), 0);
	return ntohs(address.sin_port);
}

static const struct {
	const char *arguments;
	const char *expected; /* a regular expression */
} questions[] = {
	{"+noall +answer +additional office.example MX",
         "^office.example.\\s+3600\\s+IN\\s+MX\\s+10 mail.office.example.\n"
	  "mail.office.example.\\s+3600\\s+IN\\s+A\\s+192.0.2.10\n$"                              },
	{ "+noall +answer imap.office.example A",
         "^imap.office.example.\\s+3600\\s+IN\\s+CNAME\\s+mail.office.example.\n"
	  "mail.office.example.\\s+3600\\s+IN\\s+A\\s+192.0.2.10\n$"                              },
	{ "+short office.example TXT",                   "^\"v=spf1 mx -all\"\n$"                 },
	{ "+comments nosuch.office.example A",
         "status: NXDOMAIN.*flags: qr aa rd;.*EDNS: version: 0"                                   },
	{ "+comments +noedns mail.office.example AAAA",
         "status: NOERROR.*ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 0"                                },
	{ "+comments www.remote.example A",              "status: REFUSED"                        },
	{ "+short +tcp mail.office.example A",           "^192.0.2.10\n$"                         },
 /* Too long for UDP: dig goes on over TCP by itself. */
	{ "+comments crowd.office.example A",            "Truncated, retrying in TCP.*ANSWER: 100"},
};

START_TEST(dig_understands_the_answer)
{
	struct daemon daemon = { .server = NULL };
	char *program = g_find_program_in_path("dig");
	char *output = NULL;

	if (program == NULL) {
		printf("skipped: dig_understands_the_answer: dig is not installed\n");
		return;
	}
	g_free(program);
	uint16_t port = open_sockets(&daemon);
	struct dns_authority *authority = make_authority();
	daemon.server = dns_server_new(&(struct dns_server_config) {
	    .authority = authority,
	    .reply = reply,
	    .owner = &daemon,
	});
	pid_t child = fork();
	if (child == 0)
		serve(&daemon);
	char *command = g_strdup_printf("dig @127.0.0.1 -p %u +time=5 +tries=1 %s", port,
					questions[_i].arguments);
	ck_assert(g_spawn_command_line_sync(command, &output, NULL, NULL, NULL));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_msg(g_regex_match_simple(questions[_i].expected, output, G_REGEX_DOTALL, 0), "%s",
		      output);
	ck_assert_msg(strstr(output, "malformed") == NULL, "%s", output);
	g_free(command);
	g_free(output);
	close(daemon.udp);
	close(daemon.tcp);
	dns_server_free(daemon.server);
	dns_authority_free(authority);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns dig");
	TCase *tcase = tcase_create("dig");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, dig_understands_the_answer, 0, G_N_ELEMENTS(questions));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
