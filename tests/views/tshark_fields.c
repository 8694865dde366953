#include "tests/views/tshark_fields.h"
#include <check.h>
#include <string.h>

/* clang-format off */
/* What tshark calls our fields. The same name may mean different things in different tables. */
static const struct {
	const char *table; /* NULL: any */
	const char *field;
	const char *abbreviation; /* NULL: tshark has no field of its own for it */
} names[] = {
	{"Authentication Header",           "Next Header",                      "ah.next_header"              },
	{ "Authentication Header",          "Payload Len",                      "ah.length"                   },
	{ "Authentication Header",          "Reserved",                         NULL                          },
	{ "Authentication Header",          "Security Parameters Index",        "ah.spi"                      },
	{ "Authentication Header",          "Integrity Check Value",            NULL                          },
	{ "Ethernet header",                "Destination Address",              "eth.dst"                     },
	{ "Ethernet header",                "Source Address",                   "eth.src"                     },
	{ "Ethernet header",                "Type",                             "eth.type"                    },
	{ "ARP packet",                     "Hardware Type",                    "arp.hw.type"                 },
	{ "ARP packet",                     "Protocol Type",                    "arp.proto.type"              },
	{ "ARP packet",                     "Hardware Address Length",          "arp.hw.size"                 },
	{ "ARP packet",                     "Protocol Address Length",          "arp.proto.size"              },
	{ "ARP packet",                     "Operation",                        "arp.opcode"                  },
	{ "ARP packet",                     "Sender Hardware Address",          "arp.src.hw_mac"              },
	{ "ARP packet",                     "Sender Protocol Address",          "arp.src.proto_ipv4"          },
	{ "ARP packet",                     "Target Hardware Address",          "arp.dst.hw_mac"              },
	{ "ARP packet",                     "Target Protocol Address",          "arp.dst.proto_ipv4"          },
	{ "ICMP redirect", "Gateway Internet Address", "icmp.redir_gw" },
	{ "IPv4 header",                    "Version",                          "ip.version"                  },
	{ "IPv4 header",                    "Internet Header Length",           "ip.hdr_len"                  },
	{ "IPv4 header",                    "Differentiated Services",          "ip.dsfield.dscp"             },
	{ "IPv4 header",                    "Explicit Congestion Notification", "ip.dsfield.ecn"              },
	{ "IPv4 header",                    "Total Length",                     "ip.len"                      },
	{ "IPv4 header",                    "Identification",                   "ip.id"                       },
	{ "IPv4 header",                    "Reserved Flag",                    "ip.flags.rb"                 },
	{ "IPv4 header",                    "Don't Fragment",                   "ip.flags.df"                 },
	{ "IPv4 header",                    "More Fragments",                   "ip.flags.mf"                 },
	{ "IPv4 header",                    "Fragment Offset",                  "ip.frag_offset"              },
	{ "IPv4 header",                    "Time to Live",                     "ip.ttl"                      },
	{ "IPv4 header",                    "Protocol",                         "ip.proto"                    },
	{ "IPv4 header",                    "Header Checksum",                  "ip.checksum"                 },
	{ "IPv4 header",                    "Source Address",                   "ip.src"                      },
	{ "IPv4 header",                    "Destination Address",              "ip.dst"                      },
	{ "VLAN tag",		       "Priority Code Point",              "vlan.priority"               },
	{ "VLAN tag",		       "Drop Eligible Indicator",          "vlan.dei"                    },
	{ "VLAN tag",		       "VLAN Identifier",                  "vlan.id"                     },
	{ "VLAN tag",		       "Type",                             "vlan.etype"                  },
	{ "IPv6 header",                    "Version",                          "ipv6.version"                },
	{ "IPv6 header",                    "Differentiated Services",          "ipv6.tclass.dscp"            },
	{ "IPv6 header",                    "Explicit Congestion Notification", "ipv6.tclass.ecn"             },
	{ "IPv6 header",                    "Flow Label",                       "ipv6.flow"                   },
	{ "IPv6 header",                    "Payload Length",                   "ipv6.plen"                   },
	{ "IPv6 header",                    "Next Header",                      "ipv6.nxt"                    },
	{ "IPv6 header",                    "Hop Limit",                        "ipv6.hlim"                   },
	{ "IPv6 header",                    "Source Address",                   "ipv6.src"                    },
	{ "IPv6 header",                    "Destination Address",              "ipv6.dst"                    },
	{ "Hop-by-Hop Options",             "Next Header",                      "ipv6.hopopts.nxt"            },
	{ "Hop-by-Hop Options",             "Header Extension Length",          "ipv6.hopopts.len"            },
	{ "Destination Options",            "Next Header",                      "ipv6.dstopts.nxt"            },
	{ "Destination Options",            "Header Extension Length",          "ipv6.dstopts.len"            },
	{ NULL,			     "Options",                          NULL                          },
	{ "Routing header",                 "Next Header",                      "ipv6.routing.nxt"            },
	{ "Routing header",                 "Header Extension Length",          "ipv6.routing.len"            },
	{ NULL,			     "Routing Type",                     "ipv6.routing.type"           },
	{ NULL,			     "Segments Left",                    "ipv6.routing.segleft"        },
	{ NULL,			     "Type-specific Data",               NULL                          },
	{ "Fragment header",                "Next Header",                      "ipv6.fraghdr.nxt"            },
	{ "Fragment header",                "Reserved",                         "ipv6.fraghdr.reserved_octet" },
	{ "Fragment header",                "Reserved Bits",                    "ipv6.fraghdr.reserved_bits"  },
	{ "Fragment header",                "Fragment Offset",                  "ipv6.fraghdr.offset"         },
	{ "Fragment header",                "More Fragments",                   "ipv6.fraghdr.more"           },
	{ "Fragment header",                "Identification",                   "ipv6.fraghdr.ident"          },
	{ "Linux cooked header",            "Packet Type",                      "sll.pkttype"                 },
	{ "Linux cooked header",            "Hardware Type",                    "sll.hatype"                  },
	{ "Linux cooked header",            "Address Length",                   "sll.halen"                   },
	{ "Linux cooked header",            "Sender Address",                   NULL                          },
	{ "Linux cooked header",            "Rest of Address",                  NULL                          },
	{ "Linux cooked header",            "Protocol",                         "sll.etype"                   },
	{ "Linux cooked header, version 2", "Packet Type",                      "sll.pkttype"                 },
	{ "Linux cooked header, version 2", "Hardware Type",                    "sll.hatype"                  },
	{ "Linux cooked header, version 2", "Address Length",                   "sll.halen"                   },
	{ "Linux cooked header, version 2", "Sender Address",                   NULL                          },
	{ "Linux cooked header, version 2", "Rest of Address",                  NULL                          },
	{ "Linux cooked header, version 2", "Protocol",                         "sll.etype"                   },
	{ "Linux cooked header, version 2", "Interface Index",                  "sll.ifindex"                 },
	{ "Linux cooked header, version 2", "Reserved",                         NULL                          },
	{ "Loopback header",                "Address Family",                   NULL                          }, /* tshark's is in host order */
	{ "ICMPv6 echo",                    "Identifier",                       "icmpv6.echo.identifier"      },
	{ "ICMPv6 echo",                    "Sequence Number",                  "icmpv6.echo.sequence_number" },
	{ NULL,			     "Rest of Header",                   NULL                          },
	{ NULL,			     "Target Address",                   NULL                          }, /* see name_of() */
	{ NULL,			     "Router Flag",                      "icmpv6.nd.na.flag.r"         },
	{ NULL,			     "Solicited Flag",                   "icmpv6.nd.na.flag.s"         },
	{ NULL,			     "Override Flag",                    "icmpv6.nd.na.flag.o"         },
	{ "ICMPv6 neighbor solicitation",   "Reserved",                         "icmpv6.reserved"             },
	{ "ICMPv6 neighbor advertisement",  "Reserved",                         NULL                          },
	{ "ICMPv6 error",                   "Reserved",                         "icmpv6.reserved"             },
	{ "ICMPv6 router advertisement",    "Reserved",                         NULL                          },
	{ NULL,			     "Current Hop Limit",                "icmpv6.nd.ra.cur_hop_limit"  },
	{ NULL,			     "Managed Flag",                     "icmpv6.nd.ra.flag.m"         },
	{ NULL,			     "Other Flag",                       "icmpv6.nd.ra.flag.o"         },
	{ NULL,			     "Home Agent Flag",                  "icmpv6.nd.ra.flag.h"         },
	{ NULL,			     "Default Router Preference",        "icmpv6.nd.ra.flag.prf"       },
	{ NULL,			     "Proxy Flag",                       "icmpv6.nd.ra.flag.p"         },
	{ "ICMPv6 router advertisement",   "Reserved",                         "icmpv6.nd.ra.flag.rsv"       },
	{ NULL,			     "Router Lifetime",                  "icmpv6.nd.ra.router_lifetime"},
	{ NULL,			     "Reachable Time",                   "icmpv6.nd.ra.reachable_time" },
	{ NULL,			     "Retrans Timer",                    "icmpv6.nd.ra.retrans_timer"  },
	{ "Prefix information",            "Option Type",                      "icmpv6.opt.type"             },
	{ "Prefix information",            "Option Length",                    "icmpv6.opt.length"           },
	{ "Prefix information",            "Prefix Length",                    "icmpv6.opt.prefix.length"    },
	{ "Prefix information",            "On-link Flag",                     "icmpv6.opt.prefix.flag.l"    },
	{ "Prefix information",            "Autonomous Flag",                  "icmpv6.opt.prefix.flag.a"    },
	{ "Prefix information",            "Router Address Flag",              "icmpv6.opt.prefix.flag.r"    },
	{ "Prefix information",            "Valid Lifetime",                   "icmpv6.opt.prefix.valid_lifetime"},
	{ "Prefix information",            "Preferred Lifetime",               "icmpv6.opt.prefix.preferred_lifetime"},
	{ "Prefix information",            "Prefix",                           "icmpv6.opt.prefix"           },
	{ "Prefix information",            "Reserved",                         NULL                          }, /* two of them */
	{ "Route information",             "Reserved",                         NULL                          },
	{ "MTU of the network",            "Option Type",                      "icmpv6.opt.type"             },
	{ "MTU of the network",            "Option Length",                    "icmpv6.opt.length"           },
	{ "MTU of the network",            "Reserved",                         "icmpv6.opt.reserved"         },
	{ "MTU of the network",            "MTU",                              "icmpv6.opt.mtu"              },
	{ "Route information",             "Option Type",                      "icmpv6.opt.type"             },
	{ "Route information",             "Option Length",                    "icmpv6.opt.length"           },
	{ "Route information",             "Prefix Length",                    "icmpv6.opt.prefix.length"    },
	{ "Route information",             "Route Preference",                 "icmpv6.opt.route_info.flag.route_preference"},
	{ "Route information",             "Route Lifetime",                   "icmpv6.opt.route_lifetime"   },
	{ "Route information",             "Prefix",                           NULL                          },
	{ "Recursive DNS servers",         "Option Type",                      "icmpv6.opt.type"             },
	{ "Recursive DNS servers",         "Option Length",                    "icmpv6.opt.length"           },
	{ "Recursive DNS servers",         "Reserved",                         "icmpv6.opt.reserved"         },
	{ "Recursive DNS servers",         "Lifetime",                         "icmpv6.opt.rdnss.lifetime"   },
	{ "Recursive DNS servers",         "Address",                          "icmpv6.opt.rdnss"            },
	{ "DNS search list",               "Option Type",                      "icmpv6.opt.type"             },
	{ "DNS search list",               "Option Length",                    "icmpv6.opt.length"           },
	{ "DNS search list",               "Reserved",                         "icmpv6.opt.reserved"         },
	{ "DNS search list",               "Lifetime",                         "icmpv6.opt.dnssl.lifetime"   },
	{ "DNS search list",               "Domain Names",                     NULL                          },
	{ NULL,			     "MTU",			      "icmpv6.mtu"                  },
	{ "ICMPv6 parameter problem",       "Pointer",                          "icmpv6.pointer"              },
	{ "Link-layer address",             "Option Type",                      "icmpv6.opt.type"             },
	{ "Link-layer address",             "Option Length",                    "icmpv6.opt.length"           },
	{ NULL,			     "Link-Layer Address",               "icmpv6.opt.linkaddr"         },
	{ "ICMPv6 option",                  "Option Type",                      "icmpv6.opt.type"             },
	{ "ICMPv6 option",                  "Option Length",                    "icmpv6.opt.length"           },
	{ NULL,			     "Option Data",                      NULL                          },
	{ NULL,			     "Option Type",                      "ip.opt.type"                 },
	{ NULL,			     "Option Length",                    "ip.opt.len"                  },
	{ "Router Alert",                   "Value",                            "ip.opt.ra"                   },
	{ "Record Route",                   "Pointer",                          "ip.opt.ptr"                  },
	{ "Record Route",                   "Route Address",                    "ip.rec_rt"                   },
	{ NULL,			     "Type",			     "icmp.type"                   },
	{ NULL,			     "Code",			     "icmp.code"                   },
	{ "UDP header",                     "Checksum",                         "udp.checksum"                },
	{ "TCP header",                     "Checksum",                         "tcp.checksum"                },
	{ NULL,			     "Checksum",                         "icmp.checksum"               },
	{ NULL,			     "Identifier",                       "icmp.ident"                  },
	{ NULL,			     "Sequence Number",                  NULL                          }, /* see name_of() */
	{ NULL,			     "Next-Hop MTU",                     "icmp.mtu"                    },
	{ NULL,			     "Unused",			   "icmp.unused"                 },
	{ "UDP header",                     "Source Port",                      "udp.srcport"                 },
	{ "UDP header",                     "Destination Port",                 "udp.dstport"                 },
	{ "UDP header",                     "Length",                           "udp.length"                  },
	{ "TCP header",                     "Source Port",                      "tcp.srcport"                 },
	{ "TCP header",                     "Destination Port",                 "tcp.dstport"                 },
	{ "TCP header",                     "Acknowledgment Number",            "tcp.ack"                     },
	{ "TCP header",                     "Data Offset",                      "tcp.hdr_len"                 },
	{ "TCP header",                     "Reserved",                         "tcp.flags.res"               },
	{ "TCP header",                     "AE",                               "tcp.flags.ae"                },
	{ "TCP header",                     "CWR",                              "tcp.flags.cwr"               },
	{ "TCP header",                     "ECE",                              "tcp.flags.ece"               },
	{ "TCP header",                     "URG",                              "tcp.flags.urg"               },
	{ "TCP header",                     "ACK",                              "tcp.flags.ack"               },
	{ "TCP header",                     "PSH",                              "tcp.flags.push"              },
	{ "TCP header",                     "RST",                              "tcp.flags.reset"             },
	{ "TCP header",                     "SYN",                              "tcp.flags.syn"               },
	{ "TCP header",                     "FIN",                              "tcp.flags.fin"               },
	{ "TCP header",                     "Window",                           "tcp.window_size_value"       },
	{ "TCP header",                     "Urgent Pointer",                   "tcp.urgent_pointer"          },
	{ NULL,			     "Kind",			     "tcp.option_kind"             },
	{ NULL,			     "Length",			   "tcp.option_len"              },
	{ NULL,			     "Maximum Segment Size",             "tcp.options.mss_val"         },
	{ NULL,			     "Shift Count",                      "tcp.options.wscale.shift"    },
	{ NULL,			     "Left Edge of Block",               "tcp.options.sack_le"         },
	{ NULL,			     "Right Edge of Block",              "tcp.options.sack_re"         },
	{ NULL,			     "TS Value",                         "tcp.options.timestamp.tsval" },
	{ NULL,			     "TS Echo Reply",                    "tcp.options.timestamp.tsecr" },
	{ "TCP option",                     "Data",                             NULL                          },
	{ "End of Option List",             "Padding",                          NULL                          },
};

/* clang-format on */

/* False when the field is in no row above. */
static bool name_of(const struct decode_field *field, const char **abbreviation)
{
	const char *table = field->table->name;

	if (strcmp(field->field->name, "Sequence Number") == 0) {
		*abbreviation = strcmp(table, "TCP header") == 0    ? "tcp.seq"
				: strcmp(table, "ICMPv6 echo") == 0 ? "icmpv6.echo.sequence_number"
				: strcmp(table, "Authentication Header") == 0 ? "ah.sequence"
									      : "icmp.seq";
		return true;
	}
	if (strcmp(field->field->name, "Target Address") == 0) {
		*abbreviation = strcmp(table, "ICMPv6 neighbor solicitation") == 0
				    ? "icmpv6.nd.ns.target_address"
				    : "icmpv6.nd.na.target_address";
		return true;
	}
	/* The same three fields begin every message of both versions. */
	if (g_str_has_prefix(table, "ICMPv6 ") && field->bit_offset % 8 == 0) {
		static const char *const common[][2] = {
			{"Type",      "icmpv6.type"    },
			{ "Code",     "icmpv6.code"    },
			{ "Checksum", "icmpv6.checksum"}
		};

		for (unsigned i = 0; i < G_N_ELEMENTS(common); i++) {
			if (strcmp(field->field->name, common[i][0]) == 0) {
				*abbreviation = common[i][1];
				return true;
			}
		}
	}
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i].field, field->field->name) != 0)
			continue;
		if (names[i].table == NULL || strcmp(names[i].table, field->table->name) == 0) {
			*abbreviation = names[i].abbreviation;
			return true;
		}
	}
	return false;
}

/* Addresses are wider than numbers: their text must be the same (RFC 5952). */
static void compare_text(const char *frame_name, const char *name, const struct decode_field *ours,
			 const struct decode *decode, const struct tshark_field *theirs)
{
	char text[FIELD_TEXT_BYTES];

	decode_field_print(decode, ours, text);
	ck_assert_msg(strcmp(text, theirs->show) == 0, "%s: %s is %s, ours %s", frame_name, name,
		      theirs->show, text);
}

void tshark_compare_field(const char *frame_name, const struct decode *decode,
			  const struct decode_field *ours, const GPtrArray *frame)
{
	const char *name = NULL;
	unsigned pos = ours->bit_offset / 8;
	unsigned scale = ours->field->scale ? ours->field->scale : 1;

	ck_assert_msg(name_of(ours, &name), "no tshark name for %s of %s", ours->field->name,
		      ours->table->name);
	if (name == NULL)
		return;
	/* A route that no router has written yet has a name of its own. */
	if (strcmp(name, "ip.rec_rt") == 0 && ours->value == 0)
		name = "ip.empty_rt";

	const struct tshark_field *theirs = tshark_find(frame, name, (int)pos);

	/* Bits within a word stand where tshark begins to read the word. */
	for (unsigned back = 1; theirs == NULL && ours->bit_width % 8 != 0 && back < 4; back++)
		theirs = tshark_find(frame, name, (int)(pos - back));
	/* The outer one of two tags has names of its own, and none for its type. */
	if (theirs == NULL && g_str_has_prefix(name, "vlan.")) {
		g_autofree char *outer = g_strconcat("ieee8021ad.", name + strlen("vlan."), NULL);

		theirs = tshark_find(frame, outer, (int)pos);
		if (theirs == NULL && strcmp(name, "vlan.etype") == 0)
			return;
	}
	ck_assert_msg(theirs != NULL, "%s: tshark has no %s at byte %u", frame_name, name, pos);
	if (ours->field->format == FIELD_IPV6) {
		compare_text(frame_name, name, ours, decode, theirs);
		return;
	}
	/* tshark scales the header lengths, but in some versions not the fragment offset. */
	guint64 number = tshark_number(theirs->show);

	ck_assert_msg(number == ours->value * scale || number == ours->value,
		      "%s: %s is %s, ours %llu", frame_name, name, theirs->show,
		      (unsigned long long)ours->value);
}

/* tshark's word for a checksum: 1 good, 0 bad, 2 not verified. */
static void compare_checksum(const char *frame_name, const struct decode *decode,
			     enum decode_protocol protocol, const GPtrArray *frame,
			     const char *name)
{
	const struct decode_layer *layer = decode_find(decode, protocol);
	const struct tshark_field *theirs = tshark_find(frame, name, -1);

	if (layer == NULL || theirs == NULL)
		return;
	if (layer->checksum == CHECKSUM_RIGHT)
		ck_assert_msg(strcmp(theirs->show, "1") == 0, "%s: %s", frame_name, name);
	if (layer->checksum == CHECKSUM_WRONG)
		ck_assert_msg(strcmp(theirs->show, "0") == 0, "%s: %s", frame_name, name);
}

void tshark_compare_checksums(const char *frame_name, const struct decode *decode,
			      const GPtrArray *frame)
{
	compare_checksum(frame_name, decode, DECODE_IPV4, frame, "ip.checksum.status");
	compare_checksum(frame_name, decode, DECODE_ICMP, frame, "icmp.checksum.status");
	compare_checksum(frame_name, decode, DECODE_ICMPV6, frame, "icmpv6.checksum.status");
	if (decode_find(decode, DECODE_ICMP) != NULL)
		return; /* tshark does not verify what is quoted */
	compare_checksum(frame_name, decode, DECODE_UDP, frame, "udp.checksum.status");
	compare_checksum(frame_name, decode, DECODE_TCP, frame, "tcp.checksum.status");
}
