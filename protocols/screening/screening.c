#include "protocols/screening/screening.h"

#include <string.h>
#include "protocols/authentic/authentication_results.h"
#include "protocols/mail/marking.h"
#include "protocols/screening/stage.h"

struct screening {
	char *host_name;
	const struct screen_environment *environment;
	void *owner;
	GPtrArray *stages; /* of struct stage * */
};

/* What one stage left for the message. */
struct mark {
	bool has_passed;   /* it need not look again in this transaction */
	bool is_failed;    /* it failed, and the message goes on all the same */
	bool goes_to_junk; /* it failed, and is to be filed there */
	char *fields;      /* to be added to the header; NULL: none */
	void *kept;        /* what the stage found, for others; NULL: nothing */
	GDestroyNotify free_kept;
};

struct screen_marks {
	const struct screening *screening;
	struct mark *marks; /* by the index of the stage */
};

struct screen_run {
	struct screening *screening;
	struct screen_case subject;
	struct screen_marks *marks;
	const struct screen_events *events;
	void *owner;
	unsigned next;              /* index of the stage that comes next */
	struct stage *asked;        /* the one that has not answered; NULL: none */
	void *state;                /* what it holds until then */
	bool is_going;              /* on the stack already: an answer need not go on by itself */
	char *reply;                /* what refuses; NULL: nothing does */
	struct screen_parts *parts; /* made when a stage wants them */
};

/* The chain. */

static const struct stage_type *const types[SCREEN_KIND_COUNT] = {
	[SCREEN_SENDER] = &sender_stage, [SCREEN_GREYLIST] = &greylist_stage,
	[SCREEN_VIRUS] = &virus_stage,   [SCREEN_CONTENT] = &content_stage,
	[SCREEN_SPAM] = &spam_stage,     [SCREEN_SPF] = &spf_stage,
	[SCREEN_DKIM] = &dkim_stage,     [SCREEN_DMARC] = &dmarc_stage,
};

static void free_stage(gpointer data)
{
	struct stage *stage = data;

	g_free(stage->subject_prefix);
	if (stage->type->free != NULL)
		stage->type->free(stage);
	else
		g_free(stage);
}

static void add_stage(struct screening *screening, const struct screen_stage_config *config)
{
	const struct stage_type *type = config->type != NULL ? config->type : types[config->kind];
	struct stage *stage = type->create(config);

	stage->type = type;
	stage->screening = screening;
	stage->index = screening->stages->len;
	stage->action = config->action;
	stage->subject_prefix = g_strdup(config->subject_prefix);
	g_ptr_array_add(screening->stages, stage);
}

struct screening *screening_new(const struct screening_config *config)
{
	struct screening *screening = g_new0(struct screening, 1);

	screening->host_name = g_strdup(config->host_name);
	screening->environment = config->environment;
	screening->owner = config->owner;
	screening->stages = g_ptr_array_new_with_free_func(free_stage);
	for (unsigned i = 0; i < config->stage_count; i++)
		add_stage(screening, &config->stages[i]);
	return screening;
}

void screening_free(struct screening *screening)
{
	if (screening == NULL)
		return;
	g_ptr_array_unref(screening->stages);
	g_free(screening->host_name);
	g_free(screening);
}

static struct stage *stage_at(const struct screening *screening, unsigned index)
{
	return g_ptr_array_index(screening->stages, index);
}

/* Marks. */

struct screen_marks *screen_marks_new(const struct screening *screening)
{
	struct screen_marks *marks = g_new0(struct screen_marks, 1);

	marks->screening = screening;
	marks->marks = g_new0(struct mark, screening->stages->len + 1);
	return marks;
}

static void drop_kept(struct mark *mark)
{
	if (mark->kept != NULL)
		mark->free_kept(mark->kept);
	mark->kept = NULL;
}

void screen_marks_reset(struct screen_marks *marks)
{
	for (unsigned i = 0; i < marks->screening->stages->len; i++) {
		drop_kept(&marks->marks[i]);
		g_free(marks->marks[i].fields);
		marks->marks[i] = (struct mark) { 0 };
	}
}

void screen_marks_free(struct screen_marks *marks)
{
	if (marks == NULL)
		return;
	screen_marks_reset(marks);
	g_free(marks->marks);
	g_free(marks);
}

bool screen_marks_quarantine(const struct screen_marks *marks)
{
	for (unsigned i = 0; i < marks->screening->stages->len; i++)
		if (marks->marks[i].goes_to_junk)
			return true;
	return false;
}

/* The fields that the stages of the chain write: whoever sent the message may not have written them. */
static GArray *own_fields(const struct screening *screening)
{
	GArray *fields = g_array_new(FALSE, FALSE, sizeof(struct header_field_name));

	for (unsigned i = 0; i < screening->stages->len; i++) {
		const struct stage_field *field = stage_at(screening, i)->type->fields;

		for (; field->name != NULL; field++) {
			struct header_field_name name = {
				.name = field->name,
				.value_prefix = field->names_the_host ? screening->host_name : NULL,
			};

			g_array_append_val(fields, name);
		}
	}
	return fields;
}

static const char *subject_prefix(const struct screen_marks *marks)
{
	for (unsigned i = 0; i < marks->screening->stages->len; i++) {
		const struct stage *stage = stage_at(marks->screening, i);

		if (marks->marks[i].is_failed && stage->subject_prefix != NULL)
			return stage->subject_prefix;
	}
	return NULL;
}

/* Of several stages of one kind one speaks: the first that failed, else the first. */
static bool is_silent(const struct screen_marks *marks, unsigned index)
{
	const struct mark *own = &marks->marks[index];

	for (unsigned i = 0; i < marks->screening->stages->len; i++) {
		const struct mark *other = &marks->marks[i];

		if (i == index || other->fields == NULL ||
		    stage_at(marks->screening, i)->type != stage_at(marks->screening, index)->type)
			continue;
		if (other->is_failed > own->is_failed ||
		    (other->is_failed == own->is_failed && i < index))
			return true;
	}
	return own->fields == NULL;
}

/* Whether a stage tells of what it found as RFC 8601 has it: then nobody else may in our name. */
static bool writes_results(const struct screening *screening)
{
	for (unsigned i = 0; i < screening->stages->len; i++) {
		const struct stage_field *field = stage_at(screening, i)->type->fields;

		for (; field->name != NULL; field++)
			if (strcmp(field->name, AUTHENTICATION_RESULTS_FIELD) == 0)
				return true;
	}
	return false;
}

GBytes *screen_marks_apply(const struct screen_marks *marks, GBytes *data)
{
	GArray *own = own_fields(marks->screening);
	GString *fields = g_string_new(NULL);
	GBytes *cleaned = writes_results(marks->screening)
			      ? authentication_results_remove(data, marks->screening->host_name)
			      : NULL;

	for (unsigned i = 0; i < marks->screening->stages->len; i++)
		if (!is_silent(marks, i))
			g_string_append(fields, marks->marks[i].fields);
	GBytes *marked =
	    message_mark(cleaned != NULL ? cleaned : data,
			 &(struct message_marking) {
			     .removed = (const struct header_field_name *)(const void *)own->data,
			     .removed_count = own->len,
			     .fields = fields->str,
			     .subject_prefix = subject_prefix(marks),
			 });

	g_clear_pointer(&cleaned, g_bytes_unref);
	g_string_free(fields, TRUE);
	g_array_unref(own);
	return marked;
}

/* Runs. */

struct screen_run *screen_run_new(struct screening *screening, const struct screen_case *subject,
				  struct screen_marks *marks, const struct screen_events *events,
				  void *owner)
{
	struct screen_run *run = g_new0(struct screen_run, 1);

	run->screening = screening;
	run->subject = *subject;
	run->marks = marks;
	run->events = events;
	run->owner = owner;
	return run;
}

static void free_run(struct screen_run *run)
{
	screen_parts_free(run->parts);
	g_free(run->reply);
	g_free(run);
}

static bool is_wanted(const struct screen_run *run, const struct stage *stage)
{
	const struct mark *mark = &run->marks->marks[stage->index];

	return stage->type->moments & run->subject.moment &&
	       !(stage->type->is_of_sender && mark->has_passed);
}

/* Asks one stage after the other, as long as they answer at once and refuse nothing. */
static void go_on(struct screen_run *run)
{
	run->is_going = true;
	while (run->asked == NULL && run->reply == NULL &&
	       run->next < run->screening->stages->len) {
		struct stage *stage = stage_at(run->screening, run->next++);

		if (!is_wanted(run, stage))
			continue;
		run->asked = stage;
		stage->type->check(stage, run);
	}
	run->is_going = false;
	if (run->asked != NULL)
		return;
	run->events->done(run->owner, run->reply);
	free_run(run);
}

void screen_run_start(struct screen_run *run)
{
	go_on(run);
}

void screen_run_cancel(struct screen_run *run)
{
	if (run == NULL)
		return;
	if (run->asked != NULL && run->asked->type->forget != NULL)
		run->asked->type->forget(run->asked, run);
	free_run(run);
}

/* For the stages. */

/* What is done now. */
static enum screen_action action_of(const struct stage *stage, const struct stage_answer *answer)
{
	if (answer->verdict != SCREEN_FAILED)
		return SCREEN_ACCEPT;
	return answer->is_limited ? stage_limited(stage, answer->limit) : stage->action;
}

static void leave_mark(struct screen_run *run, const struct stage *stage,
		       const struct stage_answer *answer)
{
	struct mark *mark = &run->marks->marks[stage->index];
	enum screen_action action = action_of(stage, answer);

	mark->has_passed = action < SCREEN_DEFER;
	mark->is_failed |= action == SCREEN_TAG || action == SCREEN_QUARANTINE;
	mark->goes_to_junk |= action == SCREEN_QUARANTINE;
	if (answer->fields == NULL)
		return;
	g_free(mark->fields);
	mark->fields = g_strdup(answer->fields);
}

void stage_answer(struct screen_run *run, struct stage_answer answer)
{
	struct stage *stage = g_steal_pointer(&run->asked);
	enum screen_action action = action_of(stage, &answer);

	run->events->found(run->owner, &(struct screen_finding) {
					   .kind = stage->type->kind,
					   .verdict = answer.verdict,
					   .action = action,
					   .evidence = answer.evidence,
				       });
	leave_mark(run, stage, &answer);
	if (action >= SCREEN_DEFER)
		run->reply = g_steal_pointer(&answer.reply);
	g_free(answer.evidence);
	g_free(answer.fields);
	g_free(answer.reply);
	if (!run->is_going)
		go_on(run);
}

void stage_answer_trusted(struct screen_run *run)
{
	GString *evidence = g_string_new(NULL);

	evidence_append(evidence, "login", run->subject.login);
	stage_answer(run, (struct stage_answer) { .verdict = SCREEN_SKIPPED,
						  .evidence = g_string_free(evidence, FALSE) });
}

void stage_set_state(struct screen_run *run, void *state)
{
	run->state = state;
}

void *stage_state(const struct screen_run *run)
{
	return run->state;
}

void stage_keep(struct screen_run *run, void *kept, GDestroyNotify free)
{
	struct mark *mark = &run->marks->marks[run->asked->index];

	drop_kept(mark);
	mark->kept = kept;
	mark->free_kept = free;
}

const void *stage_kept(const struct screen_run *run, enum screen_kind kind)
{
	for (unsigned i = 0; i < run->screening->stages->len; i++)
		if (stage_at(run->screening, i)->type->kind == kind &&
		    run->marks->marks[i].kept != NULL)
			return run->marks->marks[i].kept;
	return NULL;
}

void stage_judged(const struct stage *stage, const struct dmarc_judgement *judgement)
{
	const struct screening *screening = stage->screening;

	if (screening->environment->judged != NULL)
		screening->environment->judged(screening->owner, judgement);
}

enum screen_action stage_limited(const struct stage *stage, enum screen_action limit)
{
	return MIN(stage->action, limit);
}

struct dns_query *stage_ask(const struct stage *stage, const char *name, uint16_t type,
			    dns_done_fn *done, void *owner)
{
	const struct screening *screening = stage->screening;

	return screening->environment->ask(screening->owner, name, type, done, owner);
}

const struct screen_case *stage_case(const struct screen_run *run)
{
	return &run->subject;
}

const struct screen_parts *stage_parts(struct screen_run *run)
{
	if (run->parts == NULL)
		run->parts = screen_parts_new(run->subject.data);
	return run->parts;
}

const char *stage_host_name(const struct stage *stage)
{
	return stage->screening->host_name;
}

bool stage_is_local(const struct stage *stage, const char *domain)
{
	const struct screening *screening = stage->screening;

	return screening->environment->is_local(screening->owner, domain);
}

bool stage_owns(const struct stage *stage, const char *login, const char *address)
{
	const struct screening *screening = stage->screening;

	return screening->environment->owns(screening->owner, login, address);
}
