/*
 * mailwire compare: its figures are those of the trace and of tshark, its answers turn round when the
 * scenario is altered, and its output is the same each time.
 */
#include <check.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include "tests/app/program.h"
#include "tests/views/tshark.h"

static char *folder;

static void set_up(void)
{
	folder = folder_new();
}

static void tear_down(void)
{
	folder_remove(folder);
}

/* A comparison as a program reads it. */
struct compared {
	JsonParser *parser;
	JsonArray *runs;
};

/* Of a command that printed JSON; `outcome` is taken. */
static struct compared *compared_of(struct outcome *outcome)
{
	struct compared *compared = g_new0(struct compared, 1);
	g_autoptr(GError) error = NULL;

	ck_assert_status(outcome, 0);
	compared->parser = json_parser_new();
	ck_assert_msg(json_parser_load_from_data(compared->parser, outcome->out, -1, &error), "%s",
		      error == NULL ? "" : error->message);
	compared->runs = json_object_get_array_member(
	    json_node_get_object(json_parser_get_root(compared->parser)), "runs");
	outcome_free(outcome);
	return compared;
}

static struct compared *compare(const char *file, const char *receive)
{
	return compared_of(
	    receive != NULL
		? program_run("compare", file, "--receive", receive, "--format", "json", NULL)
		: program_run("compare", file, "--format", "json", NULL));
}

static void compared_free(struct compared *compared)
{
	g_object_unref(compared->parser);
	g_free(compared);
}

/* The element of a run's array whose `key`, and `subject` unless it is NULL, are these; or NULL. */
static JsonObject *find(const struct compared *compared, unsigned run, const char *array,
			const char *key, const char *subject)
{
	JsonObject *object = json_array_get_object_element(compared->runs, run);
	JsonArray *elements = json_object_get_array_member(object, array);

	for (guint i = 0; i < json_array_get_length(elements); i++) {
		JsonObject *element = json_array_get_object_element(elements, i);

		if (strcmp(json_object_get_string_member(element, "key"), key) == 0 &&
		    (subject == NULL ||
		     strcmp(json_object_get_string_member(element, "subject"), subject) == 0))
			return element;
	}
	return NULL;
}

static gint64 figure(const struct compared *compared, unsigned run, const char *key,
		     const char *subject)
{
	JsonObject *element = find(compared, run, "figures", key, subject);

	ck_assert_msg(element != NULL, "there is no %s of \"%s\"", key, subject);
	return json_object_get_int_member(element, "value");
}

static const char *answer(const struct compared *compared, unsigned run, const char *key,
			  const char *member)
{
	return json_object_get_string_member(find(compared, run, "answers", key, NULL), member);
}

/* What TLS costs. */

/* ms that alice waits for her mail in a run. */
static gint64 waits_ms(const struct compared *compared, unsigned run)
{
	return figure(compared, run, "first_reading", "") / 1000000;
}

/* The line of the scenario takes 40 ms there and back; a handshake computes in no time. */
START_TEST(each_way_to_tls_costs_its_round_trips)
{
	enum { CLEAR, IMPLICIT, STARTTLS, STARTTLS_1_2, IMPLICIT_1_2, RUNS };
	struct compared *compared = compared_of(program_run(
	    "compare", "scenarios/tls-cost.yaml", "--format", "json", "--variant",
	    "clients/alice/security=none", "--variant", "clients/alice/security=tls", "--variant",
	    "clients/alice/security=starttls", "--variant",
	    "clients/alice/security=starttls; servers/mail/tls/newest=TLSv1.2", "--variant",
	    "clients/alice/security=tls;servers/mail/tls/newest=TLSv1.2", NULL));

	ck_assert_uint_eq(json_array_get_length(compared->runs), RUNS);
	ck_assert_ptr_null(find(compared, CLEAR, "figures", "wire_bytes", "TLS"));
	for (unsigned run = CLEAR + 1; run < RUNS; run++) {
		ck_assert_int_gt(figure(compared, run, "wire_bytes", "TLS"), 2000);
		ck_assert_int_eq(figure(compared, run, "delivered", ""), 1);
		ck_assert_int_eq(figure(compared, run, "connections", ""), 2);
	}
	ck_assert_int_eq(figure(compared, IMPLICIT, "wire_bytes", "TLS"),
			 figure(compared, STARTTLS, "wire_bytes", "TLS"));
	ck_assert_int_gt(figure(compared, STARTTLS, "wire_bytes", "all"),
			 figure(compared, IMPLICIT, "wire_bytes", "all"));

	/* One handshake; with STARTTLS that word and CAPABILITY too; TLS 1.2 once more, but not
	   where the server speaks first. */
	ck_assert_int_eq((waits_ms(compared, IMPLICIT) - waits_ms(compared, CLEAR)) / 40, 1);
	ck_assert_int_eq((waits_ms(compared, STARTTLS) - waits_ms(compared, CLEAR)) / 40, 3);
	ck_assert_int_eq((waits_ms(compared, STARTTLS_1_2) - waits_ms(compared, STARTTLS)) / 40, 1);
	ck_assert_int_lt(waits_ms(compared, IMPLICIT_1_2) - waits_ms(compared, IMPLICIT), 10);
	ck_assert_int_eq(figure(compared, STARTTLS_1_2, "round_trips", ""),
			 figure(compared, STARTTLS, "round_trips", "") + 2);
	ck_assert_int_gt(figure(compared, IMPLICIT, "round_trips", ""),
			 figure(compared, CLEAR, "round_trips", ""));
	compared_free(compared);
}
END_TEST

static unsigned count_of(const char *text, const char *word)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		count++;
	return count;
}

START_TEST(only_opportunistic_tls_goes_on_in_clear)
{
	static const char *const policies[] = { "may", "encrypt", "verify" };

	for (unsigned i = 0; i < G_N_ELEMENTS(policies); i++) {
		g_autofree char *setting =
		    g_strconcat("servers/provider/delivery-tls=", policies[i], NULL);
		struct outcome *outcome =
		    program_run("run", "scenarios/opportunistic.yaml", "--host", "provider",
				"--set", setting, "--until", "2min", NULL);

		ck_assert_status(outcome, i == 0 ? 0 : 1);
		ck_assert_uint_eq(count_of(outcome->out, "goes on without TLS to"), i == 0);
		outcome_free(outcome);
	}
}
END_TEST

/* tshark counts the same. */

/* Reads the numbers of the last row of tshark's table, "| 0.000 <> 2.002 | 76 | 7515 |". */
static void last_row(const char *table, guint64 *numbers, unsigned count)
{
	const char *row = strstr(table, "<>"), *at;

	ck_assert_msg(row != NULL, "no row in: %s", table);
	at = strchr(row, '|');
	for (unsigned i = 0; i < count; i++) {
		char *end;

		numbers[i] = g_ascii_strtoull(at + 1 + strspn(at + 1, " "), &end, 10);
		at = strchr(end, '|');
		ck_assert_ptr_nonnull(at);
	}
}

/* In each the default capture holds every packet once, by its first sender. */
static const char *const counted[] = { "scenarios/hello.yaml", "scenarios/two-devices.yaml",
				       "scenarios/road.yaml" };

START_TEST(figures_are_those_of_tshark)
{
	static const char *const all[] = { "-q", "-z", "io,stat,0", "-r", NULL };
	static const char *const layers[] = {
		"-q",
		"-o",
		"tcp.desegment_tcp_streams:FALSE",
		"-z",
		"io,stat,0,SUM(tcp.hdr_len)tcp.hdr_len,"
		"SUM(tcp.len)tcp.len && (tcp.port==587 || tcp.port==25),"
		"SUM(tcp.len)tcp.len && tcp.port==143,"
		"SUM(udp.length)udp.length && !icmp,"
		"SUM(ip.hdr_len)ip.hdr_len && !icmp.type==3",
		"-r",
		NULL
	};
	static const char *const conversations[] = { "-q", "-z", "conv,tcp", "-r", NULL };
	g_autofree char *path = path_in(folder, "x.pcapng");
	guint64 frames[2], sums[5];
	unsigned connections = 0;

	if (!tshark_has_program("tshark"))
		return;
	outcome_free(program_run("run", counted[_i], "--quiet", "--pcap", path, NULL));
	struct compared *compared = compare(counted[_i], NULL);
	g_autofree char *stat = tshark_run("tshark", all, path);
	g_autofree char *by_layer = tshark_run("tshark", layers, path);
	g_autofree char *spoken = tshark_run("tshark", conversations, path);

	last_row(stat, frames, 2);
	last_row(by_layer, sums, 5);
	for (const char *at = spoken; (at = strstr(at, "<->")) != NULL; at += 3)
		connections++;
	ck_assert_uint_eq(figure(compared, 0, "packets", ""), frames[0]);
	ck_assert_uint_eq(figure(compared, 0, "wire_bytes", "all"), frames[1]);
	ck_assert_uint_eq(figure(compared, 0, "wire_bytes", "TCP"), sums[0]);
	ck_assert_uint_eq(figure(compared, 0, "wire_bytes", "SMTP"), sums[1]);
	if (find(compared, 0, "figures", "wire_bytes", "IMAP") != NULL)
		ck_assert_uint_eq(figure(compared, 0, "wire_bytes", "IMAP"), sums[2]);
	ck_assert_uint_eq(figure(compared, 0, "wire_bytes", "UDP") +
			      figure(compared, 0, "wire_bytes", "DNS"),
			  sums[3]);
	if (_i < 2) { /* ICMP errors quote a header, which tshark counts too; translated twice */
		ck_assert_uint_eq(figure(compared, 0, "wire_bytes", "IPv4"), sums[4]);
		ck_assert_uint_eq(figure(compared, 0, "connections", ""), connections);
	}
	compared_free(compared);
}
END_TEST

/* The trace's own books: what sessions wrote is what TCP carried, and layers add up. */
START_TEST(figures_are_those_of_the_log)
{
	struct outcome *trace =
	    program_run("run", "scenarios/hello.yaml", "--format", "json", NULL);
	struct compared *compared = compare("scenarios/hello.yaml", NULL);
	g_auto(GStrv) lines = g_strsplit(trace->out, "\n", -1);
	gint64 written = 0, transmitted = 0, frames = 0, layers = 0;

	for (char **line = lines; **line != '\0'; line++) {
		g_autoptr(JsonNode) node = json_from_string(*line, NULL);
		JsonObject *record = json_node_get_object(node);
		const char *kind = json_object_get_string_member(record, "kind");
		const char *layer = json_object_get_string_member_with_default(record, "layer", "");

		if (strcmp(kind, "unit") == 0 && strcmp(layer, "smtp") == 0 &&
		    !json_object_has_member(record, "inbound"))
			written += json_object_get_int_member(record, "after");
		if (strcmp(kind, "transmit") != 0 || !json_object_has_member(record, "first"))
			continue;
		frames++;
		transmitted += json_object_get_int_member(record, "total_bytes");
	}
	ck_assert_int_eq(figure(compared, 0, "wire_bytes", "SMTP"), written);
	ck_assert_int_eq(figure(compared, 0, "packets", ""), frames);
	ck_assert_int_eq(figure(compared, 0, "wire_bytes", "all"), transmitted + 4 * frames);
	for (const char *const *layer =
		 (const char *const[]) { "Ethernet", "ARP", "IPv4", "UDP", "TCP", "DNS", "SMTP",
					 "POP3", NULL };
	     *layer != NULL; layer++)
		layers += figure(compared, 0, "wire_bytes", *layer);
	ck_assert_int_eq(layers, transmitted + 4 * frames);
	ck_assert_int_eq(figure(compared, 0, "connections", ""), 2);
	ck_assert_int_eq(figure(compared, 0, "delivered", ""), 1);
	compared_free(compared);
	outcome_free(trace);
}
END_TEST

/* What is written in a scenario's place; the caller frees the path. */
static char *altered(const char *from, const char *to)
{
	GBytes *bytes = file_read("scenarios/two-devices.yaml");
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_auto(GStrv) parts = g_strsplit(strstr(text, "mailwire: 1"), from, -1);
	g_autofree char *joined = g_strjoinv(to, parts);
	char *end = strstr(joined, "\nexpect:");

	ck_assert_msg(parts[1] != NULL, "there is no \"%s\" in the scenario", from);
	end[1] = '\0';
	g_bytes_unref(bytes);
	return scenario_write(folder, joined);
}

START_TEST(with_pop3_mail_is_on_devices_with_imap_on_the_server)
{
	struct compared *compared = compare("scenarios/two-devices.yaml", "pop3,imap");

	ck_assert_int_eq(figure(compared, 0, "on_server", ""), 0);
	ck_assert_int_eq(figure(compared, 1, "on_server", ""), 4);
	ck_assert_int_eq(figure(compared, 0, "offline", "laptop"), 3);
	ck_assert_int_eq(figure(compared, 0, "offline", "phone"), 1);
	ck_assert_int_eq(figure(compared, 1, "offline", "laptop"), 4);
	ck_assert_int_eq(figure(compared, 1, "offline", "phone"), 2);
	ck_assert_str_eq(answer(compared, 0, "offline_access", "answer"), "all of it");
	ck_assert_str_eq(answer(compared, 1, "offline_access", "answer"), "a part of it");
	ck_assert_int_eq(figure(compared, 0, "reachable", ""), 0);
	ck_assert_int_eq(figure(compared, 1, "reachable", ""), 4);
	ck_assert_int_eq(figure(compared, 0, "lost_with", "laptop"), 3);
	ck_assert_int_eq(figure(compared, 1, "lost_with", "laptop"), 0);
	ck_assert_int_eq(figure(compared, 1, "read_everywhere", ""), 2);
	ck_assert_int_eq(figure(compared, 0, "in_vain", ""), 2);
	ck_assert_int_eq(figure(compared, 0, "second_reading", ""), 0);
	ck_assert_int_gt(figure(compared, 1, "first_reading", ""),
			 40000000); /* two ways of 20 ms */
	ck_assert_str_eq(answer(compared, 0, "email_location", "answer"), "on devices");
	ck_assert_str_eq(answer(compared, 0, "synchronisation", "answer"), "no");
	ck_assert_str_eq(answer(compared, 1, "synchronisation", "answer"), "yes");
	ck_assert_str_eq(answer(compared, 0, "backup", "answer"), "up to the user");
	ck_assert_str_eq(answer(compared, 1, "backup", "answer"), "on the server");
	ck_assert_ptr_nonnull(strstr(answer(compared, 1, "best_for", "answer"), "several devices"));
	ck_assert_ptr_nonnull(strstr(answer(compared, 0, "best_for", "answer"), "small server"));
	ck_assert_ptr_nonnull(
	    strstr(answer(compared, 0, "best_for", "answer"), "reading without a network"));
	compared_free(compared);
}
END_TEST

START_TEST(pop3_that_leaves_mail_there_keeps_it_on_the_server)
{
	g_autofree char *path =
	    altered("dana: {host: laptop}\n  dana-phone: {host: phone, account: dana}",
		    "dana: {host: laptop, incoming: {protocol: pop3, leave-on-server: yes}}\n"
		    "  dana-phone: {host: phone, account: dana, "
		    "incoming: {protocol: pop3, leave-on-server: yes}}");
	struct compared *compared = compare(path, NULL);

	ck_assert_int_eq(figure(compared, 0, "on_server", ""), 4);
	ck_assert_int_eq(figure(compared, 0, "reachable", ""), 4);
	ck_assert_int_eq(figure(compared, 0, "lost_with", "laptop"), 0);
	ck_assert_int_eq(figure(compared, 0, "offline", "laptop"), 4);
	ck_assert_str_eq(answer(compared, 0, "email_location", "answer"),
			 "on the server and on devices");
	ck_assert_str_eq(answer(compared, 0, "synchronisation", "answer"), "no");
	ck_assert_str_eq(answer(compared, 0, "backup", "answer"), "on the server");
	compared_free(compared);
}
END_TEST

/*
 * What is deleted on one IMAP device is on the server no more; the laptop, cut off by then, has its
 * copy still.
 */
START_TEST(imap_keeps_what_nobody_deletes)
{
	g_autofree char *path =
	    altered("  # The laptop is gone.", "  - {at: 140s, who: dana-phone, do: delete, "
					       "message: Agenda}\n  # The laptop is gone.");
	struct compared *compared = compare(path, "imap");

	ck_assert_int_eq(figure(compared, 0, "on_server", ""), 3);
	ck_assert_int_eq(figure(compared, 0, "nowhere", ""), 0);
	ck_assert_int_eq(figure(compared, 0, "reachable", ""), 3);
	compared_free(compared);
}
END_TEST

/* The mailbox takes two mails; who fetches them makes room for the next. */
START_TEST(under_a_quota_the_mailbox_that_is_emptied_takes_more)
{
	g_autofree char *path = altered("dana: }", "dana: {quota: 1300B}}");
	struct compared *compared = compare(path, "pop3,imap");

	ck_assert_int_eq(figure(compared, 0, "delivered", ""), 4);
	ck_assert_int_eq(figure(compared, 0, "undelivered", ""), 0);
	ck_assert_int_eq(figure(compared, 1, "delivered", ""), 2);
	ck_assert_int_eq(figure(compared, 1, "undelivered", ""), 2);
	ck_assert_int_eq(figure(compared, 1, "notices", ""), 2); /* to the sender, days later */
	ck_assert_ptr_nonnull(strstr(answer(compared, 1, "server_storage", "evidence"),
				     "2 not delivered (mailbox is full)"));
	ck_assert_ptr_nonnull(
	    strstr(answer(compared, 0, "best_for", "answer"), "taking all mail in"));
	compared_free(compared);
}
END_TEST

/* Who talks to an empty room: one device per account says nothing about several. */
START_TEST(what_a_scenario_has_not_is_said_so)
{
	struct compared *compared = compare("scenarios/hello.yaml", NULL);

	ck_assert(json_node_is_null(
	    json_object_get_member(find(compared, 0, "figures", "line_cost", ""), "value")));
	ck_assert(json_node_is_null(json_object_get_member(
	    find(compared, 0, "answers", "multi_device_access", NULL), "answer")));
	compared_free(compared);
}
END_TEST

/* Names and order of all that JSON and CSV hold; docs/COMPARE.md describes them. */
static const char structure[] =
    "wire_bytes all bytes\nwire_bytes Ethernet bytes\nwire_bytes ARP bytes\n"
    "wire_bytes IPv4 bytes\nwire_bytes UDP bytes\nwire_bytes TCP bytes\n"
    "wire_bytes DNS bytes\nwire_bytes SMTP bytes\nwire_bytes POP3 bytes\n"
    "packets  count\nconnections  count\nround_trips  count\n"
    "online alice-pc ns\nonline bob-pc ns\nline_time  ns\nline_cost  millionths\n"
    "first_reading  ns\nsecond_reading  ns\nin_vain  count\n"
    "delivered  count\nundelivered  count\nnotices  count\n"
    "server_bytes mail bytes\nserver_bytes_most mail bytes\n"
    "device_bytes alice-pc bytes\ndevice_bytes bob-pc bytes\n"
    "on_server  share\noffline bob-pc share\nreachable  share\nread_everywhere  share\n"
    "lost_with bob-pc share\nnowhere  share\n"
    "email_location\nmulti_device_access\nstorage\noffline_access\nsynchronisation\n"
    "server_storage\nbackup\nbest_for\n";

START_TEST(json_has_the_structure_that_is_documented)
{
	struct compared *compared = compare("scenarios/hello.yaml", NULL);
	JsonObject *run = json_array_get_object_element(compared->runs, 0);
	JsonArray *figures = json_object_get_array_member(run, "figures");
	JsonArray *answers = json_object_get_array_member(run, "answers");
	g_autoptr(GString) found = g_string_new(NULL);

	ck_assert_str_eq(json_object_get_string_member(run, "title"), "hello");
	for (guint i = 0; i < json_array_get_length(figures); i++) {
		JsonObject *element = json_array_get_object_element(figures, i);
		const char *unit = json_object_get_string_member(element, "unit");

		g_string_append_printf(found, "%s %s %s\n",
				       json_object_get_string_member(element, "key"),
				       json_object_get_string_member(element, "subject"), unit);
		ck_assert(json_object_has_member(element, "of") == (strcmp(unit, "share") == 0));
	}
	for (guint i = 0; i < json_array_get_length(answers); i++) {
		JsonObject *element = json_array_get_object_element(answers, i);

		g_string_append_printf(found, "%s\n",
				       json_object_get_string_member(element, "key"));
		ck_assert(json_object_has_member(element, "answer"));
		ck_assert(json_object_has_member(element, "evidence"));
	}
	ck_assert_str_eq(found->str, structure);
	compared_free(compared);
}
END_TEST

START_TEST(csv_has_the_same_rows_of_eight_fields)
{
	struct outcome *outcome =
	    program_run("compare", "scenarios/hello.yaml", "--format", "csv", NULL);
	g_auto(GStrv) lines = g_strsplit(outcome->out, "\r\n", -1);
	g_auto(GStrv) rows = g_strsplit(structure, "\n", -1);

	ck_assert_status(outcome, 0);
	ck_assert_str_eq(lines[0], "run,key,subject,unit,value,of,answer,evidence");
	ck_assert_uint_eq(g_strv_length(lines), g_strv_length(rows) + 1);
	for (unsigned i = 1; *lines[i] != '\0'; i++) {
		g_auto(GStrv) words = g_strsplit(rows[i - 1], " ", -1);
		unsigned fields = 1;
		bool is_quoted = false;

		for (const char *c = lines[i]; *c != '\0'; c++) {
			is_quoted ^= *c == '"';
			fields += *c == ',' && !is_quoted;
		}
		ck_assert_msg(fields == 8 && !is_quoted, "%u fields: %s", fields, lines[i]);
		ck_assert(g_str_has_prefix(lines[i], "hello,"));
		ck_assert(g_str_has_prefix(lines[i] + strlen("hello,"), words[0]));
	}
	outcome_free(outcome);
}
END_TEST

/* A run is not touched by the one before it in the process, nor by the machine. */
START_TEST(runs_are_the_same_alone_and_after_another)
{
	static const char *const elsewhere[] = { "TZ=Asia/Kathmandu", "LC_ALL=tr_TR.UTF-8",
						 "MALLOC_PERTURB_=165", NULL };
	static const char *const arguments[] = { "compare", "scenarios/two-devices.yaml",
						 "--receive", "pop3,imap", NULL };
	struct outcome *here = program_run_in(NULL, arguments);
	struct outcome *there =
	    program_run_in(&(struct surroundings) { .environment = elsewhere }, arguments);
	struct compared *both = compare("scenarios/two-devices.yaml", "pop3,imap");
	struct compared *alone = compare("scenarios/two-devices.yaml", "imap");
	JsonNode *second =
	    json_object_get_member(json_array_get_object_element(both->runs, 1), "figures");
	JsonNode *only =
	    json_object_get_member(json_array_get_object_element(alone->runs, 0), "figures");

	ck_assert_str_eq(here->out, there->out);
	ck_assert(json_node_equal(second, only));
	outcome_free(here);
	outcome_free(there);
	compared_free(both);
	compared_free(alone);
}
END_TEST

/* --receive, also of other commands. */

START_TEST(all_clients_receive_by_the_protocol_asked_for)
{
	struct outcome *pop3 = program_run("show", "hello", "--receive", "pop3", NULL);
	struct outcome *imap = program_run("show", "hello", "--receive", "imap", NULL);
	struct outcome *run = program_run("run", "hello", "--receive", "imap", "--dialog", NULL);

	ck_assert_status(pop3, 0);
	ck_assert_ptr_null(strstr(pop3->out, "protocol: imap"));
	ck_assert_ptr_nonnull(strstr(pop3->out, "protocol: pop3, server: pop.hello.example, "
						"port: 110"));
	ck_assert_ptr_null(strstr(imap->out, "protocol: pop3"));
	ck_assert_ptr_nonnull(strstr(imap->out, "protocol: imap, server: imap.hello.example, "
						"port: 143"));
	ck_assert_ptr_nonnull(strstr(run->out, "SELECT"));
	outcome_free(pop3);
	outcome_free(imap);
	outcome_free(run);
}
END_TEST

static const struct {
	const char *from, *to, *receive, *said;
} unfit[] = {
	{"dana: {host: laptop}",  "dana: {host: laptop, incoming: {protocol: imap, port: 143}}",
         "pop3",											      "leave `port` out"},
	{ "dana: {host: laptop}",
         "dana: {host: laptop, incoming: {protocol: pop3, leave-on-server: yes}}",                    "imap",
         "a scenario of its own"												},
	{ "timeline:",            "servers: {mail: {services: [smtp, submission, imap]}}\ntimeline:", "pop3",
         "add `pop3`"													   },
};

START_TEST(what_does_not_go_with_the_other_protocol_is_an_error)
{
	g_autofree char *path = altered(unfit[_i].from, unfit[_i].to);
	struct outcome *outcome =
	    program_run("compare", path, "--receive", unfit[_i].receive, NULL);

	ck_assert_status(outcome, 2);
	ck_assert_str_eq(outcome->out, "");
	ck_assert_msg(strstr(outcome->err, unfit[_i].said) != NULL, "%s", outcome->err);
	outcome_free(outcome);
}
END_TEST

static const struct {
	const char *arguments[6];
	const char *said;
} wrong[] = {
	{{ "compare", NULL },				     "FILE..."               },
	{ { "compare", "nosuch", NULL },                          "mailwire list"         },
	{ { "compare", "hello", "nosuch", NULL },                 "mailwire list"         },
	{ { "compare", "hello", "--receive", "pop4", NULL },      "did you mean \"pop3\"?"},
	{ { "compare", "hello", "--receive", "telepathy", NULL }, "pop3 or imap"          },
	{ { "compare", "hello", "--receive", "", NULL },          "such as pop3,imap"     },
	{ { "compare", "hello", "--receive", "imap,imap", NULL }, "named twice"           },
	{ { "compare", "hello", "--format", "jsn", NULL },        "did you mean json?"    },
	{ { "run", "hello", "--receive", "pop3,imap", NULL },     "--receive"             },
	{ { "show", "hello", "--receive", "smtp", NULL },         "--receive"             },
};

START_TEST(wrong_usage_ends_with_2_and_a_hint)
{
	struct outcome *outcome = program_run_in(NULL, wrong[_i].arguments);

	ck_assert_status(outcome, 2);
	ck_assert_str_eq(outcome->out, "");
	ck_assert_msg(strstr(outcome->err, wrong[_i].said) != NULL, "%s", outcome->err);
	outcome_free(outcome);
}
END_TEST

START_TEST(as_much_on_both_sides_is_mostly_on_none)
{
	struct compared *compared = compared_of(
	    program_run("compare", "office", "--receive", "pop3,imap", "--format", "json", NULL));

	ck_assert_str_eq(answer(compared, 0, "storage", "answer"), "the devices'");
	ck_assert_str_eq(answer(compared, 1, "storage", "answer"),
			 "the server's and the devices' alike");
	compared_free(compared);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare");
	TCase *tests = tcase_create("compare");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, figures_are_those_of_tshark, 0, G_N_ELEMENTS(counted));
	tcase_add_test(tests, figures_are_those_of_the_log);
	tcase_add_test(tests, each_way_to_tls_costs_its_round_trips);
	tcase_add_test(tests, only_opportunistic_tls_goes_on_in_clear);
	tcase_add_test(tests, with_pop3_mail_is_on_devices_with_imap_on_the_server);
	tcase_add_test(tests, pop3_that_leaves_mail_there_keeps_it_on_the_server);
	tcase_add_test(tests, imap_keeps_what_nobody_deletes);
	tcase_add_test(tests, under_a_quota_the_mailbox_that_is_emptied_takes_more);
	tcase_add_test(tests, what_a_scenario_has_not_is_said_so);
	tcase_add_test(tests, json_has_the_structure_that_is_documented);
	tcase_add_test(tests, csv_has_the_same_rows_of_eight_fields);
	tcase_add_test(tests, as_much_on_both_sides_is_mostly_on_none);
	tcase_add_test(tests, runs_are_the_same_alone_and_after_another);
	tcase_add_test(tests, all_clients_receive_by_the_protocol_asked_for);
	tcase_add_loop_test(tests, what_does_not_go_with_the_other_protocol_is_an_error, 0,
			    G_N_ELEMENTS(unfit));
	tcase_add_loop_test(tests, wrong_usage_ends_with_2_and_a_hint, 0, G_N_ELEMENTS(wrong));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
