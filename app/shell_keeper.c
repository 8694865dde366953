#include "app/shell_keeper.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS  1000 /* of a command that was asked to end */
#define GRACE_MS     200  /* of what it left behind */
#define GIVING_UP_MS 2000 /* for what even SIGKILL does not end */
#define ROUND_MS     10

static _Noreturn void become(char *const *command)
{
	sigset_t none;
	int why;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	execvp(command[0], command);
	why = errno;
	fprintf(stderr, "mailwire: %s: %s\n", *command[0] != '\0' ? command[0] : "\"\"",
		g_strerror(why));
	_exit(why == ENOENT ? SHELL_MISSING : SHELL_NOT_RUN);
}

/* The parent of process `pid` (proc(5): behind the name, which may hold anything); -1: it is gone. */
static pid_t parent_of(const char *pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid), *text = NULL;
	const char *behind;
	int parent;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return -1;
	behind = strrchr(text, ')');
	return behind != NULL && sscanf(behind, ") %*c %d", &parent) == 1 ? parent : -1;
}

static void signal_children(int number)
{
	GDir *processes = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (processes != NULL && (name = g_dir_read_name(processes)) != NULL)
		if (g_ascii_isdigit(*name) && parent_of(name) == getpid())
			kill((pid_t)strtol(name, NULL, 10), number);
	if (processes != NULL)
		g_dir_close(processes);
}

/* Takes in who has ended; true when the command is among them: `status` is its own then. */
static bool reap(pid_t command, int *status, bool *has_children)
{
	bool is_over = false;
	int one;
	pid_t pid;

	while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		is_over = true;
		*status = one;
	}
	*has_children = pid == 0;
	return is_over;
}

/* Whoever loses its parent becomes a child of ours: so in the end all are found. */
static void end_children(void)
{
	bool has_children;
	int status;

	for (int waited_ms = 0; waited_ms < GIVING_UP_MS; waited_ms += ROUND_MS) {
		reap(-1, &status, &has_children);
		if (!has_children)
			return;
		if (waited_ms < GRACE_MS) {
			signal_children(SIGHUP);
			signal_children(SIGTERM);
			signal_children(SIGCONT);
		} else {
			signal_children(SIGKILL);
		}
		g_usleep(ROUND_MS * 1000);
	}
}

/* Waits for the command's end; returns its status as of waitpid(). */
static int wait_for(pid_t command, const sigset_t *signals)
{
	static const struct timespec patience = { PATIENCE_MS / 1000,
						  PATIENCE_MS % 1000 * 1000000 };
	bool is_asked = false, has_children = true;
	int status = 0;

	while (!reap(command, &status, &has_children) && has_children) {
		int number =
		    is_asked ? sigtimedwait(signals, NULL, &patience) : sigwaitinfo(signals, NULL);

		if (number == SIGHUP || number == SIGTERM) {
			is_asked = true;
			kill(command, SIGHUP);
			kill(command, SIGTERM);
		} else if (number < 0 && errno == EAGAIN) {
			kill(command, SIGKILL);
		}
	}
	return status;
}

void shell_keeper_run(char *const *command)
{
	static const int of_the_terminal[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t signals;
	pid_t pid;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	pid = fork();
	if (pid == 0)
		become(command);
	if (pid < 0) {
		fprintf(stderr, "mailwire: %s: %s\n", command[0], g_strerror(errno));
		_exit(SHELL_NOT_RUN);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(of_the_terminal); i++)
		signal(of_the_terminal[i], SIG_IGN);
	status = wait_for(pid, &signals);
	end_children();
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
