#include "app/live_device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "app/diagnostic.h"
#include "app/live_offload.h"
#include "stack/wire/ethernet.h"

#define TUN_PATH       "/dev/net/tun"
#define VLAN_TAG_BYTES 4
#define VLAN_TAG_AT    12 /* behind the two addresses */
#define VANISH_TRIALS  20
#define VANISH_WAIT_US 5000

struct live_device {
	char *name;
	unsigned index; /* the kernel's number of it; 0: another namespace's */
	int descriptor;
	bool is_tap;
	size_t frame_bytes_max;
	struct live_device_counters counters;
	/* Where the frames of one read go. */
	void (*receive)(void *owner, struct bytes frame);
	void *owner;
	/* Room in front for a VLAN tag that the kernel took off. */
	uint8_t buffer[VLAN_TAG_BYTES + OFFLOAD_FRAME_BYTES_MAX];
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

static struct live_device *device_new(const char *name, int descriptor, bool is_tap,
				      size_t mtu_bytes)
{
	struct live_device *device = g_new0(struct live_device, 1);

	device->name = g_strdup(name);
	device->index = if_nametoindex(name);
	device->descriptor = descriptor;
	device->is_tap = is_tap;
	device->frame_bytes_max = ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES + mtu_bytes;
	return device;
}

struct live_device *live_device_of_tap(int descriptor, const char *name, size_t mtu_bytes)
{
	return device_new(name, descriptor, true, mtu_bytes);
}

/* TAP devices. */

static bool is_tun_or_tap(const char *name)
{
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { .ifr_data = (char *)&driver };
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_known;

	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	is_known = ioctl(descriptor, SIOCETHTOOL, &request) == 0;
	close(descriptor);
	return is_known && strcmp(driver.driver, "tun") == 0;
}

static bool set_up_tap(int descriptor, const char *name, GError **error)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int header_bytes = sizeof(struct virtio_net_hdr);

	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	if (ioctl(descriptor, TUNSETIFF, &request) != 0) {
		if (errno == EBUSY)
			fail(error, "the TAP device %s is used by another program", name);
		else if (errno == EPERM)
			fail(error,
			     "no permission to use the TAP device %s: it belongs to another user; "
			     "try as root, or make it yours: ip tuntap add dev %s mode tap user "
			     "NAME",
			     name, name);
		else if (errno == EINVAL)
			fail(error,
			     "%s is a TUN device, which carries no Ethernet; it must be a TAP "
			     "device",
			     name);
		else
			fail(error, "the TAP device %s: %s", name, g_strerror(errno));
		return false;
	}
	/* Long frames cost one read instead of forty; finishing them is our work then. */
	ioctl(descriptor, TUNSETVNETHDRSZ, &header_bytes);
	ioctl(descriptor, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4);
	return true;
}

int live_device_make_tap(const char *name, GError **error)
{
	int descriptor = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (descriptor < 0 && (errno == EACCES || errno == EPERM))
		fail(error, "no permission to open " TUN_PATH "; try as root, or ask for it to be "
			    "readable and writable by all, as most systems have it");
	else if (descriptor < 0)
		fail(error,
		     TUN_PATH ": %s; load the driver: sudo modprobe tun (in a container: "
			      "--device " TUN_PATH ")",
		     g_strerror(errno));
	else if (!set_up_tap(descriptor, name, error))
		close(descriptor);
	else
		return descriptor;
	return -1;
}

/* Interfaces of other kinds. */

static bool set_option(int descriptor, int option, int value)
{
	return setsockopt(descriptor, SOL_PACKET, option, &value, sizeof value) == 0;
}

static bool bind_to(int descriptor, const char *name, unsigned index, GError **error)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)index,
	};
	struct packet_mreq everything = { .mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC };

	if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
	    setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything,
		       sizeof everything) != 0) {
		fail(error, "%s: %s", name, g_strerror(errno));
		return false;
	}
	return true;
}

static bool carries_ethernet(int descriptor, const char *name, GError **error)
{
	struct ifreq request = { .ifr_flags = 0 };

	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	if (ioctl(descriptor, SIOCGIFHWADDR, &request) != 0) {
		fail(error, "%s: %s", name, g_strerror(errno));
		return false;
	}
	if (request.ifr_hwaddr.sa_family == ARPHRD_ETHER)
		return true;
	fail(error, "%s is no Ethernet interface; a veth or a TAP device is one", name);
	return false;
}

static bool set_up_socket(int descriptor, const char *name, unsigned index, GError **error)
{
	const int buffer_bytes = 8 << 20;

	if (!carries_ethernet(descriptor, name, error))
		return false;
	/* Without the first nothing works; the others only tell more or cost less. */
	if (!set_option(descriptor, PACKET_VNET_HDR, 1)) {
		fail(error, "%s: %s", name, g_strerror(errno));
		return false;
	}
	set_option(descriptor, PACKET_IGNORE_OUTGOING, 1);
	set_option(descriptor, PACKET_AUXDATA, 1);
	set_option(descriptor, PACKET_QDISC_BYPASS, 1);
	setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes);
	return bind_to(descriptor, name, index, error);
}

static int open_socket(const char *name, unsigned index, GError **error)
{
	/* No protocol until it is bound: frames of other interfaces must not come in. */
	int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (descriptor < 0) {
		fail(error,
		     "no permission to use the interface %s (%s); try as root, or give the "
		     "program the capability: sudo setcap cap_net_raw,cap_net_admin+ep "
		     "$(command -v mailwire)",
		     name, g_strerror(errno));
		return -1;
	}
	if (set_up_socket(descriptor, name, index, error))
		return descriptor;
	close(descriptor);
	return -1;
}

/* As the kernel has it: 1 to 15 bytes, no slash, no colon, no space, neither . nor .. */
static bool can_be_named(const char *name)
{
	return *name != '\0' && strlen(name) < IFNAMSIZ && strpbrk(name, "/: \t\n\v\f\r") == NULL &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* There is no interface of this name: what was meant, or how it is made? */
static void fail_without(const char *name, GError **error)
{
	struct if_nameindex *all = if_nameindex();
	struct suggestion meant = { .word = name };

	for (const struct if_nameindex *one = all; one != NULL && one->if_index != 0; one++)
		suggest_offer(&meant, one->if_name);
	if (!can_be_named(name))
		fail(error,
		     "there is no interface \"%s\", nor can there be: a name has at most %d "
		     "characters, and neither spaces nor slashes",
		     name, IFNAMSIZ - 1);
	else if (meant.best != NULL)
		fail(error, "there is no interface %s; did you mean %s? ip -br link lists all",
		     name, meant.best);
	else
		fail(error,
		     "there is no interface %s; a TAP device is made by: ip tuntap add dev %s mode "
		     "tap && ip link set %s up",
		     name, name, name);
	if (all != NULL)
		if_freenameindex(all);
}

struct live_device *live_device_open(const char *name, size_t mtu_bytes, GError **error)
{
	unsigned index = if_nametoindex(name);
	bool is_tap = is_tun_or_tap(name);
	int descriptor;

	if (index == 0) {
		fail_without(name, error);
		return NULL;
	}
	descriptor = is_tap ? live_device_make_tap(name, error) : open_socket(name, index, error);
	return descriptor < 0 ? NULL : device_new(name, descriptor, is_tap, mtu_bytes);
}

void live_device_free(struct live_device *device)
{
	if (device == NULL)
		return;
	close(device->descriptor);
	g_free(device->name);
	g_free(device);
}

const char *live_device_name(const struct live_device *device)
{
	return device->name;
}

int live_device_descriptor(const struct live_device *device)
{
	return device->descriptor;
}

bool live_device_is_up(const struct live_device *device)
{
	struct ifreq request = { .ifr_flags = 0 };
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_up;

	g_strlcpy(request.ifr_name, device->name, sizeof request.ifr_name);
	is_up = ioctl(descriptor, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
	close(descriptor);
	return is_up;
}

/* Receiving. */

static void take_frame(void *owner, struct bytes frame)
{
	struct live_device *device = owner;

	if (frame.length < ETHERNET_HEADER_BYTES || frame.length > device->frame_bytes_max) {
		device->counters.ignored_frames++;
		return;
	}
	device->counters.received_frames++;
	device->receive(device->owner, frame);
}

static void finish(struct live_device *device, const struct virtio_net_hdr *header, uint8_t *frame,
		   size_t length)
{
	struct offload_result result = offload_finish(header, frame, length, take_frame, device);

	device->counters.completed_frames += result.is_completed;
	device->counters.split_frames += result.is_split;
	device->counters.ignored_frames += result.frames == 0;
}

/* The VLAN tag that the kernel took off, if any. */
static const struct tpacket_auxdata *find_tag(struct msghdr *message)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
	     part = CMSG_NXTHDR(message, part)) {
		const struct tpacket_auxdata *data = (const void *)CMSG_DATA(part);

		if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA &&
		    (data->tp_status & TP_STATUS_VLAN_VALID) != 0)
			return data;
	}
	return NULL;
}

/* Puts the tag back; the addresses move into the room in front. */
static void restore_tag(uint8_t *buffer, const struct tpacket_auxdata *tag)
{
	bool has_type = (tag->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;

	memmove(buffer, buffer + VLAN_TAG_BYTES, VLAN_TAG_AT);
	put_be16(buffer + VLAN_TAG_AT, has_type ? tag->tp_vlan_tpid : ETH_P_8021Q);
	put_be16(buffer + VLAN_TAG_AT + 2, tag->tp_vlan_tci);
}

static ssize_t read_once(struct live_device *device, struct virtio_net_hdr *header, bool *has_tag)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec parts[] = {
		{header,			   sizeof *header         },
		{ device->buffer + VLAN_TAG_BYTES, OFFLOAD_FRAME_BYTES_MAX},
	};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = G_N_ELEMENTS(parts),
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	const struct tpacket_auxdata *tag;
	ssize_t length;

	*has_tag = false;
	if (device->is_tap)
		return readv(device->descriptor, parts, G_N_ELEMENTS(parts));
	length = recvmsg(device->descriptor, &message, 0);
	tag = length > 0 ? find_tag(&message) : NULL;
	if (tag != NULL && (size_t)length >= sizeof *header + VLAN_TAG_AT) {
		restore_tag(device->buffer, tag);
		*has_tag = true;
	}
	return length;
}

/*
 * Whether an interface that went down is there no more. The kernel says that it is down before it takes it
 * away, and says nothing then: a moment is given to it.
 */
static bool has_vanished(const struct live_device *device)
{
	for (int i = 0; i < VANISH_TRIALS; i++) {
		if (if_nametoindex(device->name) != device->index)
			return true;
		g_usleep(VANISH_WAIT_US);
	}
	return false;
}

/* What a failed read says of the device. */
static enum live_device_status status_of(const struct live_device *device, int failure)
{
	switch (failure) {
	case EAGAIN:
	case EINTR:
	case EIO: /* a TAP device that is down */
	case ENOBUFS:
		return LIVE_DEVICE_EMPTY;
	case ENETDOWN:
		return has_vanished(device) ? LIVE_DEVICE_GONE : LIVE_DEVICE_EMPTY;
	default:
		return LIVE_DEVICE_GONE;
	}
}

enum live_device_status live_device_read(struct live_device *device,
					 void (*receive)(void *owner, struct bytes frame),
					 void *owner)
{
	struct virtio_net_hdr header = { 0 };
	bool has_tag;
	ssize_t length = read_once(device, &header, &has_tag);

	if (length < 0)
		return status_of(device, errno);
	device->receive = receive;
	device->owner = owner;
	if ((size_t)length <= sizeof header) {
		device->counters.ignored_frames++;
	} else if (has_tag) {
		header.csum_start = (uint16_t)(header.csum_start + VLAN_TAG_BYTES);
		finish(device, &header, device->buffer,
		       (size_t)length - sizeof header + VLAN_TAG_BYTES);
	} else {
		finish(device, &header, device->buffer + VLAN_TAG_BYTES,
		       (size_t)length - sizeof header);
	}
	return LIVE_DEVICE_FRAMES;
}

/* Sending. */

void live_device_send(struct live_device *device, struct bytes frame)
{
	struct virtio_net_hdr header = { 0 };
	struct iovec parts[] = {
		{&header,             sizeof header},
		{ (void *)frame.data, frame.length },
	};

	if (writev(device->descriptor, parts, G_N_ELEMENTS(parts)) < 0)
		device->counters.lost_frames++;
	else
		device->counters.sent_frames++;
}

const struct live_device_counters *live_device_counters(const struct live_device *device)
{
	return &device->counters;
}
