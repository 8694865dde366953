#include "app/shell_namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "app/live_device.h"
#include "app/shell_keeper.h"

#define PATIENCE_MS 4000 /* more than app/shell_keeper.c has */

/* What the child tells its parent: no text means that all is well, and a descriptor comes along. */
struct report {
	char text[512];
};

static void fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_propagate_error(error,
			  g_error_new_valist(G_FILE_ERROR, G_FILE_ERROR_FAILED, format, arguments));
	va_end(arguments);
}

/* ---- Namespaces ---- */

static bool write_file(const char *path, const char *text)
{
	int descriptor = open(path, O_WRONLY | O_CLOEXEC);
	bool is_written = descriptor >= 0 && write(descriptor, text, strlen(text)) > 0;

	if (descriptor >= 0)
		close(descriptor);
	return is_written;
}

/* We are root inside, and ourselves outside (user_namespaces(7)). */
static bool map_users(uid_t user, gid_t group)
{
	char users[32], groups[32];

	g_snprintf(users, sizeof users, "0 %u 1", user);
	g_snprintf(groups, sizeof groups, "0 %u 1", group);
	write_file("/proc/self/setgroups", "deny");
	return write_file("/proc/self/uid_map", users) && write_file("/proc/self/gid_map", groups);
}

static bool make_namespaces(GError **error)
{
	const int wanted = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;
	uid_t user = geteuid();
	gid_t group = getegid();

	if (user == 0 && unshare(wanted) == 0)
		return true;
	if (unshare(wanted | CLONE_NEWUSER) == 0 && map_users(user, group))
		return true;
	if (user == 0)
		fail(error,
		     "this system does not allow network namespaces (%s); in a container, start "
		     "that with --privileged, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN "
		     "--device /dev/net/tun",
		     g_strerror(errno));
	else
		fail(error,
		     "this system does not let users make network namespaces (%s); run it as "
		     "root (sudo mailwire shell ...), or allow them: sudo sysctl -w "
		     "kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000 (on Ubuntu "
		     "also kernel.apparmor_restrict_unprivileged_userns=0)",
		     g_strerror(errno));
	return false;
}

/* ---- Files of the system that say who answers names ---- */

static bool write_and_bind(const char *folder, const char *path, const char *text)
{
	g_autofree char *file = g_build_filename(folder, "file", NULL);
	int descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bool is_done = descriptor >= 0 &&
		       write(descriptor, text, strlen(text)) == (ssize_t)strlen(text) &&
		       fchmod(descriptor, 0644) == 0 && mount(file, path, NULL, MS_BIND, NULL) == 0;

	if (descriptor >= 0)
		close(descriptor);
	return is_done;
}

/*
 * Shows `text` in place of the file `path`, which must exist. What is shown is in a file system of its
 * own, which the mount keeps: nothing can be mounted on a file that was unlinked, as the next
 * mailwire shell inside this one wants to.
 */
static bool replace_file(const char *path, const char *text)
{
	g_autofree char *folder = g_dir_make_tmp("mailwire-XXXXXX", NULL);
	bool is_done = false;

	if (folder == NULL)
		return false;
	if (mount("none", folder, "tmpfs", 0, "mode=755") == 0) {
		is_done = write_and_bind(folder, path, text);
		int why = errno;

		umount2(folder, MNT_DETACH);
		errno = why;
	}
	int why = errno;

	rmdir(folder);
	errno = why;
	return is_done;
}

/* Programs ask DNS alone: helpers outside would answer with the names of the real world. */
static void hide_other_resolvers(void)
{
	char *text = NULL;
	GString *changed = g_string_new(NULL);

	if (g_file_get_contents("/etc/nsswitch.conf", &text, NULL, NULL)) {
		char **lines = g_strsplit(text, "\n", -1);

		for (char **line = lines; *line != NULL; line++)
			g_string_append_printf(
			    changed, "%s\n",
			    g_str_has_prefix(*line, "hosts:") ? "hosts: files dns" : *line);
		replace_file("/etc/nsswitch.conf", changed->str);
		g_strfreev(lines);
	}
	if (access("/run/nscd", F_OK) == 0)
		mount("none", "/run/nscd", "tmpfs", 0, NULL);
	g_string_free(changed, TRUE);
	g_free(text);
}

/* The host knows its own name, and no others of the real world. */
static void set_own_name(const struct shell_network *network)
{
	char address[IPV4_TEXT_BYTES];
	g_autofree char *text =
	    g_strdup_printf("# Made by mailwire shell.\n127.0.0.1 localhost\n%s %s\n",
			    ipv4_print(network->address, address), network->host_name);

	replace_file("/etc/hosts", text);
}

static bool set_resolver(const struct shell_network *network, GError **error)
{
	char server[IPV4_TEXT_BYTES];
	GString *text = g_string_new("# Made by mailwire shell.\n");
	bool is_done;

	/* Nothing of this must be seen outside. */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "mounts cannot be made private: %s", g_strerror(errno));
		g_string_free(text, TRUE);
		return false;
	}
	if (network->name_server != 0)
		g_string_append_printf(text, "nameserver %s\n",
				       ipv4_print(network->name_server, server));
	if (network->domain != NULL)
		g_string_append_printf(text, "search %s\n", network->domain);
	is_done = replace_file("/etc/resolv.conf", text->str);
	if (!is_done)
		fail(error, "/etc/resolv.conf cannot be replaced inside: %s; does the file exist?",
		     g_strerror(errno));
	g_string_free(text, TRUE);
	hide_other_resolvers();
	set_own_name(network);
	return is_done;
}

/* ---- The interface ---- */

static void put_address(struct sockaddr *out, uint32_t address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };

	memcpy(out, &in, sizeof in);
}

static bool bring_up(int descriptor, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_UP | IFF_RUNNING };

	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	return ioctl(descriptor, SIOCSIFFLAGS, &request) == 0;
}

static bool set_addresses(int descriptor, const struct shell_network *network)
{
	struct ifreq request = { .ifr_mtu = (int)network->mtu_bytes };

	g_strlcpy(request.ifr_name, SHELL_INTERFACE, sizeof request.ifr_name);
	if (ioctl(descriptor, SIOCSIFMTU, &request) != 0)
		return false;
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, network->mac.octets, sizeof network->mac.octets);
	if (ioctl(descriptor, SIOCSIFHWADDR, &request) != 0)
		return false;
	put_address(&request.ifr_addr, network->address);
	if (ioctl(descriptor, SIOCSIFADDR, &request) != 0)
		return false;
	put_address(&request.ifr_netmask, ipv4_mask(network->prefix_length));
	return ioctl(descriptor, SIOCSIFNETMASK, &request) == 0;
}

static bool add_default_route(int descriptor, uint32_t gateway)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };

	put_address(&route.rt_dst, 0);
	put_address(&route.rt_genmask, 0);
	put_address(&route.rt_gateway, gateway);
	return ioctl(descriptor, SIOCADDRT, &route) == 0;
}

static bool configure(const struct shell_network *network, GError **error)
{
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_done = bring_up(descriptor, "lo") && set_addresses(descriptor, network) &&
		       bring_up(descriptor, SHELL_INTERFACE) &&
		       (network->gateway == 0 || add_default_route(descriptor, network->gateway));

	if (!is_done)
		fail(error, "the interface " SHELL_INTERFACE " inside: %s", g_strerror(errno));
	close(descriptor);
	return is_done;
}

static int make_interface(const struct shell_network *network, GError **error)
{
	int tap;

	/* The simulated networks have no IPv6: without it no packets of it puzzle anyone. */
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	/* Anyone may ping. */
	write_file("/proc/sys/net/ipv4/ping_group_range", "0 0");
	tap = live_device_make_tap(SHELL_INTERFACE, error);
	if (tap >= 0 && !configure(network, error)) {
		close(tap);
		return -1;
	}
	return tap;
}

/* ---- Child and parent ---- */

static void send_report(int lifeline, int tap, const GError *error)
{
	struct report report = { .text = "" };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof tap)] = { 0 };
	struct iovec part = { &report, sizeof report };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (error != NULL) {
		g_strlcpy(report.text, error->message, sizeof report.text);
	} else {
		message.msg_control = control;
		message.msg_controllen = sizeof control;
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);

		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof tap);
		memcpy(CMSG_DATA(head), &tap, sizeof tap);
	}
	sendmsg(lifeline, &message, MSG_NOSIGNAL);
}

static bool receive_report(int lifeline, int *tap, GError **error)
{
	struct report report = { .text = "" };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof *tap)];
	struct iovec part = { &report, sizeof report };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	ssize_t length = recvmsg(lifeline, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	if (head != NULL && head->cmsg_type == SCM_RIGHTS) {
		memcpy(tap, CMSG_DATA(head), sizeof *tap);
		return true;
	}
	report.text[sizeof report.text - 1] = '\0';
	fail(error, "%s",
	     report.text[0] != '\0' ? report.text : "the process inside ended too early");
	return false;
}

static _Noreturn void run_child(int lifeline, const struct shell_network *network,
				char *const *command)
{
	GError *error = NULL;
	int tap = -1;
	char go;

	if (make_namespaces(&error) && set_resolver(network, &error)) {
		sethostname(network->host_name, strlen(network->host_name));
		tap = make_interface(network, &error);
	}
	send_report(lifeline, tap, error);
	if (tap < 0 || read(lifeline, &go, 1) != 1)
		_exit(EXIT_FAILURE);
	close(tap);
	shell_keeper_run(command);
}

bool shell_process_start(struct shell_process *process, const struct shell_network *network,
			 char *const *command, GError **error)
{
	int ends[2];

	*process = (struct shell_process) { .pid = -1, .tap = -1, .lifeline = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
	    (process->pid = fork()) < 0) {
		fail(error, "no new process: %s", g_strerror(errno));
		return false;
	}
	if (process->pid == 0) {
		close(ends[0]);
		run_child(ends[1], network, command);
	}
	close(ends[1]);
	process->lifeline = ends[0];
	if (receive_report(process->lifeline, &process->tap, error))
		return true;
	shell_process_finish(process);
	return false;
}

void shell_process_go(struct shell_process *process)
{
	(void)!write(process->lifeline, "g", 1);
}

static bool has_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

int shell_process_finish(struct shell_process *process)
{
	int status = 0;

	if (process->pid < 0)
		return EXIT_FAILURE;
	close(process->lifeline);
	if (!has_ended(process->pid, &status)) {
		bool is_over = false;

		kill(process->pid, SIGHUP);
		kill(process->pid, SIGTERM);
		for (int waited_ms = 0; !is_over && waited_ms < PATIENCE_MS; waited_ms += 10) {
			g_usleep(10000);
			is_over = has_ended(process->pid, &status);
		}
		if (!is_over) {
			kill(process->pid, SIGKILL);
			waitpid(process->pid, &status, 0);
		}
	}
	process->pid = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
