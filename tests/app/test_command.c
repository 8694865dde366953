/* The commands as a user meets them: statuses, what goes where, files that are whole or not there. */
#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "protocols/layer.h"
#include "tests/app/program.h"
#include "tests/app/typist.h"
#include "tests/app/scenario_test.h"
#include "tests/app/watched.h"
#include "tests/views/tshark.h"
#include "views/capture_reader.h"
#include "views/columns.h"

/* A folder for each test, for what the commands write. */
static char *folder;

static void set_up(void)
{
	folder = folder_new();
}

static void tear_down(void)
{
	folder_remove(folder);
}

static struct outcome *run_line(const char *line)
{
	g_auto(GStrv) words = NULL;
	g_autofree char *filled = NULL;
	g_auto(GStrv) parts = g_strsplit(line, "FOLDER", -1);

	filled = g_strjoinv(folder, parts);
	ck_assert(g_shell_parse_argv(filled, NULL, &words, NULL));
	return program_run_in(NULL, (const char *const *)words);
}

static const char *const commands[] = { "run",  "check", "show", "topology", "state",  "mailbox",
					"step", "list",  "new",  "explain",  "compare" };

START_TEST(every_command_has_help_with_an_example)
{
	struct outcome *outcome = program_run(commands[_i], "--help", NULL);
	struct outcome *overview = program_run("--help", NULL);
	char *usage = g_strdup_printf("mailwire %s", commands[_i]);
	const char *example = strstr(outcome->out, "Example:");

	ck_assert_status(outcome, 0);
	ck_assert_str_eq(outcome->err, "");
	ck_assert_ptr_nonnull(example);
	ck_assert_msg(strstr(example, usage) != NULL, "%s", outcome->out);
	ck_assert_ptr_nonnull(strstr(overview->out, commands[_i]));
	struct outcome *asked = program_run("help", commands[_i], NULL);

	ck_assert_status(asked, 0);
	ck_assert_str_eq(asked->out, outcome->out);
	outcome_free(asked);
	outcome_free(overview);
	outcome_free(outcome);
	g_free(usage);
}
END_TEST

/* Each option of `help`, from --help: `missing` gets those that are not in `text`, which writes dashes as `dash`. */
static void find_missing(const char *help, const char *text, const char *dash, GString *missing)
{
	g_autoptr(GRegex) option =
	    g_regex_new("^ +(?:-., )?--([a-z-]+)", G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	for (g_regex_match(option, help, 0, &match); g_match_info_matches(match);
	     g_match_info_next(match, NULL)) {
		g_autofree char *name = g_match_info_fetch(match, 1);
		g_auto(GStrv) parts = g_strsplit(name, "-", -1);
		g_autofree char *spelt = g_strjoinv(dash, parts);
		g_autofree char *whole = g_strconcat(dash, dash, spelt, NULL);

		if (strcmp(name, "help") != 0 && strstr(text, whole) == NULL)
			g_string_append_printf(missing, " --%s", name);
	}
}

START_TEST(manual_and_completion_know_every_command_and_option)
{
	struct outcome *overview = program_run("--help", NULL);
	g_autoptr(GRegex) line = g_regex_new("^  ([a-z]+) ", G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	g_autoptr(GString) missing = g_string_new(NULL);
	g_autofree char *manual = NULL, *completion = NULL;
	unsigned count = 0;

	ck_assert(g_file_get_contents("docs/mailwire.1", &manual, NULL, NULL));
	ck_assert(g_file_get_contents("app/mailwire.bash", &completion, NULL, NULL));
	for (g_regex_match(line, overview->out, 0, &match); g_match_info_matches(match);
	     g_match_info_next(match, NULL), count++) {
		g_autofree char *name = g_match_info_fetch(match, 1);
		g_autofree char *start = g_strdup_printf("\t%s) options=", name);
		g_autofree char *paragraph = g_strdup_printf("\n.B %s\n", name);
		const char *options = strstr(completion, start);
		g_autofree char *words =
		    options == NULL ? g_strdup("") : g_strndup(options, strcspn(options, "\n"));
		struct outcome *outcome = program_run(name, "--help", NULL);

		g_string_append_printf(missing, "\n%s:", name);
		if (strstr(manual, paragraph) == NULL)
			g_string_append(missing, " (no paragraph in the manual)");
		find_missing(outcome->out, words, "-", missing);
		find_missing(outcome->out, manual, "\\-", missing);
		outcome_free(outcome);
	}
	ck_assert_uint_ge(count, 15);
	ck_assert_msg(strstr(missing->str, ": ") == NULL, "missing:%s", missing->str);
	outcome_free(overview);
}
END_TEST

/* Wrong usage: nothing on standard output, and what is said helps on. */
static const struct {
	const char *line, *said;
} wrong[] = {
	{"rnu",								"did you mean \"run\""          },
	{ "run",							       "FILE"			  },
	{ "run hello surplus",						 "too many"                      },
	{ "run nosuch",							"mailwire list"                 },
	{ "run helo",							  "hello"                         },
	{ "run hello --nonsense",					      "--nonsense"                    },
	{ "run hello --layer smpt",					    "smtp"                          },
	{ "run hello --host nobody",					   "mailwire topology"             },
	{ "run hello --format xml",					    "json"                          },
	{ "run hello --message -1",					    "from 1"                        },
	{ "run hello --quiet --report --message 9",                            "mail number 9"                 },
	{ "run hello --until 5",					       "1.5s"                          },
	{ "run hello --seed x",						"--seed"                        },
	{ "run hello --filter arp",					    "--pcap"                        },
	{ "run hello --pcap FOLDER/x.pcapng --filter prt",                     "--filter: \"prt\" is no filter"},
	{ "run hello --capture all",					   "--pcap"                        },
	{ "run hello --pcap FOLDER/x.pcapng --capture bob-pc:eth9",            "bob-pc:eth9"                   },
	{ "run hello --pcap FOLDER/x.pcapng --log FOLDER/x.log --host nobody", "nobody"                        },
	{ "run hello --pcap - --report",                                       "standard output"               },
	{ "run hello --pcap - --dialog",                                       "standard output"               },
	{ "run hello --pcap - --log -",					"standard output"               },
	{ "run hello --format json --report",                                  "--log"                         },
	{ "run sniffer --eavesdrop lan --layer smtp",                          "--layer selects from the log"  },
	{ "run hello --format json --dialog --log /dev/null",                  "--dialog is text"              },
	{ "show hello --issue mx.real.example",                                "no server of this scenario"    },
	{ "show tls --issue mx..example",                                      "no name of a server"           },
	{ "show tls --issue -x.example",                                       "must not stand first or last"  },
	{ "show tls --issue mx.x-.example",                                    "must not stand first or last"  },
	{ "show tls --issue *.example",					"names do not have"             },
	{ "show tls --issue mx.example.",                                      "a part of it is empty"         },
	{ "run hello --quiet --dialog",					"--dialog"                      },
	{ "run hello --quiet --dialog --report",                               "--dialog"                      },
	{ "run hello --quiet --format json",                                   "--format json"                 },
	{ "run hello --quiet --layer tcp",                                     "--layer selects from the log"  },
	{ "run hello --quiet --host alice-pc --pcap /dev/null",                "--host selects from the log"   },
	{ "run hello --quiet --message 1",                                     "--message selects from the log"},
	{ "run hello --quiet --log -",					 "--log -"                       },
	{ "run hello --log FOLDER/x --pcap FOLDER/x",                          "--log and --pcap"              },
	{ "run hello --log FOLDER/x --pcap FOLDER/./x",                        "--log and --pcap"              },
	{ "run hello --message 0",					     "from 1"                        },
	{ "run hello --message one",					   "--message"                     },
	{ "run hello --seed -1",					       "--seed"                        },
	{ "run hello --columns 0",					     "--columns"                     },
	{ "run hello --pcap FOLDER/x.pcapng --capture foo",
         "--capture: there is no interface \"foo\""							    },
	{ "run hello --pcap FOLDER/x.pcapng --capture foo",                    "bob-pc:eth0"                   },
	{ "explain nosuch --columns 0",					"--columns"                     },
	{ "check nosuch.yaml",						 "nosuch.yaml"                   },
	{ "state hello",						       "--at"                          },
	{ "state hello --at 1s --host nobody",                                 "nobody"                        },
	{ "state hello --at yesterday",					"yesterday"                     },
	{ "mailbox hello --at 1s",					     "--user"                        },
	{ "mailbox hello --user nobody --at 1s",                               "nobody"                        },
	{ "mailbox office --user carol --at 51s --raw 2",                      "there is only 1 message\n"     },
	{ "mailbox hello --user bob --at 3s --raw 7",                          "--raw"                         },
	{ "mailbox office --user bob --at 5s --raw 0",                         "numbered from 1"               },
	{ "mailbox office --user bob --at 5s --raw one",                       "numbered from 1"               },
	{ "run hello --host ''",					       "--host: no name"               },
	{ "run hello --host 'mail,,bob-pc'",                                   "--host: no name"               },
	{ "run hello --layer ''",					      "--layer: no name"              },
	{ "run hello --layer smtp,",					   "--layer: no name"              },
	{ "run hello --pcap FOLDER/x.pcapng --capture ''",                     "--capture: no name"            },
	{ "state hello --at 1s --host ''",                                     "--host: no name"               },
	{ "run hello --pcap ''",					       "--pcap: the path is empty"     },
	{ "run hello --log=",						  "--log: the path is empty"      },
	{ "run hello --keylog ''",					     "--keylog: the path is empty"   },
	{ "html hello -o ''",						  "--output: the path is empty"   },
	{ "narrate hello -o ''",					       "--output: the path is empty"   },
	{ "state hello --at 200000d",					  "up to 26687d"                  },
	{ "state hello --at 99999999999999999999999d",                         "up to 26687d"                  },
	{ "state hello --at 5",						"the unit is missing"           },
	{ "state hello --at 5lightyears",                                      "there is no such unit"         },
	{ "state hello --at -5s",					      "it must not be negative"       },
	{ "run hello --until 1e400d",					  "--until"                       },
	{ "run hello --message 1 --message 2",                                 "--message stands here twice"   },
	{ "run hello -q --seed=1 --seed 2",                                    "--seed stands here twice"      },
	{ "html hello -o a --output b",					"--output stands here twice"    },
	{ "explain - --columns 80 --columns 90",                               "--columns stands here twice"   },
	{ "help nosuch",						       "there is no command \"nosuch\""},
	{ "help run hello",						    "too many"                      },
	{ "new",							       "NAME"			  },
};

START_TEST(wrong_usage_ends_with_2_and_a_hint)
{
	struct outcome *outcome = run_line(wrong[_i].line);
	char *left = folder_list(folder);

	ck_assert_msg(outcome->status == 2, "%s: status %d", wrong[_i].line, outcome->status);
	ck_assert_msg(strstr(outcome->err, wrong[_i].said) != NULL, "%s: %s", wrong[_i].line,
		      outcome->err);
	if (strstr(wrong[_i].line, "--report --message") == NULL)
		ck_assert_str_eq(outcome->out, "");
	ck_assert_str_eq(left, "");
	g_free(left);
	outcome_free(outcome);
}
END_TEST

/* A selection that nothing is of is said, with what there is; one that something is of is not. */
static const struct {
	const char *line, *said;
} selections[] = {
	{"run hello --layer http",					     "is of --layer http; of the layers there are user, "},
	{ "run office --layer icmp,pop3 --message 3",                          "of --message 3 there are "                         },
	{ "run office --format json --layer smtp --host carol-pc --message 1",
         "of --host carol-pc --message 1 there are link, ethernet, arp\n"                                                          },
	{ "run office --dialog --layer smtp --host bob-pc --message 1",        "there are tcp, pop3\n"                             },
	{ "run hello --dialog --host root",                                    "--report tells"                                    },
	{ "run hello --layer smtp --host alice-pc --message 1",                NULL                                                },
	{ "run hello --layer arp",					     NULL						},
	{ "run hello --layer dns --format json",                               NULL                                                },
};

START_TEST(a_selection_of_nothing_is_said)
{
	struct outcome *outcome = run_line(selections[_i].line);

	ck_assert_status(outcome, 0);
	if (selections[_i].said == NULL)
		ck_assert_msg(strstr(outcome->err, "nothing in this run") == NULL, "%s",
			      outcome->err);
	else
		ck_assert_msg(strstr(outcome->err, selections[_i].said) != NULL, "%s: %s",
			      selections[_i].line, outcome->err);
	outcome_free(outcome);
}
END_TEST

/* What cannot be written ends with 3, says so, and leaves nothing that looks whole. */
static const char *const unwritable[] = {
	"run hello --quiet --pcap /dev/full",
	"run hello --quiet --pcap FOLDER/missing/x.pcapng",
	"run hello --quiet --pcap FOLDER/missing/x.pcap",
	"run hello --quiet --pcap /dev/null/x/",
	"run hello --log /dev/full",
	"run hello --log FOLDER/missing/x.log",
	"run hello --log /dev/full --format json",
	"run hello --quiet --pcap FOLDER/x.pcapng --log FOLDER/missing/x.log",
	"run hello --quiet --keylog FOLDER/missing/x.keys",
	"html hello -o FOLDER/missing/x.html",
	"narrate hello -o FOLDER/missing/x.md",
	"narrate hello -o FOLDER/missing/x.pdf",
	"new FOLDER/missing/x",
};

START_TEST(what_cannot_be_written_ends_with_3)
{
	struct outcome *outcome = run_line(unwritable[_i]);
	char *left = folder_list(folder);

	ck_assert_msg(outcome->status == 3 || g_str_has_prefix(unwritable[_i], "new"),
		      "%s: status %d", unwritable[_i], outcome->status);
	ck_assert_int_ge(outcome->status, 2);
	ck_assert_str_ne(outcome->err, "");
	/* A second output that could be written may stay, whole or not at all. */
	ck_assert_msg(*left == '\0' || strcmp(left, "x.pcapng ") == 0, "left: %s", left);
	ck_assert_msg(g_file_test("/dev/full", G_FILE_TEST_EXISTS) &&
			  !g_file_test("/dev/full", G_FILE_TEST_IS_REGULAR),
		      "/dev/full became a file");
	g_free(left);
	outcome_free(outcome);
}
END_TEST

static const char *const to_full[] = {
	"run hello",          "run hello --dialog",  "run hello --format json",
	"run hello --pcap -", "show hello",          "list",
	"topology hello",     "state hello --at 1s", "mailbox hello --user bob --at 3s",
	"run --help",         "check hello",         "compare hello",
};

START_TEST(a_full_standard_output_ends_with_3)
{
	g_autofree char *line =
	    g_strdup_printf("exec '%s' %s >/dev/full 2>/dev/null", program_path(), to_full[_i]);
	int status = system(line);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 3, "%s: status %d", to_full[_i],
		      WEXITSTATUS(status));
}
END_TEST

/* Nor does it say so of a reader that has seen enough. */
static const char *const read_in_part[] = {
	"run office --unfold",
	"run office --columns 100 --layer tcp",
	"run office --dialog",
	"topology office",
};

START_TEST(a_reader_that_leaves_is_no_error_to_speak_of)
{
	g_autofree char *errors = path_in(folder, "errors");
	g_autofree char *line = g_strdup_printf("'%s' %s 2>'%s' | head -n 1 >/dev/null",
						program_path(), read_in_part[_i], errors);
	GBytes *said;

	ck_assert_int_eq(system(line), 0);
	said = file_read(errors);
	ck_assert_msg(g_bytes_get_size(said) == 0, "it said: %.*s", (int)g_bytes_get_size(said),
		      (const char *)g_bytes_get_data(said, NULL));
	g_bytes_unref(said);
}
END_TEST

/* Not on standard output: neither log nor summary, wherever the log goes; reports by themselves. */
START_TEST(quiet_leaves_out_what_was_not_asked_for)
{
	struct outcome *alone = run_line("run hello -q");
	struct outcome *logged = run_line("run hello -q --log FOLDER/x.log");
	struct outcome *dialog = run_line("run hello -q --dialog --log FOLDER/dialog");
	struct outcome *report = run_line("run hello -q --report");
	g_autofree char *path = path_in(folder, "dialog");
	GBytes *said = file_read(path);

	ck_assert_status(alone, 0);
	ck_assert_status(logged, 0);
	ck_assert_status(dialog, 0);
	ck_assert_status(report, 0);
	ck_assert_str_eq(alone->out, "");
	ck_assert_str_eq(logged->out, "");
	ck_assert_str_eq(dialog->out, "");
	ck_assert_ptr_nonnull(strstr(report->out, "encapsulation ledger"));
	ck_assert_ptr_null(strstr(report->out, "Summary"));
	ck_assert_ptr_nonnull(
	    g_strstr_len(g_bytes_get_data(said, NULL), (gssize)g_bytes_get_size(said), "C: EHLO"));
	g_bytes_unref(said);
	outcome_free(alone);
	outcome_free(logged);
	outcome_free(dialog);
	outcome_free(report);
}
END_TEST

START_TEST(a_capture_goes_where_it_was_asked_to)
{
	g_autofree char *ng = path_in(folder, "x.pcapng"), *classic = path_in(folder, "x.pcap");
	g_autofree char *single = g_strconcat(folder, "/single/", NULL);
	struct watched *watched =
	    watched_run(load_good_file("scenarios/hello.yaml"), 1, TIME_NEVER, NULL, true);
	const struct model *model = watched->observer.model;
	static const uint8_t magics[][4] = {
		{0x0a,  0x0d, 0x0d, 0x0a},
                { 0x4d, 0x3c, 0xb2, 0xa1}
	};
	struct outcome *outcomes[] = {
		program_run("run", "hello", "--quiet", "--pcap", ng, NULL),
		program_run("run", "hello", "--quiet", "--pcap", classic, NULL),
		program_run("run", "hello", "--quiet", "--pcap", "-", NULL),
		program_run("run", "hello", "--pcap", "-", NULL),
		program_run("run", "hello", "--quiet", "--pcap", single, NULL),
	};
	GBytes *bytes = file_read(ng), *classic_bytes = file_read(classic);
	char *files = folder_list(single);
	unsigned interfaces = 0, captures = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++) {
		ck_assert_status(outcomes[i], 0);
		ck_assert_str_eq(outcomes[i]->err, "");
	}
	ck_assert_mem_eq(g_bytes_get_data(bytes, NULL), magics[0], 4);
	ck_assert_mem_eq(g_bytes_get_data(classic_bytes, NULL), magics[1], 4);
	for (int i = 2; i < 4; i++) {
		ck_assert_uint_eq(outcomes[i]->out_bytes, g_bytes_get_size(bytes));
		ck_assert_mem_eq(outcomes[i]->out, g_bytes_get_data(bytes, NULL),
				 outcomes[i]->out_bytes);
	}
	ck_assert_str_eq(outcomes[0]->out, "");
	for (uint32_t node = 1; node <= model_node_count(model); node++)
		if (model_node(model, node) != NULL)
			interfaces += model_node(model, node)->interfaces->len;
	for (const char *at = files; (at = strstr(at, ".pcapng ")) != NULL; at++)
		captures++;
	ck_assert_uint_eq(captures, interfaces);
	for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++)
		outcome_free(outcomes[i]);
	g_bytes_unref(bytes);
	g_bytes_unref(classic_bytes);
	g_free(files);
	watched_free(watched);
}
END_TEST

static unsigned frames_in(const char *place, const char *name)
{
	g_autofree char *path = path_in(place, name);
	GBytes *file = file_read(path);
	struct capture_reader *reader = capture_reader_new(
	    (struct bytes) { g_bytes_get_data(file, NULL), g_bytes_get_size(file) });
	struct captured_frame frame;
	unsigned count = 0;

	while (capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME)
		count++;
	capture_reader_free(reader);
	g_bytes_unref(file);
	return count;
}

/* A folder of captures obeys --capture, does not make other folders, and does not hide what was there. */
START_TEST(a_folder_holds_what_was_asked_for)
{
	g_autofree char *deep = g_strconcat(folder, "/none/deep/", NULL);
	g_autofree char *sent = g_strconcat(folder, "/sent/", NULL);
	g_autofree char *listed = g_strconcat(folder, "/listed/", NULL);
	struct outcome *outcomes[] = {
		program_run("run", "hello", "-q", "--pcap", sent, NULL),
		program_run("run", "hello", "-q", "--pcap", sent, "--capture", "sent", NULL),
		program_run("run", "hello", "-q", "--pcap", listed, "--capture", "alice-pc:eth0",
			    NULL),
		program_run("run", "hello", "-q", "--pcap", sent, "--capture", "alice-pc:eth0",
			    NULL),
		program_run("run", "hello", "-q", "--pcap", deep, NULL),
	};
	g_autofree char *one = folder_list(listed);
	unsigned all = frames_in(sent, "alice-pc-eth0.pcapng");

	for (size_t i = 0; i < 4; i++)
		ck_assert_status(outcomes[i], 0);
	ck_assert_str_eq(one, "alice-pc-eth0.pcapng ");
	ck_assert_uint_gt(all, frames_in(sent, "bob-pc-eth0.pcapng"));
	ck_assert_str_eq(outcomes[1]->err, "");
	ck_assert_ptr_nonnull(strstr(outcomes[3]->err, "not of this run: "));
	ck_assert_ptr_nonnull(strstr(outcomes[3]->err, "bob-pc-eth0.pcapng"));
	ck_assert_ptr_null(strstr(outcomes[3]->err, "alice-pc-eth0.pcapng"));
	ck_assert_status(outcomes[4], 3);
	ck_assert_ptr_nonnull(strstr(outcomes[4]->err, "there is no folder"));
	for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++)
		outcome_free(outcomes[i]);
}
END_TEST

/* So many pings that there is time to interrupt it. */
static const char endless[] =
    "mailwire: 1\n"
    "hosts: {a: , b: }\n"
    "timeline:\n"
    "  - {at: 1s, who: a, do: ping, target: b, every: 1ms, times: 1000000}\n";

START_TEST(an_interrupted_run_leaves_no_half_file)
{
	g_autofree char *path = scenario_write(folder, endless), *out = path_in(folder, "out");
	g_autofree char *capture = g_build_filename(out, "x.pcapng", NULL);
	g_autofree char *log = g_build_filename(out, "x.log", NULL);
	g_autofree char *said = NULL, *complaint = NULL;
	GSubprocess *process;
	char *left = NULL;

	ck_assert_int_eq(g_mkdir(out, 0700), 0);
	process =
	    g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, NULL,
			     program_path(), "run", path, "--pcap", capture, "--log", log, NULL);
	ck_assert_ptr_nonnull(process);
	/* Until both outputs are being written; then a moment for events to run. */
	for (int i = 0; i < 500 && (left == NULL || strstr(left, "pcapng") == NULL); i++) {
		g_free(left);
		g_usleep(10000);
		left = folder_list(out);
	}
	ck_assert_msg(strstr(left, ".x.pcapng") != NULL, "%s", left);
	g_usleep(300000);
	g_subprocess_send_signal(process, SIGINT);
	ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &said, &complaint, NULL));
	ck_assert(g_subprocess_get_if_exited(process));
	ck_assert_int_eq(g_subprocess_get_exit_status(process), 128 + SIGINT);
	ck_assert_ptr_null(strstr(said, "captured to"));
	ck_assert_ptr_nonnull(strstr(complaint, "interrupted at "));
	ck_assert_ptr_nonnull(strstr(complaint, capture));
	ck_assert_ptr_nonnull(strstr(complaint, log));
	g_free(left);
	left = folder_list(out);
	ck_assert_str_eq(left, "");
	g_free(left);
	g_object_unref(process);
}
END_TEST

START_TEST(progress_is_shown_where_no_log_is_read)
{
	g_autofree char *path = scenario_write(folder, endless), *log = path_in(folder, "x.log");
	const char *const quiet[] = { "run", path, "--quiet", NULL };
	const char *const elsewhere[] = { "run", path, "--log", log, NULL };
	const char *const dialog[] = { "run", path, "--dialog", NULL };
	const char *const *runs[] = { quiet, elsewhere, dialog };
	struct typist typist;

	for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
		typist_start(&typist, "xterm", runs[i]);
		typist_expect(&typist, " s simulated, ");
		typist_type(&typist, "\003");
		int status = typist_wait(&typist);

		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGINT);
		/* It is wiped off before anything else is said. */
		ck_assert_ptr_nonnull(
		    strstr(typist.screen->str, "\r\033[Kmailwire: interrupted at "));
		typist_clear(&typist);
	}
}
END_TEST

START_TEST(progress_does_not_mix_with_the_log)
{
	g_autofree char *path = scenario_write(folder, endless);
	const char *const arguments[] = { "run", path, NULL };
	gint64 end_us = g_get_monotonic_time() + 1600000; /* it would begin after a second */
	struct typist typist;

	typist_start(&typist, "xterm", arguments);
	typist_expect(&typist, "a pings b");
	while (g_get_monotonic_time() < end_us) {
		g_string_truncate(typist.screen, 0);
		typist_look(&typist, 50);
		ck_assert_ptr_null(strstr(typist.screen->str, "simulated"));
	}
	typist_type(&typist, "\003");
	typist_wait(&typist);
	typist_clear(&typist);
}
END_TEST

static bool has_colour(const char *environment)
{
	g_autofree char *line = g_strdup_printf("%s run hello", program_path());
	const char *const arguments[] = { "-qec", line, "/dev/null", NULL };
	GSubprocessLauncher *launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
	GPtrArray *argv = g_ptr_array_new();
	char *out = NULL;
	bool has;

	g_ptr_array_add(argv, (char *)"script");
	for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++)
		g_ptr_array_add(argv, (char *)arguments[i]);
	g_subprocess_launcher_unsetenv(launcher, "NO_COLOR");
	g_subprocess_launcher_setenv(launcher, "TERM", "xterm", TRUE);
	if (environment != NULL)
		g_subprocess_launcher_setenv(launcher, environment, "1", TRUE);

	GSubprocess *process =
	    g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, NULL);

	ck_assert_ptr_nonnull(process);
	ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &out, NULL, NULL));
	ck_assert_ptr_nonnull(strstr(out, "EHLO"));
	has = strchr(out, '\x1b') != NULL;
	g_free(out);
	g_ptr_array_free(argv, TRUE);
	g_object_unref(process);
	g_object_unref(launcher);
	return has;
}

/* However narrow the terminal, no line runs over its edge. */
START_TEST(no_line_is_longer_than_the_columns)
{
	static const unsigned widths[] = { 20, 50, 59, 80 };

	for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
		g_autofree char *line =
		    g_strdup_printf("run hello --unfold --report --columns %u", widths[i]);
		struct outcome *outcome = run_line(line);
		g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);

		for (guint k = 0; lines[k] != NULL; k++)
			ck_assert_msg(columns_of(lines[k]) <= widths[i], "%u columns: %s",
				      widths[i], lines[k]);
		outcome_free(outcome);
	}
}
END_TEST

/* Two users of one computer; a subject that is not ASCII. */
START_TEST(the_log_names_the_user_and_writes_utf8)
{
	static const char scenario[] =
	    "mailwire: 1\n"
	    "hosts: {pc: , mail: }\n"
	    "domains: {a.example: {mail: mail, accounts: {ann: secret, bob: secret}}}\n"
	    "clients: {ann: {host: pc}, bob: {host: pc}, cleo: {host: pc, account: ann, incoming: "
	    "{protocol: imap, check-every: 1s}}}\n"
	    "timeline:\n"
	    "  - {at: 1s, who: ann, do: send, to: bob, subject: Käse für Zoë, text: x}\n"
	    "  - {at: 2s, who: bob, do: check}\n";
	g_autofree char *path = scenario_write(folder, scenario);
	struct outcome *outcome = program_run("run", path, NULL);
	struct outcome *topology = program_run("topology", "office", NULL);

	ck_assert_ptr_nonnull(strstr(outcome->out, "● ann sends \"Käse für Zoë\""));
	ck_assert_ptr_nonnull(strstr(outcome->out, "○ outcome for ann: done"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "○ outcome for bob: "));
	ck_assert_ptr_nonnull(strstr(outcome->out, "● the mail client of ann checks for new mail"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "○ outcome for ann: 0 new messages"));
	ck_assert_ptr_nonnull(strstr(topology->out, "; zones office.example\n"));
	ck_assert_ptr_null(strstr(topology->out, " \n"));
	outcome_free(outcome);
	outcome_free(topology);
}
END_TEST

/* The summary tells of each recipient what became of it, whatever happened last. */
START_TEST(the_summary_tells_what_became_of_each_mail)
{
	static const char scenario[] =
	    "mailwire: 1\n"
	    "hosts: {pc: , pc2: , mail: , far: , ns: }\n"
	    "domains:\n"
	    "  a.example: {mail: mail, dns: ns, accounts: {ann: secret, bob: secret}}\n"
	    "  b.example: {mail: far, dns: ns, accounts: {cat: secret}}\n"
	    "clients: {ann: {host: pc}, bob: {host: pc2}}\n"
	    "timeline:\n"
	    "  - {at: 1s, who: ann, do: send, to: cat@b.example, subject: One, text: x}\n"
	    "  - {at: 2s, who: ann, do: send, to: [bob, cat@b.example], cc: nobody@b.example,\n"
	    "     subject: Two, text: x, unknown-recipients: yes}\n";
	static const char *const said[] = {
		"→ cat@b.example\n          \"One\"",
		"B: delivered at far, ",
		"→ bob@a.example, cat@b.example, cc nobody@b.example\n",
		"\n          bob@a.example: delivered at mail, ",
		"\n          cat@b.example: delivered at far, ",
		"\n          nobody@b.example: bounced at mail, ",
	};
	g_autofree char *path = scenario_write(folder, scenario);
	struct outcome *outcome = program_run("run", path, NULL);
	struct outcome *early = program_run("run", path, "--until", "1s", NULL);

	ck_assert_status(outcome, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++)
		ck_assert_msg(strstr(outcome->out, said[i]) != NULL, "%s not in %s", said[i],
			      strstr(outcome->out, "Summary"));
	ck_assert_ptr_nonnull(strstr(early->out, "B: composed at pc\n"));
	outcome_free(outcome);
	outcome_free(early);
}
END_TEST

/* What two expectations differ in is in what the summary says of them. */
START_TEST(the_summary_tells_expectations_apart)
{
	static const char scenario[] =
	    "mailwire: 1\n"
	    "hosts: {a: {}, b: {}, ns: {}}\n"
	    "domains: {x.example: {mail: b, dns: ns, accounts: {u: {password: p}}}}\n"
	    "timeline:\n"
	    "  - {at: 1s, who: a, do: ping, target: b}\n"
	    "  - {at: 2s, who: a, do: dig, name: x.example, type: MX}\n"
	    "expect:\n"
	    "  - {ping: answered, from: a, to: b, times: 4}\n"
	    "  - {ping: lost, from: b, to: a, times: 0}\n"
	    "  - {dig: found, from: a, name: x.example, type: MX, answer: 10 b.x.example, times: "
	    "0..}\n"
	    "  - {connection: refused, from: a, to: b, port: 25, times: 0}\n"
	    "  - {connection: refused, from: b, port: 26, times: 0}\n"
	    "  - {dropped: 0, reason: filter}\n"
	    "  - {dropped: 0, reason: ttl, at: 1s}\n"
	    "  - {retransmissions: 0, node: a}\n"
	    "  - {mailbox: u, messages: 0, unseen: yes}\n";
	static const char *const said[] = {
		"pings from a to b answered: 4 times\n",
		"pings from b to a lost: 0 times\n",
		"questions to DNS from a for MX of x.example: found with 10 b.x.example: at least",
		"connections from a to b port 25 refused: 0 times\n",
		"connections from b to port 26 refused: 0 times\n",
		"dropped by a packet filter: 0\n",
		"dropped for want of TTL: 0, at 1 s\n",
		"retransmissions at a: 0\n",
		"INBOX of u@x.example holds unseen: 0 messages\n",
	};
	g_autofree char *path = scenario_write(folder, scenario);
	struct outcome *outcome = program_run("run", path, NULL);

	ck_assert_status(outcome, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++)
		ck_assert_msg(strstr(outcome->out, said[i]) != NULL, "%s not in %s", said[i],
			      strstr(outcome->out, "Summary"));
	outcome_free(outcome);
}
END_TEST

START_TEST(colour_is_for_terminals_and_not_with_no_color)
{
	struct outcome *piped = program_run("run", "hello", NULL);

	ck_assert_ptr_null(strchr(piped->out, '\x1b'));
	outcome_free(piped);
	if (!tshark_has_program("script"))
		return;
	ck_assert(has_colour(NULL));
	ck_assert(!has_colour("NO_COLOR"));
}
END_TEST

/* The layer of a line of the log: "  encapsulate TCP      + 32 B ..."; NULL: it is of none. */
static char *layer_of_line(const char *line)
{
	static const char *const verbs[] = { "encapsulate", "decapsulate", "forward", "send",
					     "deliver",     "wait",        "drop" };
	g_auto(GStrv) words = NULL;

	if (!g_str_has_prefix(line, "  ") || line[2] == ' ')
		return NULL;
	words = g_regex_split_simple(" +", line + 2, 0, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(words[0], verbs[i]) == 0 && words[1] != NULL)
			return g_strdup(words[1]);
	return NULL;
}

START_TEST(layer_keeps_only_these_layers)
{
	struct outcome *outcome = program_run("run", "office", "--layer", "smtp,tcp", NULL);
	g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);
	unsigned count = 0;

	ck_assert_status(outcome, 0);
	for (guint i = 0; lines[i] != NULL; i++) {
		char *layer = layer_of_line(lines[i]);

		count += layer != NULL;
		if (layer != NULL && strcmp(layer, "SMTP") != 0 && strcmp(layer, "TCP") != 0)
			ck_abort_msg("%s", lines[i]);
		g_free(layer);
	}
	ck_assert_uint_gt(count, 50);
	outcome_free(outcome);
}
END_TEST

/* The node of a block's first line: "   1.000 026 s  alice-pc:eth0    ..."; NULL: it is none. */
static char *node_of_line(const char *line)
{
	GMatchInfo *match = NULL;
	GRegex *regex = g_regex_new("^ *[0-9]+\\.[0-9]{3} [0-9]{3} s  ([^ :]+)", 0, 0, NULL);
	char *node = NULL;

	if (g_regex_match(regex, line, 0, &match))
		node = g_match_info_fetch(match, 1);
	g_match_info_free(match);
	g_regex_unref(regex);
	return node;
}

START_TEST(host_keeps_only_these_hosts)
{
	struct outcome *outcome = program_run("run", "office", "--host", "mail,bob-pc", NULL);
	g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);
	unsigned counts[2] = { 0 };

	ck_assert_status(outcome, 0);
	for (guint i = 0; lines[i] != NULL; i++) {
		char *node = node_of_line(lines[i]);

		counts[0] += g_strcmp0(node, "mail") == 0;
		counts[1] += g_strcmp0(node, "bob-pc") == 0;
		if (node != NULL && strcmp(node, "mail") != 0 && strcmp(node, "bob-pc") != 0)
			ck_abort_msg("%s", lines[i]);
		g_free(node);
	}
	ck_assert_uint_gt(counts[0], 20);
	ck_assert_uint_gt(counts[1], 10);
	outcome_free(outcome);
}
END_TEST

START_TEST(message_keeps_what_belongs_to_one_mail_with_its_dns_and_arp)
{
	struct outcome *first = program_run("run", "office", "--message", "1", "--unfold", NULL);
	struct outcome *third = program_run("run", "office", "--message", "3", "--unfold", NULL);

	ck_assert_status(first, 0);
	ck_assert_ptr_nonnull(strstr(first->out, "RCPT TO:<bob@remote.example>"));
	ck_assert_ptr_nonnull(strstr(first->out, "MX of remote.example"));
	ck_assert_ptr_nonnull(strstr(first->out, "who has"));
	ck_assert_ptr_nonnull(strstr(first->out, "DELE 1"));
	ck_assert_ptr_null(strstr(first->out, "carol@"));
	ck_assert_ptr_nonnull(strstr(third->out, "RCPT TO:<carol@office.example>"));
	ck_assert_ptr_null(strstr(third->out, "bob@remote.example"));
	ck_assert_ptr_null(strstr(third->out, "remote-mail"));
	outcome_free(first);
	outcome_free(third);
}
END_TEST

/* Lines of `outcome` that hold `text`. */
static unsigned lines_with(const struct outcome *outcome, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);
	unsigned count = 0;

	for (guint i = 0; lines[i] != NULL; i++)
		count += strstr(lines[i], text) != NULL;
	return count;
}

/* For a real server: by the scenario's authority, and the same whenever it is asked for. */
START_TEST(a_certificate_is_issued_for_a_real_server)
{
	struct outcome *one = run_line("show tls --issue mx.real.example,imap.real.example");
	struct outcome *again = run_line("show tls --issue mx.real.example,imap.real.example");
	struct outcome *other = run_line("show tls --issue mx.real.example");
	struct outcome *upper = run_line("show tls --issue MX.real.example");
	struct outcome *both = run_line("show tls --ca - --issue mx.real.example");

	ck_assert_status(one, 0);
	ck_assert(g_str_has_prefix(one->out, "-----BEGIN CERTIFICATE-----\n"));
	ck_assert_uint_eq(lines_with(one, "-----BEGIN PRIVATE KEY-----"), 1);
	ck_assert_str_eq(one->out, again->out);
	ck_assert_str_ne(one->out, other->out);
	ck_assert(g_str_has_suffix(both->out, other->out));
	ck_assert_uint_eq(lines_with(both, "-----BEGIN CERTIFICATE-----"), 2);
	ck_assert_str_eq(upper->out, other->out);
	outcome_free(upper);
	outcome_free(both);
	outcome_free(one);
	outcome_free(again);
	outcome_free(other);
}
END_TEST

START_TEST(no_label_of_an_issued_name_is_longer_than_63)
{
	for (int length = 63; length <= 64; length++) {
		g_autofree char *label = g_strnfill((gsize)length, 'a');
		g_autofree char *line =
		    g_strdup_printf("show tls --issue mx.example,%s.example", label);
		struct outcome *outcome = run_line(line);

		ck_assert_status(outcome, length > 63 ? 2 : 0);
		ck_assert_uint_eq(strstr(outcome->err, "longer than 63") != NULL, length > 63);
		outcome_free(outcome);
	}
}
END_TEST

/* TLS is a layer of its own: all its lines, and none of them among those of what is said in it. */
START_TEST(the_log_of_tls_alone_and_of_what_is_in_it)
{
	struct outcome *all = run_line("run tls");
	struct outcome *tls = run_line("run tls --layer tls");
	struct outcome *smtp = run_line("run tls --layer smtp");
	static const char *const lines[] = {
		"  send        TLS             ClientHello to ",
		"  deliver     TLS             Finished, encrypted",
		"  encapsulate TLS      + 22 B application data, encrypted",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
		ck_assert_uint_gt(lines_with(all, lines[i]), 0);
		ck_assert_uint_eq(lines_with(tls, lines[i]), lines_with(all, lines[i]));
	}
	ck_assert_uint_eq(lines_with(tls, "  send        SMTP "), 0);
	ck_assert_uint_eq(lines_with(smtp, "ClientHello"), 0);
	ck_assert_uint_gt(lines_with(all, "  send        SMTP            EHLO "), 0);
	ck_assert_uint_eq(lines_with(smtp, "  send        SMTP            EHLO "),
			  lines_with(all, "  send        SMTP            EHLO "));
	outcome_free(all);
	outcome_free(tls);
	outcome_free(smtp);
}
END_TEST

START_TEST(the_filters_of_the_log_are_those_of_the_json_too)
{
	struct outcome *all = run_line("run office --format json");
	struct outcome *layer = run_line("run office --format json --layer dns");
	struct outcome *host = run_line("run office --format json --host gw");
	struct outcome *message = run_line("run office --format json --message 2");
	const struct outcome *filtered[] = { layer, host, message };
	unsigned nodes = lines_with(all, "\"kind\":\"node\"");
	unsigned links = lines_with(all, "\"kind\":\"link\"");
	unsigned interfaces = lines_with(all, "\"kind\":\"interface\"");

	for (size_t i = 0; i < G_N_ELEMENTS(filtered); i++) {
		ck_assert_uint_eq(lines_with(filtered[i], "\"kind\":\"node\""), nodes);
		ck_assert_uint_eq(lines_with(filtered[i], "\"kind\":\"link\""), links);
		ck_assert_uint_eq(lines_with(filtered[i], "\"kind\":\"interface\""), interfaces);
	}
	ck_assert_uint_eq(lines_with(layer, "\"layer\":\"dns\""),
			  lines_with(all, "\"layer\":\"dns\""));
	ck_assert_uint_eq(lines_with(layer, "\"layer\":\"tcp\""), 0);
	ck_assert_uint_eq(lines_with(host, "\"node\":\"gw\""), lines_with(all, "\"node\":\"gw\""));
	ck_assert_uint_eq(lines_with(host, "\"kind\":\"action\""), 0);
	/* What a user did comes with what became of it; all of one root. */
	ck_assert_uint_eq(lines_with(message, "\"kind\":\"action\""), 1);
	ck_assert_uint_eq(lines_with(message, "\"detail\":\"composed\""), 1);
	outcome_free(all);
	outcome_free(layer);
	outcome_free(host);
	outcome_free(message);
}
END_TEST

static const struct {
	const char *options;
	unsigned count;
	const char *said, *unsaid;
} dialogs[] = {
	{"--message 1",    3,  "RETR 1",            "carol@"        },
	{ "--host bob-pc", 2,  "bob-pc (MUA) → ", "carol-pc"      },
	{ "--layer pop3",  1,  "RETR 1",            "EHLO"          },
	{ "--layer tcp",   10, "RETR 1",            "never answered"},
};

START_TEST(the_filters_of_the_log_are_those_of_the_dialog_too)
{
	g_autofree char *line = g_strdup_printf("run office --dialog %s", dialogs[_i].options);
	struct outcome *outcome = run_line(line);

	ck_assert_status(outcome, 0);
	ck_assert_uint_eq(lines_with(outcome, "  opened at "), dialogs[_i].count);
	ck_assert_ptr_nonnull(strstr(outcome->out, dialogs[_i].said));
	ck_assert_ptr_null(strstr(outcome->out, dialogs[_i].unsaid));
	outcome_free(outcome);
}
END_TEST

/* A capture that holds packets several times says how to look at it; one in a folder does not. */
static const struct {
	const char *options, *capture;
	const char *said;
	bool has_note;
} hints[] = {
	{"--pcap FOLDER/x.pcapng",                          "{}",                                 "x.pcapng: open it with",    false},
	{ "--pcap FOLDER/x.pcapng --capture all",           "{}",                                 "x.pcapng: open it with",    true },
	{ "--pcap FOLDER/x.pcapng",                         "{record: all}",                      "x.pcapng: open it with",    true },
	{ "--pcap FOLDER/x.pcapng --capture sent",          "{record: all}",                      "x.pcapng: open it with",
         false														      },
	{ "--pcap FOLDER/x.pcapng",                         "{interfaces: ['a:eth0', 'b:eth0']}", "x.pcapng: open it with",
         true														       },
	{ "--pcap FOLDER/x.pcapng --capture a:eth0,b:eth0", "{}",                                 "x.pcapng: open it with",    true },
	{ "--pcap FOLDER/x.pcapng --capture a:eth0",        "{}",                                 "x.pcapng: open it with",    false},
	{ "--pcap FOLDER/d/ --capture all",                 "{}",                                 "a file for each interface", false},
};

START_TEST(the_summary_says_how_to_look_at_the_capture)
{
	g_autofree char *scenario =
	    g_strdup_printf("mailwire: 1\nhosts: {a: , b: }\ncapture: %s\n"
			    "timeline: [{at: 1s, who: a, do: ping, target: b}]\n",
			    hints[_i].capture);
	g_autofree char *path = scenario_write(folder, scenario);
	g_autofree char *line = g_strdup_printf("run '%s' %s", path, hints[_i].options);
	struct outcome *outcome = run_line(line);

	ck_assert_status(outcome, 0);
	ck_assert_ptr_nonnull(strstr(outcome->out, hints[_i].said));
	ck_assert_int_eq(strstr(outcome->out, "frame.interface_name") != NULL, hints[_i].has_note);
	outcome_free(outcome);
}
END_TEST

START_TEST(dialog_shows_every_connection_and_both_sides)
{
	struct watched *watched =
	    watched_run(load_good_file("scenarios/office.yaml"), 1, TIME_NEVER, NULL, true);
	struct outcome *outcome = program_run("run", "office", "--dialog", NULL);
	unsigned count = model_connection_count(watched->observer.model);
	static const char *const said[] = {
		"C: EHLO", "S: 250", "C: RETR 1", "S: +OK", "C: a1 ", "S: * BYE", "S: 221",
	};

	ck_assert_status(outcome, 0);
	ck_assert_uint_gt(count, 5);
	for (unsigned i = 1; i <= count + 1; i++) {
		g_autofree char *title = g_strdup_printf("connection %u ", i);

		ck_assert_msg((strstr(outcome->out, title) != NULL) == (i <= count), "%s", title);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++)
		ck_assert_msg(strstr(outcome->out, said[i]) != NULL, "%s", said[i]);
	ck_assert_ptr_null(strstr(outcome->out, "encapsulate"));
	outcome_free(outcome);
	watched_free(watched);
}
END_TEST

/* How often `needle` stands in `text`. */
static unsigned occurrences(const char *text, const char *needle)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, needle)) != NULL; at += strlen(needle))
		count++;
	return count;
}

static const char *const dropping[] = { "office", "blocked", "port25" };

START_TEST(trace_log_and_summary_agree_on_what_was_dropped)
{
	struct outcome *json = program_run("run", dropping[_i], "--format", "json", NULL);
	struct outcome *log = program_run("run", dropping[_i], "--unfold", NULL);
	unsigned drops = occurrences(json->out, "\"kind\":\"drop\"");
	g_autofree char *said = g_strdup_printf(" retransmissions, %u drops\n", drops);

	ck_assert_msg(strstr(log->out, said) != NULL, "the trace has %u drops", drops);
	ck_assert_uint_eq(occurrences(log->out, "\n  drop "), drops);
	ck_assert_uint_eq(occurrences(log->out, "\n  ignore "),
			  occurrences(json->out, "\"kind\":\"ignore\""));
	ck_assert_uint_gt(occurrences(json->out, "\"kind\":\"ignore\""), 0);
	ck_assert_ptr_null(strstr(json->out, "\"detail\":\"\""));
	outcome_free(json);
	outcome_free(log);
}
END_TEST

/* Rows of the ledger: "    gw   routes   50  5815  700  100  700  5815": they must balance. */
START_TEST(report_prints_ledgers_that_balance)
{
	struct outcome *outcome = program_run("run", "office", "--quiet", "--report", NULL);
	g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);
	unsigned rows = 0;

	ck_assert_status(outcome, 0);
	for (guint i = 0; lines[i] != NULL; i++) {
		unsigned long frames, in, removed, rewritten, added, out;
		char node[64], role[64];

		if (sscanf(lines[i], " %63s %63s %lu %lu %lu %lu %lu %lu", node, role, &frames, &in,
			   &removed, &rewritten, &added, &out) != 8)
			continue;
		rows++;
		ck_assert_msg(in - removed + added == out, "%s", lines[i]);
	}
	ck_assert_uint_gt(rows, 30);
	ck_assert_ptr_nonnull(strstr(outcome->out, "Quarterly report"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "Minutes of the meeting"));
	outcome_free(outcome);
}
END_TEST

START_TEST(state_shows_listeners_connections_and_caches_of_that_moment)
{
	struct outcome *during =
	    program_run("state", "office", "--at", "10.0014s", "--host", "remote-mail", NULL);
	struct outcome *before =
	    program_run("state", "office", "--at", "0s", "--host", "remote-mail", NULL);
	static const char *const at_all_times[] = { "*:25", "*:587", "*:110", "*:143" };

	ck_assert_status(during, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(at_all_times); i++) {
		ck_assert_ptr_nonnull(strstr(during->out, at_all_times[i]));
		ck_assert_ptr_nonnull(strstr(before->out, at_all_times[i]));
	}
	ck_assert_ptr_nonnull(strstr(during->out, "ESTABLISHED"));
	ck_assert_ptr_nonnull(strstr(during->out, "203.0.113.76"));
	ck_assert_ptr_null(strstr(before->out, "ESTABLISHED"));
	ck_assert_ptr_null(strstr(before->out, "ARP table"));
	ck_assert_ptr_null(strstr(during->out, "alice-pc (host)"));
	outcome_free(during);
	outcome_free(before);
}
END_TEST

/* The run ends after 51 s; TIME-WAIT lasts 60 s, the rows of a switch 300 s. */
START_TEST(state_goes_on_behind_the_end_of_the_run)
{
	struct outcome *end = program_run("state", "office", "--at", "51s", NULL);
	struct outcome *later = program_run("state", "office", "--at", "1000s", NULL);
	static const char *const passing[] = { "TIME-WAIT", " reachable", "  port 1 " };

	ck_assert_status(later, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(passing); i++) {
		ck_assert_msg(strstr(end->out, passing[i]) != NULL, "%s", passing[i]);
		ck_assert_msg(strstr(later->out, passing[i]) == NULL, "%s", passing[i]);
	}
	ck_assert_ptr_nonnull(strstr(later->out, " stale"));
	outcome_free(end);
	outcome_free(later);
}
END_TEST

START_TEST(mailbox_shows_what_is_there_and_raw_its_bytes)
{
	struct watched *watched =
	    watched_run(load_good_file("scenarios/office.yaml"), 1, TIME_NEVER, NULL, false);
	struct outcome *before =
	    program_run("mailbox", "office", "--user", "carol", "--at", "39s", NULL);
	struct outcome *after =
	    program_run("mailbox", "office", "--user", "carol", "--at", "60s", NULL);
	struct outcome *raw = program_run("mailbox", "office", "--user", "carol@office.example",
					  "--at", "60s", "--raw", "1", NULL);
	const struct mailbox_message *message = NULL;

	for (unsigned i = 0; i < mailboxes_count(watched->mailboxes); i++) {
		const struct mailbox_state *box = mailboxes_get(watched->mailboxes, i);

		if (strcmp(box->owner, "carol@office.example") == 0 && box->messages->len > 0)
			message = box->messages->pdata[0];
	}
	ck_assert_ptr_nonnull(message);
	ck_assert_ptr_nonnull(strstr(before->out, "0 messages"));
	ck_assert_ptr_null(strstr(before->out, "Minutes"));
	ck_assert_ptr_nonnull(strstr(after->out, "1 message\n"));
	ck_assert_ptr_nonnull(strstr(after->out, "Minutes of the meeting"));
	ck_assert_status(raw, 0);
	ck_assert_uint_eq(raw->out_bytes, g_bytes_get_size(message->bytes));
	ck_assert_mem_eq(raw->out, g_bytes_get_data(message->bytes, NULL), raw->out_bytes);
	outcome_free(before);
	outcome_free(after);
	outcome_free(raw);
	watched_free(watched);
}
END_TEST

START_TEST(step_goes_on_and_back_and_to_the_next_host_and_command)
{
	const struct surroundings keys = { .input = "\n\nb\nn\nm\nq\n" };
	const char *const arguments[] = { "step", "hello", NULL };
	struct outcome *outcome = program_run_in(&keys, arguments);
	unsigned steps[8], count = 0;

	ck_assert_status(outcome, 0);
	for (const char *at = outcome->out; count < 8 && (at = strstr(at, "step ")) != NULL; at++)
		count += sscanf(at, "step %u of", &steps[count]) == 1;
	ck_assert_uint_eq(count, 6);
	ck_assert_uint_eq(steps[0], 1);
	ck_assert_uint_eq(steps[1], 2);
	ck_assert_uint_eq(steps[2], 3);
	ck_assert_uint_eq(steps[3], 2);
	ck_assert_uint_gt(steps[4], steps[3]);
	ck_assert_uint_gt(steps[5], steps[4]);
	ck_assert_ptr_nonnull(strstr(outcome->out, "220 "));
	outcome_free(outcome);
}
END_TEST

START_TEST(topology_names_every_node_address_and_account)
{
	struct scenario *scenario = load_good_file("scenarios/office.yaml");
	struct outcome *text = program_run("topology", "office", NULL);
	struct outcome *dot = program_run("topology", "office", "--dot", NULL);
	const GPtrArray *lists[] = { scenario->hosts, scenario->routers };

	ck_assert_status(text, 0);
	ck_assert_status(dot, 0);
	for (size_t l = 0; l < 2; l++) {
		for (guint i = 0; i < lists[l]->len; i++) {
			const struct scenario_node *node = lists[l]->pdata[i];

			ck_assert_ptr_nonnull(strstr(text->out, node->item.name));
			ck_assert_ptr_nonnull(strstr(dot->out, node->item.name));
			for (guint k = 0; k < node->interfaces->len; k++) {
				const struct scenario_interface *interface =
				    node->interfaces->pdata[k];
				char address[IPV4_TEXT_BYTES];

				ipv4_print(interface->address, address);
				ck_assert_msg(strstr(text->out, address) != NULL, "%s", address);
				g_autofree char *line =
				    g_strdup_printf("\\n%s %s", interface->item.name, address);
				ck_assert_msg(strstr(dot->out, line) != NULL, "%s", line);
			}
		}
	}
	ck_assert_ptr_nonnull(strstr(text->out, "carol@office.example"));
	ck_assert_ptr_nonnull(strstr(text->out, "POP3 110"));
	/* Graphviz lays labels of edges across whatever is there. */
	ck_assert_ptr_null(strstr(dot->out, "taillabel"));
	ck_assert_ptr_nonnull(strstr(dot->out, "\"gw\" -- \"cable:uplink\" -- \"isp\""));
	outcome_free(text);
	outcome_free(dot);
	scenario_free(scenario);
}
END_TEST

/* Nobody has the address, so that the question has no frame: the log tells of what was to go. */
START_TEST(what_never_leaves_a_host_is_no_frame)
{
	static const char text[] = "mailwire: 1\n"
				   "networks: {lan: {subnet: 192.0.2.0/26}}\n"
				   "hosts: {ann: {network: lan}}\n"
				   "timeline:\n"
				   "  - {at: 1s, who: ann, do: ping, target: 192.0.2.50}\n";
	char *own = folder_new(), *path = scenario_write(own, text);
	struct outcome *outcome = program_run("run", path, NULL);

	ck_assert_ptr_nonnull(
	    strstr(outcome->out, "never sent: ann pings 192.0.2.50 with 56 bytes"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "encapsulate ICMP     +  8 B echo request, id"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "drop        ARP             no answer"));
	outcome_free(outcome);
	g_free(path);
	folder_remove(own);
}
END_TEST

/* A router that loses a frame in front of a dead cable had made it: by its own address, for the next hop. */
START_TEST(what_a_router_cannot_send_has_the_headers_it_made)
{
	char *own = folder_new();
	char *path =
	    scenario_write(own, "mailwire: 1\n"
				"networks: {a: {subnet: 10.1.0.0/24}, b: {subnet: 10.2.0.0/24}}\n"
				"routers: {box: {interfaces: [a, b]}}\n"
				"hosts: {p: {network: a}, q: {network: b}}\n"
				"impairments: [{link: \"box:b\", from: 5s, to: 20s, down: yes}]\n"
				"timeline:\n"
				"  - {at: 1s, who: p, do: ping, target: q, count: 1}\n"
				"  - {at: 6s, who: p, do: ping, target: q, count: 1}\n");
	struct outcome *outcome = program_run("run", path, "--unfold", "--columns", "160", NULL);
	const char *drop = strstr(outcome->out, "drop        Link            cable down");

	ck_assert_ptr_nonnull(drop);
	const char *made = g_strrstr_len(outcome->out, drop - outcome->out, "encapsulate Ethernet");
	const char *forward = g_strrstr_len(outcome->out, drop - outcome->out, "forward     IPv4");

	ck_assert(g_str_has_prefix(made, "encapsulate Ethernet + 14 B 02:00:00:02:00:01 (box) → "
					 "02:00:00:02:00:0a (q) "));
	ck_assert(
	    g_str_has_prefix(forward, "forward     IPv4            TTL 64 → 63, checksum 0x"));
	outcome_free(outcome);
	g_free(path);
	folder_remove(own);
}
END_TEST

/* No cable carries what a host sends itself; its conversation is told like any other. */
START_TEST(what_a_host_sends_itself_is_told)
{
	struct outcome *log = program_run("run", "opportunistic", "--columns", "160", NULL);
	struct outcome *dialog = program_run("run", "opportunistic", "--dialog", NULL);

	ck_assert_ptr_nonnull(
	    strstr(log->out, "to itself: client (MUA) to server (MSA), SMTP: EHLO"));
	ck_assert_ptr_nonnull(
	    strstr(log->out, "from itself: client (MUA) to server (MSA), SMTP: EHLO"));
	ck_assert_ptr_nonnull(strstr(dialog->out, "modern (MUA) → modern (MSA) port 587"));
	ck_assert_ptr_nonnull(
	    strstr(log->out, " from a host to itself, on no wire and in no capture"));
	outcome_free(log);
	outcome_free(dialog);
}
END_TEST

/*
 * SYNs that wait for ARP in vain were made again, and came to no wire: no capture holds them. Log, trace and
 * summary have one number.
 */
START_TEST(retransmissions_are_counted_on_wires)
{
	struct outcome *outcome = program_run("run", "webmail", NULL);
	struct outcome *json = program_run("run", "webmail", "--format", "json", NULL);
	unsigned count = count_in(outcome->out, "RETRANSMISSION");
	g_autofree char *sum = g_strdup_printf(", %u retransmissions, ", count);

	ck_assert_uint_gt(count_in(outcome->out, "made again, on no wire before"), 0);
	ck_assert_ptr_nonnull(strstr(outcome->out, sum));
	ck_assert_uint_eq(count_in(json->out, "\"retransmission\":true"), count);
	ck_assert_uint_gt(count_in(json->out, "\"again\":true"), count);
	outcome_free(outcome);
	outcome_free(json);
}
END_TEST

START_TEST(a_switch_that_is_named_is_not_folded)
{
	struct outcome *outcome = program_run("run", "office", "--host", "client-lan", NULL);

	ck_assert_ptr_null(strstr(outcome->out, "at switches"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "switch: passes the frame on as it is"));
	outcome_free(outcome);
}
END_TEST

/* The views that explain say so: no frame goes to a router there. */
START_TEST(what_a_host_sends_itself_needs_no_ethernet)
{
	char *own = folder_new();
	g_autofree char *path = path_in(own, "page.html"), *page = NULL;
	struct outcome *outcome = program_run("html", "opportunistic", "-o", path, NULL);

	ck_assert_status(outcome, 0);
	ck_assert(g_file_get_contents(path, &page, NULL, NULL));
	ck_assert_ptr_nonnull(strstr(page, "The packet is for modern itself: no cable carries it"));
	ck_assert_ptr_null(strstr(page, "addressed to the router internet"));
	ck_assert_ptr_null(strstr(page, "→ 00:00:00:00:00:00"));
	outcome_free(outcome);
	folder_remove(own);
}
END_TEST

/* What is told behind a block leaves no trace in the lines that come before. */
START_TEST(titles_use_the_whole_width)
{
	struct outcome *outcome =
	    program_run("run", "office", "--unfold", "--columns", "100", NULL);

	ck_assert_ptr_nonnull(
	    strstr(outcome->out, "receives: alice-pc (MUA) opens a TCP connection   frame 9\n"));
	outcome_free(outcome);
}
END_TEST

/* A line that is dialled for a frame does so while it goes out: the frame's block stays whole. */
START_TEST(dialling_does_not_cut_a_block)
{
	struct outcome *outcome = program_run("run", "dial-up", "--columns", "160", NULL);

	ck_assert_ptr_nonnull(strstr(outcome->out, "dial-up line phone: dialling"));
	ck_assert_ptr_null(strstr(outcome->out, "an empty frame"));
	ck_assert_ptr_null(strstr(outcome->out, "encapsulate Ethernet   "));
	outcome_free(outcome);
}
END_TEST

/* A subject may hold what acts on a terminal, hidden in an encoded word: ESC, BEL, CSI, a turned direction. */
START_TEST(what_a_mail_says_does_not_act_on_a_terminal)
{
	static const char text[] =
	    "mailwire: 1\n"
	    "networks: {lan: {subnet: 192.0.2.0/26}}\n"
	    "hosts: {pc: {network: lan}, mail: {network: lan}}\n"
	    "domains: {a.example: {mail: mail, accounts: {bob: {password: x}, ann: {password: "
	    "y}}}}\n"
	    "clients: {ann: {host: pc, account: ann@a.example}, bob: {host: pc, account: "
	    "bob@a.example}}\n"
	    "timeline:\n"
	    "  - {at: 1s, who: ann, do: send, to: bob@a.example, text: x,\n"
	    "     subject: \"=?utf-8?B?G1syShtdMDtvd25lZAfCmzJKIOKArmNvZC5leGU=?=\"}\n"
	    "  - {at: 3s, who: bob, do: check}\n";
	static const char *const ways[][4] = {
		{"run",      "--report",      "--unfold", NULL},
		{ "run",     "--dialog",      NULL,       NULL},
		{ "run",     "--eavesdrop",   "pc",       NULL},
		{ "mailbox", "--user=bob",    "--at=5s",  NULL},
		{ "state",   "--at=5s",       NULL,       NULL},
		{ "narrate", NULL,            NULL,       NULL},
		{ "quiz",    NULL,            NULL,       NULL},
		{ "compare", NULL,            NULL,       NULL},
		{ "step",    "--plain",       NULL,       NULL},
		{ "run",     "--format=json", NULL,       NULL},
	};
	char *own = folder_new();
	g_autofree char *path = scenario_write(own, text);
	const char *const *way = ways[_i];
	struct outcome *outcome = program_run(way[0], path, way[1], way[2], NULL);

	ck_assert_status(outcome, 0);
	ck_assert_uint_gt(outcome->out_bytes, 0);
	for (const char *at = outcome->out; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		ck_assert_msg(character == '\n' || character == '\t' ||
				  !g_unichar_iscntrl(character),
			      "%s prints control character 0x%02x", way[0], character);
		ck_assert_uint_ne(character, 0x202e);
	}
	outcome_free(outcome);
	folder_remove(own);
}
END_TEST

/* The network of office, in which only these questions are asked. */
static const char questions[] =
    "timeline:\n"
    "  - {at: 1s, who: bob-pc, do: dig, name: office.example, type: MX}\n"
    "  - {at: 2s, who: bob-pc, do: dig, name: www.remote.example, server: root}\n"
    "expect:\n"
    "  - {dig: found, name: office.example, type: MX, answer: 10 mail.office.example}\n"
    "  - {dig: found, name: office.example, type: MX, answer: 10 mail.office.example.}\n"
    "  - {dig: found, name: office.example, type: MX, answer: \"10   MAIL.office.example.\"}\n"
    "  - {dig: referral, name: www.remote.example, answer: dns.remote.example.}\n"
    "  - {dig: found, name: office.example, type: MX, answer: 20 mail.office.example}\n"
    "  - {dig: no-data, name: www.remote.example}\n";

START_TEST(answers_of_dns_are_met_as_a_zone_file_writes_them)
{
	g_autofree char *office = NULL, *path = path_in(folder, "dig.yaml");
	g_autofree char *text = NULL;
	struct outcome *outcome;

	ck_assert(g_file_get_contents("scenarios/office.yaml", &office, NULL, NULL));
	*strstr(office, "\ntimeline:") = '\0';
	text = g_strconcat(office, "\n", questions, NULL);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
	outcome = program_run("run", path, NULL);
	ck_assert_status(outcome, 1);
	ck_assert_uint_eq(occurrences(outcome->out, "  as expected  "), 4);
	ck_assert_uint_eq(occurrences(outcome->out, "  NOT AS EXPECTED  "), 2);
	ck_assert_ptr_nonnull(strstr(outcome->out, "; the answer was 10 mail.office.example"));
	ck_assert_ptr_nonnull(
	    strstr(outcome->out, "; the answer was a referral to dns.remote.example"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "DNS: referral: www.remote.example"));
	outcome_free(outcome);
}
END_TEST

/* The first line of a scenario names a schema that is there. */
static void check_schema(const char *path)
{
	static const char line[] = "# yaml-language-server: $schema=";
	GBytes *bytes = file_read(path);
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_autofree char *schema = NULL;

	ck_assert_msg(g_str_has_prefix(text, line), "%.200s", text);
	*strchr(text, '\n') = '\0';
	schema = g_filename_from_uri(text + sizeof line - 1, NULL, NULL);
	ck_assert_msg(schema != NULL && g_file_test(schema, G_FILE_TEST_IS_REGULAR), "%s", text);
	g_bytes_unref(bytes);
}

/* From any folder a program that is not installed knows the scenarios of its source. */
START_TEST(what_is_built_finds_its_scenarios_from_anywhere)
{
	const struct surroundings there = { .folder = folder };
	const char *const check[] = { "check", "hello", NULL };
	struct outcome *outcome = program_run_in(&there, check);

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
}
END_TEST

/* What is shown of a scenario says where it is one, and is one there. */
START_TEST(show_says_where_attachments_are)
{
	struct outcome *shown = program_run("show", "office", NULL);
	g_autofree char *path = scenario_write(folder, shown->out);
	struct outcome *checked = program_run("check", path, NULL);
	g_autofree char *scenarios = g_canonicalize_filename("scenarios", NULL);

	ck_assert_status(shown, 0);
	ck_assert_status(checked, 0);
	check_schema(path);
	ck_assert_ptr_nonnull(strstr(shown->err, scenarios));
	outcome_free(shown);
	outcome_free(checked);
}
END_TEST

START_TEST(new_makes_a_scenario_that_runs_and_overwrites_nothing)
{
	const struct surroundings there = { .folder = folder };
	const char *const new_one[] = { "new", "mine", NULL };
	const char *const run_it[] = { "run", "mine.yaml", "--quiet", NULL };
	struct outcome *outcomes[] = { program_run_in(&there, new_one),
				       program_run_in(&there, run_it),
				       program_run_in(&there, new_one) };

	g_autofree char *path = path_in(folder, "mine.yaml");

	ck_assert_status(outcomes[0], 0);
	ck_assert_status(outcomes[1], 0);
	ck_assert_int_ge(outcomes[2]->status, 2);
	check_schema(path);
	for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++)
		outcome_free(outcomes[i]);
}
END_TEST

START_TEST(list_shows_every_scenario_with_its_title)
{
	GPtrArray *paths = all_scenarios();
	struct outcome *outcome = program_run("list", NULL);

	ck_assert_status(outcome, 0);
	for (guint i = 0; i < paths->len; i++) {
		struct scenario *scenario = load_good_file(paths->pdata[i]);

		ck_assert_msg(strstr(outcome->out, scenario->title) != NULL, "%s", scenario->title);
		scenario_free(scenario);
	}
	outcome_free(outcome);
	g_ptr_array_free(paths, TRUE);
}
END_TEST

#define HELLO_EXPECTING                                                                            \
	"mailwire: 1\nhosts: {alice-pc: , bob-pc: , mail: }\n"                                     \
	"domains: {d.example: {accounts: {alice: , bob: }}}\n"                                     \
	"clients: {alice: {host: alice-pc}, bob: {host: bob-pc, incoming: pop3}}\n"                \
	"timeline: [{at: 1s, who: alice, do: send, to: bob, subject: Hi}, "                        \
	"{at: 3s, who: bob, do: check}]\n"                                                         \
	"expect:\n  - {"

/* An expectation, and what is said of it when the run is cut off at 2 s, and when it is not. */
static const struct {
	const char *expectation, *when_cut, *at_the_end;
} expectations[] = {
	{"message: Hi, is: composed",                                 "as expected",     "as expected"    },
	{ "message: Hi, is: composed, times: 1",                      "not judged",      "as expected"    },
	{ "message: Hi, is: composed, times: 0",                      "NOT AS EXPECTED", "NOT AS EXPECTED"},
	{ "message: Hi, is: retrieved, by: bob",                      "not judged",      "as expected"    },
	{ "message: Hi, is: read",				    "not judged",      "NOT AS EXPECTED"},
	{ "mailbox: bob, messages: 0, at: 900ms",                     "as expected",     "as expected"    },
	{ "mailbox: bob, messages: 1, at: 900ms",                     "NOT AS EXPECTED", "NOT AS EXPECTED"},
	{ "mailbox: bob, messages: 1, at: 2900ms",                    "not judged",      "as expected"    },
	{ "mailbox: bob, messages: 2, at: 2900ms",                    "not judged",      "NOT AS EXPECTED"},
	{ "mailbox: bob, messages: 1",                                "not judged",      "NOT AS EXPECTED"},
	{ "mailbox: bob, messages: 1, within: 2s",                    "not judged",      "NOT AS EXPECTED"},
	{ "message: Hi, is: retrieved, within: 1s, since: delivered", "not judged",
         "NOT AS EXPECTED"										},
	{ "message: Hi, is: retrieved, within: 3s, since: delivered", "not judged",      "as expected"    },
	{ "message: Hi, is: retrieved, since: bounced",               "not judged",      "NOT AS EXPECTED"},
	{ "bytes: 1.., node: bob-pc, port: 110",                      "not judged",      "as expected"    },
	{ "bytes: 0, node: bob-pc, port: 25",                         "not judged",      "as expected"    },
	{ "bytes: ..10, node: alice-pc, port: 587",                   "NOT AS EXPECTED", "NOT AS EXPECTED"},
	{ "device: bob, messages: 0",                                 "not judged",      "NOT AS EXPECTED"},
	{ "device: bob, messages: 1",                                 "not judged",      "as expected"    },
	{ "dropped: 0",					       "not judged",      "as expected"    },
	{ "connection: established, to: mail, port: 587",             "as expected",     "as expected"    },
};

static void check_verdict(const char *path, const char *until, const char *wanted)
{
	struct outcome *outcome = until == NULL ? program_run("run", path, NULL)
						: program_run("run", path, "--until", until, NULL);
	g_autofree char *line = g_strdup_printf("\n  %s  %s:7  ", wanted, path);

	ck_assert_status(outcome, strcmp(wanted, "NOT AS EXPECTED") == 0 ? 1 : 0);
	ck_assert_msg(strstr(outcome->out, line) != NULL, "no \"%s\" in %s", line,
		      strstr(outcome->out, "\nSummary"));
	if (strcmp(wanted, "not judged") == 0)
		ck_assert_ptr_nonnull(strstr(outcome->out, " (after --until)\n"));
	outcome_free(outcome);
}

START_TEST(what_could_still_change_is_not_judged)
{
	g_autofree char *text =
	    g_strconcat(HELLO_EXPECTING, expectations[_i].expectation, "}\n", NULL);
	char *path = scenario_write(folder, text);

	check_verdict(path, "2s", expectations[_i].when_cut);
	check_verdict(path, NULL, expectations[_i].at_the_end);
	check_verdict(path, "1h", expectations[_i].at_the_end); /* all was quiet before */
	g_free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");
	TCase *tests = tcase_create("command");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, trace_log_and_summary_agree_on_what_was_dropped, 0,
			    (int)G_N_ELEMENTS(dropping));
	tcase_add_loop_test(tests, every_command_has_help_with_an_example, 0,
			    (int)G_N_ELEMENTS(commands));
	tcase_add_loop_test(tests, wrong_usage_ends_with_2_and_a_hint, 0, (int)G_N_ELEMENTS(wrong));
	tcase_add_loop_test(tests, what_cannot_be_written_ends_with_3, 0,
			    (int)G_N_ELEMENTS(unwritable));
	tcase_add_test(tests, manual_and_completion_know_every_command_and_option);
	tcase_add_loop_test(tests, a_selection_of_nothing_is_said, 0,
			    (int)G_N_ELEMENTS(selections));
	tcase_add_loop_test(tests, a_full_standard_output_ends_with_3, 0,
			    (int)G_N_ELEMENTS(to_full));
	tcase_add_loop_test(tests, a_reader_that_leaves_is_no_error_to_speak_of, 0,
			    (int)G_N_ELEMENTS(read_in_part));
	tcase_add_test(tests, quiet_leaves_out_what_was_not_asked_for);
	tcase_add_test(tests, a_capture_goes_where_it_was_asked_to);
	tcase_add_test(tests, a_folder_holds_what_was_asked_for);
	tcase_add_test(tests, an_interrupted_run_leaves_no_half_file);
	tcase_add_test(tests, no_line_is_longer_than_the_columns);
	tcase_add_test(tests, the_log_names_the_user_and_writes_utf8);
	tcase_add_test(tests, the_summary_tells_what_became_of_each_mail);
	tcase_add_test(tests, the_summary_tells_expectations_apart);
	tcase_add_test(tests, colour_is_for_terminals_and_not_with_no_color);
	tcase_add_test(tests, layer_keeps_only_these_layers);
	tcase_add_test(tests, host_keeps_only_these_hosts);
	tcase_add_test(tests, message_keeps_what_belongs_to_one_mail_with_its_dns_and_arp);
	tcase_add_test(tests, the_log_of_tls_alone_and_of_what_is_in_it);
	tcase_add_test(tests, a_certificate_is_issued_for_a_real_server);
	tcase_add_test(tests, no_label_of_an_issued_name_is_longer_than_63);
	tcase_add_test(tests, the_filters_of_the_log_are_those_of_the_json_too);
	tcase_add_loop_test(tests, the_filters_of_the_log_are_those_of_the_dialog_too, 0,
			    (int)G_N_ELEMENTS(dialogs));
	tcase_add_loop_test(tests, the_summary_says_how_to_look_at_the_capture, 0,
			    (int)G_N_ELEMENTS(hints));
	tcase_add_test(tests, dialog_shows_every_connection_and_both_sides);
	tcase_add_test(tests, report_prints_ledgers_that_balance);
	tcase_add_test(tests, state_shows_listeners_connections_and_caches_of_that_moment);
	tcase_add_test(tests, state_goes_on_behind_the_end_of_the_run);
	tcase_add_test(tests, mailbox_shows_what_is_there_and_raw_its_bytes);
	tcase_add_test(tests, step_goes_on_and_back_and_to_the_next_host_and_command);
	tcase_add_test(tests, topology_names_every_node_address_and_account);
	tcase_add_test(tests, what_never_leaves_a_host_is_no_frame);
	tcase_add_test(tests, what_a_router_cannot_send_has_the_headers_it_made);
	tcase_add_test(tests, what_a_host_sends_itself_is_told);
	tcase_add_test(tests, what_a_host_sends_itself_needs_no_ethernet);
	tcase_add_test(tests, titles_use_the_whole_width);
	tcase_add_test(tests, dialling_does_not_cut_a_block);
	tcase_add_test(tests, retransmissions_are_counted_on_wires);
	tcase_add_loop_test(tests, what_a_mail_says_does_not_act_on_a_terminal, 0, 10);
	tcase_add_test(tests, a_switch_that_is_named_is_not_folded);
	tcase_add_test(tests, answers_of_dns_are_met_as_a_zone_file_writes_them);
	tcase_add_test(tests, what_is_built_finds_its_scenarios_from_anywhere);
	tcase_add_test(tests, show_says_where_attachments_are);
	tcase_add_test(tests, new_makes_a_scenario_that_runs_and_overwrites_nothing);
	tcase_add_test(tests, list_shows_every_scenario_with_its_title);
	tcase_add_test(tests, progress_is_shown_where_no_log_is_read);
	tcase_add_test(tests, progress_does_not_mix_with_the_log);
	tcase_add_loop_test(tests, what_could_still_change_is_not_judged, 0,
			    (int)G_N_ELEMENTS(expectations));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
