#include "tests/app/typist.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/app/program.h"

#define PATIENCE_MS 20000

static void run_program(const char *kind, const char *const *arguments)
{
	GPtrArray *all = g_ptr_array_new();

	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
	signal(SIGINT, SIG_DFL); /* a shell's background jobs ignore both */
	signal(SIGHUP, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	setenv("TERM", kind, 1);
	g_ptr_array_add(all, (gpointer)program_path());
	for (; *arguments != NULL; arguments++)
		g_ptr_array_add(all, (gpointer)*arguments);
	g_ptr_array_add(all, NULL);
	execv(program_path(), (char **)all->pdata);
	_exit(127);
}

/* A job is stopped by the terminal only when a shell of the same session could continue it. */
static void run_shell(const char *terminal, int statuses, const char *kind,
		      const char *const *arguments)
{
	pid_t program;
	int status;

	setsid();
	for (int i = 0; i < 3; i++)
		close(i);
	if (open(terminal, O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
		_exit(126);
	ioctl(0, TIOCSCTTY, 0);
	program = fork();
	if (program == 0)
		run_program(kind, arguments);
	if (write(statuses, &program, sizeof program) != sizeof program)
		_exit(126);
	while (waitpid(program, &status, WUNTRACED) == program) {
		if (write(statuses, &status, sizeof status) != sizeof status || !WIFSTOPPED(status))
			break;
	}
	_exit(0);
}

void typist_start(struct typist *typist, const char *kind, const char *const *arguments)
{
	int pipe_ends[2];

	*typist = (struct typist) { .screen = g_string_new(NULL) };
	typist->keyboard = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(typist->keyboard, 0);
	ck_assert_int_eq(grantpt(typist->keyboard), 0);
	ck_assert_int_eq(unlockpt(typist->keyboard), 0);
	typist->terminal = open(ptsname(typist->keyboard), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(typist->terminal, 0);
	typist_resize(typist, 80, 24);
	ck_assert_int_eq(tcgetattr(typist->terminal, &typist->before), 0);
	ck_assert_int_eq(pipe(pipe_ends), 0);
	typist->statuses = pipe_ends[0];
	typist->shell = fork();
	if (typist->shell == 0)
		run_shell(ptsname(typist->keyboard), pipe_ends[1], kind, arguments);
	close(pipe_ends[1]);
	ck_assert_int_eq(read(typist->statuses, &typist->program, sizeof(pid_t)), sizeof(pid_t));
}

void typist_type(struct typist *typist, const char *keys)
{
	g_string_truncate(typist->screen, 0);
	ck_assert_int_eq(write(typist->keyboard, keys, strlen(keys)), (ssize_t)strlen(keys));
}

bool typist_look(struct typist *typist, int wait_ms)
{
	struct pollfd source = { .fd = typist->keyboard, .events = POLLIN };
	char bytes[4096];
	ssize_t count;

	if (poll(&source, 1, wait_ms) <= 0)
		return false;
	count = read(typist->keyboard, bytes, sizeof bytes);
	if (count > 0)
		g_string_append_len(typist->screen, bytes, count);
	return count > 0;
}

void typist_expect(struct typist *typist, const char *text)
{
	while (strstr(typist->screen->str, text) == NULL)
		if (!typist_look(typist, PATIENCE_MS))
			ck_abort_msg("\"%s\" does not come out; this did: %.1500s", text,
				     typist->screen->str);
}

int typist_wait(struct typist *typist)
{
	struct pollfd source = { .fd = typist->statuses, .events = POLLIN };
	int status = -1;

	/* It may wait for its output to be read. */
	while (poll(&source, 1, 10) == 0)
		typist_look(typist, 10);
	ck_assert_int_eq(read(typist->statuses, &status, sizeof status), sizeof status);
	while (typist_look(typist, 0))
		;
	return status;
}

bool typist_has_terminal_back(const struct typist *typist)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(typist->terminal, &now), 0);
	return now.c_lflag == typist->before.c_lflag && now.c_iflag == typist->before.c_iflag &&
	       now.c_oflag == typist->before.c_oflag;
}

void typist_resize(struct typist *typist, unsigned columns, unsigned rows)
{
	struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows };

	ck_assert_int_eq(ioctl(typist->keyboard, TIOCSWINSZ, &size), 0);
}

void typist_clear(struct typist *typist)
{
	waitpid(typist->shell, NULL, 0);
	close(typist->keyboard);
	close(typist->terminal);
	close(typist->statuses);
	g_string_free(typist->screen, TRUE);
}
