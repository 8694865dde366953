#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/scenario_private.h"

/* ---- Addresses ---- */

/* An address may be short: the local part of an account. NULL when it is of nobody known. */
static struct scenario_account *complete_mail_address(struct scenario *scenario,
						      const char **address)
{
	struct scenario_item *item = scenario_lookup(scenario, SCENARIO_ACCOUNT, *address);
	struct scenario_account *account = (struct scenario_account *)item;

	if (account != NULL)
		*address = account->address;
	return account;
}

void scenario_complete_recipients(struct scenario *scenario, GPtrArray *recipients)
{
	for (unsigned i = 0; i < recipients->len; i++) {
		struct scenario_recipient *recipient = g_ptr_array_index(recipients, i);

		if (recipient->address != NULL)
			recipient->account = complete_mail_address(scenario, &recipient->address);
	}
}

/* ---- Attachments ---- */

static const char *const types_by_ending[][2] = {
	{".csv",   "text/csv"        },
        { ".gif",  "image/gif"       },
	{ ".html", "text/html"       },
        { ".jpeg", "image/jpeg"      },
	{ ".jpg",  "image/jpeg"      },
        { ".json", "application/json"},
	{ ".pdf",  "application/pdf" },
        { ".png",  "image/png"       },
	{ ".txt",  "text/plain"      },
        { ".xml",  "application/xml" },
	{ ".zip",  "application/zip" },
};

static const char *type_of(const char *file)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types_by_ending); i++) {
		if (g_str_has_suffix(file, types_by_ending[i][0]))
			return types_by_ending[i][1];
	}
	return "application/octet-stream";
}

/*
 * The path of a file below the scenario's folder, symbolic links followed; NULL when there is no
 * such file or it is elsewhere.
 */
static char *path_below(const char *directory, const char *file)
{
	g_autofree char *joined = g_build_filename(directory, file, NULL);
	char *folder = realpath(directory, NULL);
	char *path = realpath(joined, NULL);
	g_autofree char *prefix =
	    folder == NULL ? NULL : g_strconcat(folder, strcmp(folder, "/") == 0 ? "" : "/", NULL);

	if (path != NULL && (prefix == NULL || !g_str_has_prefix(path, prefix)))
		g_clear_pointer(&path, free);
	free(folder);
	return path;
}

/* Reads at most ATTACHMENT_BYTES_MAX of a regular file. Returns NULL, or why it cannot be. */
static const char *read_file(const char *path, GBytes **content)
{
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return "it is not a file";
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return "it cannot be read";
	char *bytes = g_malloc(ATTACHMENT_BYTES_MAX + 1);
	size_t length = fread(bytes, 1, ATTACHMENT_BYTES_MAX + 1, file);
	bool has_failed = ferror(file) != 0;

	fclose(file);
	if (has_failed || length > ATTACHMENT_BYTES_MAX) {
		g_free(bytes);
		return has_failed ? "it cannot be read" : "it is longer than 2 MB";
	}
	*content = g_bytes_new_take(g_realloc(bytes, length + 1), length);
	return NULL;
}

static void load_attachment(struct load *load, struct scenario_attachment *attachment)
{
	const char *problem = NULL;

	if (load->directory == NULL) {
		problem = "the scenario is not in a folder";
	} else {
		char *path = path_below(load->directory, attachment->file);

		problem = path == NULL ? "there is no such file in the folder of the scenario"
				       : read_file(path, &attachment->content);
		free(path);
	}
	if (problem != NULL) {
		load_error(load, load_mark(load, &attachment->file, attachment),
			   "`%s` cannot be attached: %s", attachment->file, problem);
		return;
	}
	g_ptr_array_add(load->scenario->memory->contents, attachment->content);
}

/* What is attached is written in the scenario. */
static void take_text(struct load *load, struct scenario_attachment *attachment)
{
	if (attachment->shown_name == NULL) {
		load_error(load, attachment->item.mark,
			   "an attachment needs `file`, or `text` and `name`");
		attachment->shown_name = "";
	}
	if (attachment->text == NULL)
		return;
	if (attachment->type == NULL)
		attachment->type = type_of(attachment->shown_name);
	attachment->content = g_bytes_new_static(attachment->text, strlen(attachment->text));
	g_ptr_array_add(load->scenario->memory->contents, attachment->content);
}

static void complete_attachment(struct load *load, struct scenario_attachment *attachment)
{
	if (attachment->file == NULL) {
		take_text(load, attachment);
		return;
	}
	if (attachment->text != NULL)
		load_error(load, load_mark(load, &attachment->text, attachment),
			   "`file` and `text` cannot stand together");
	if (attachment->shown_name == NULL) {
		g_autofree char *name = g_path_get_basename(attachment->file);

		attachment->shown_name = scenario_string(load->scenario, name);
	}
	if (attachment->type == NULL)
		attachment->type = type_of(attachment->file);
	load_attachment(load, attachment);
}

/* ---- Actions ---- */

static void complete_actor(struct scenario_action *action)
{
	if (action->who == NULL)
		return;
	if (action->who->kind == SCENARIO_CLIENT) {
		action->client = (struct scenario_client *)action->who;
		action->host = action->client->host;
	} else {
		action->host = (struct scenario_node *)action->who;
	}
}

static void complete_pick(struct scenario_action *action)
{
	static const char *const words[] = { "newest", "oldest", "all" };

	action->pick = PICK_SUBJECT;
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(action->message, words[i]) == 0)
			action->pick = (enum scenario_pick)i;
	}
}

static void complete_text(struct scenario *scenario, struct scenario_action *action)
{
	if (action->text != NULL)
		return;
	if (action->verb == DO_SEND)
		action->text =
		    scenario_format(scenario, "This message is about: %s\n", action->subject);
	else if (action->verb == DO_REPLY)
		action->text = "Thank you for your message.\n";
}

/* A target without a dot is a name of the scenario; one with dots an address or a domain name. */
static void complete_target(struct scenario *scenario, struct scenario_action *action)
{
	const struct scenario_node *node;

	if (action->target == NULL || (action->verb != DO_PING && action->verb != DO_TELNET) ||
	    ipv4_parse(action->target, &action->target_address))
		return;
	node = action->target_node = (struct scenario_node *)scenario_lookup(
	    scenario, SCENARIO_HOST | SCENARIO_ROUTER, action->target);
	if (node != NULL && node->interfaces->len > 0)
		action->target_address =
		    ((const struct scenario_interface *)node->interfaces->pdata[0])->address;
}

static void complete_sender(struct scenario *scenario, struct scenario_action *action)
{
	if (action->from != NULL)
		complete_mail_address(scenario, &action->from);
	if (action->mail_from != NULL)
		complete_mail_address(scenario, &action->mail_from);
	else
		action->mail_from = action->from;
}

static void complete_action(struct load *load, struct scenario_action *action)
{
	struct scenario *scenario = load->scenario;

	complete_actor(action);
	scenario_complete_recipients(scenario, action->to);
	scenario_complete_recipients(scenario, action->cc);
	scenario_complete_recipients(scenario, action->bcc);
	complete_sender(scenario, action);
	complete_pick(action);
	complete_text(scenario, action);
	complete_target(scenario, action);
	if (action->verb == DO_DIG && action->server == NULL && action->host != NULL)
		action->server = action->host->resolver;
	for (unsigned i = 0; i < action->attachments->len; i++)
		complete_attachment(load, g_ptr_array_index(action->attachments, i));
}

void scenario_complete_timeline(struct load *load)
{
	struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->timeline->len; i++)
		complete_action(load, g_ptr_array_index(scenario->timeline, i));
	for (unsigned i = 0; i < scenario->expectations->len; i++) {
		struct scenario_expectation *expectation =
		    g_ptr_array_index(scenario->expectations, i);

		if (expectation->recipient != NULL)
			complete_mail_address(scenario, &expectation->recipient);
	}
}
