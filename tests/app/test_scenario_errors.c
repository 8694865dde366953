/* Scenarios that are wrong: what is said, where, and what it suggests. */
#include <check.h>
#include "app/scenario.h"
#include "tests/app/scenario_test.h"

/* A small world that is right, for rows that need one: `%s` is where a row adds its line. */
#define WORLD                                                                                      \
	"mailwire: 1\n"                                                                            \
	"networks: {lan-a: {subnet: 192.0.2.0/26}, lan-b: {subnet: 192.0.2.64/26}}\n"              \
	"routers: {gw: {interfaces: [lan-a, lan-b]}}\n"                                            \
	"hosts: {alice-pc: {network: lan-a}, bob-pc: {network: lan-a}, mail: {network: lan-b}}\n"  \
	"domains: {d.example: {accounts: {alice: , bob: }}}\n"                                     \
	"clients: {alice: {host: alice-pc}, bob: {host: bob-pc, incoming: pop3}}\n"

/* A complaint that must be among the diagnostics: place and text, and after a newline its hint. */
static const struct {
	const char *yaml;
	const char *place; /* "t:2:5: error" */
	const char *text;
	const char *hint; /* NULL: none is asked for */
} rows[] = {
  /* Syntax and form */
	{"mailwire: 1\nhosts: [a, b\n",								    "t:3:1: error",    "not YAML",                                               NULL                                       },
	{ "mailwire: 1\nx: &a 1\n",									"t:2:4: error",    "anchors",                                                NULL                                       },
	{ "mailwire: 1\nx: *a\n",									  "t:2:4: error",    "aliases",                                                "write the value again"                    },
	{ "mailwire: !!int 1\n",									   "t:1:",            "tags",						   NULL                                       },
	{ "mailwire: 1\n---\nmailwire: 1\n",							       "t:2:1: error",    "second document",                                        NULL                                       },
	{ "",											      "t:1:1: error",    "empty",						  "mailwire: 1"                              },
	{ "# nothing\n",										   "t:1:1: error",    "empty",						  NULL                                       },
	{ "mailwire: \"\\0\"\n",									   "t:1:11: error",   "NUL",                                                    NULL                                       },
	{ "\xff\n",											"t:1:1: error",    "UTF-8",						  NULL                                       },

 /* What editors and other programs leave behind. */
	{ "mailwire: 1\ntitle: a\001b\n",								  "t:2:9: error",    "a control character stands here, U+0001",
         "take it out"																									     },
	{ "\xff\xfem\1a\1",										"t:1:1: error",    "this is UTF-16, not UTF-8",                              "save the file"                            },
	{ "mailwire: 1\ntitle: x\n...\njunk\n",							    "t:4:1: error",    "a second document begins here",
         "one document"																									    },
	{ "mailwire: 1\n? \n: x\n",									"t:3:3: error",    "a key must be a word",                                   "`key: value`"                             },
	{ "mailwire: 1\nseed:\u00a01\n",								   "t:2:",            "not YAML",
         "a no-break space stands on this line"																						    },
	{ "mailwire: one\n",									       "t:1:11: error",   "does not begin with a number",
         "write `mailwire: 1`"																								     },
	{ "mailwire: [1]\n",									       "t:1:11: error",   "`mailwire` is a list here",                              "write `mailwire: 1`"                      },
	{ "mailwire: 1\nseed: 1.5\n",								      "t:2:7: error",    "it is not a whole number",                               NULL                                       },
	{ "mailwire: 1\nuntil: [1s]\n",								    "t:2:8: error",
         "`until` is a list here, and should be a time",																"such as `10ms`"                           },
	{ "mailwire: 1\nnetworks: {lan: {kind: [lan]}}\n",                                                 "t:2:24: error",   "is a list here",
         "it is one of `lan`, `link`"																							      },
	{ "mailwire: 1\ncapture: {comments: maybe}\n",                                                     "t:2:21: error",   "it is neither yes nor no",
         NULL																										      },
	{ "mailwire: 1\ntitle: &t x\n",								    "t:2:8: error",    "anchors",                                                "write the value again"                    },
	{ "mailwire: 1\ntitle: !x y\n",								    "t:2:8: error",    "tags",                                                   "take it out"                              },
	{ WORLD "timeline: [{at: 1s, who: alice-pc, do: ping, to: mail}]\n",                               "t:7:46: error",
         "`to` does not go with `ping`",																		"`ping` needs the key `target`"            },
	{ "[a]\n",											 "t:1:1: error",    "this is a list, not a scenario",                         "mailwire: 1"                              },
	{ "title: x\n",										    "t:1:1: error",    "needs the key `mailwire`",                               NULL                                       },
	{ "title: x\nmailwire: 1\n",								       "t:1:1: error",    "starts with the line `mailwire: 1`",                     NULL                                       },
	{ "mailwire: 2\n",										 "t:1:11: error",   "`mailwire: 2`: there is no such one",
         "write `mailwire: 1`"																								     },
 /* Keys */
	{ "mailwire: 1\nnetworks:\n  lan: {dealy: 10ms}\n",                                                "t:3:9: error",
         "a network has no key `dealy`",																		"did you mean `delay`?"                    },
	{ "mailwire: 1\nnetworks:\n  lan: {colour: red}\n",                                                "t:3:9: error",
         "a network has no key `colour`",																	       "its keys are `kind`, `subnet`"            },
	{ "mailwire: 1\ntitel: x\n",								       "t:2:1: error",    "a scenario has no key `titel`",
         "did you mean `title`?"																								   },
	{ "mailwire: 1\nhosts: {a: }\nhosts: {b: }\n",                                                     "t:3:1: error",    "`hosts` stands here twice",
         "on line 2"																									       },
	{ "mailwire: 1\nhosts: {a: , a: }\n",							      "t:2:14: error",   "`a` stands here twice",                                  NULL                                       },
	{ "mailwire: 1\nhosts: [a]\n",								     "t:2:8: error",
         "`hosts` is a list here, and should be a mapping",															     NULL                                       },
	{ "mailwire: 1\nhosts: {a: 7}\n",								  "t:2:12: error",   "a host is a value here",
         "write `{network: ...}`"																								  },
	{ "mailwire: 1\ntitle: [x]\n",								     "t:2:8: error",
         "`title` is a list here, and should be a text",																NULL                                       },
	{ "mailwire: 1\ntitle:\n",									 "t:2:1: error",    "`title` is nothing here",                                NULL                                       },
	{ "mailwire: 1\n{a: b}: c\n",								      "t:2:1: error",    "a key must be a word",                                   NULL                                       },
	{ "mailwire: 1\nnetworks: {a: {subnet: 192.0.2.0/33}}\n",                                          "t:2:24: error",
         "its length is more than 32",																		  NULL                                       },
	{ "mailwire: 1\nnetworks: {a: {subnet: 192.0.2.0}}\n",                                             "t:2:24: error",
         "it is not written as address/length",																	 NULL                                       },
	{ "mailwire: 1\nnetworks: {l: }\nhosts: {m: , c: }\nroot-server: c\ndomains: {b.c: {mail: "
	  "m, "
	  "accounts: {x: }}}\nzones:\n  b.c:\n    records: []\n",				 "t:7:3: error",    "no zone has an address for `dns.b.c`",
         "{name: dns.b.c., type: A, value: ADDRESS}"																					       },
 /* Servers, clients and shares */
	{ "mailwire: 1\nhosts: {m: , o: }\ndomains:\n  a.b:\n    mail: m\n    accounts:\n      x: "
	  "{shared: [{with: y@a.b, rights: lrq}]}\n      y: p\n  c.d: {mail: o, accounts: {z: "
	  "p}}\n",										"t:7:",            "`lrq` are no rights",                                    NULL                                       },
	{ "mailwire: 1\nhosts: {m: , o: }\ndomains:\n  a.b:\n    mail: m\n    accounts:\n      x: "
	  "{shared: [{with: y@a.b, folder: Nope}]}\n      y: p\n  c.d: {mail: o, accounts: {z: "
	  "p}}\n",										"t:7:",            "`x@a.b` has no folder `Nope`",                           NULL                                       },
	{ "mailwire: 1\nhosts: {m: , o: }\ndomains:\n  a.b:\n    mail: m\n    accounts:\n      x: "
	  "{shared: [{with: x@a.b}]}\n      y: p\n  c.d: {mail: o, accounts: {z: p}}\n",	  "t:7:",            "the owner of a folder has all rights anyway",            NULL                                       },
	{ "mailwire: 1\nhosts: {m: , o: }\ndomains:\n  a.b:\n    mail: m\n    accounts:\n      x: "
	  "{shared: [{with: z@c.d}]}\n      y: p\n  c.d: {mail: o, accounts: {z: p}}\n",	  "t:7:",            "`z@c.d` is kept on another server",                      NULL                                       },
	{ "mailwire: 1\nhosts: {m: }\ndomains: {a.b: {mail: m}}\nservers: {m: {without: "
	  "[IDLEE]}}\n",									  "t:4:",            "IDLEE",						  "did you mean `IDLE`?"                     },
	{ "mailwire: 1\nhosts: {m: , p: }\ndomains: {a.b: {mail: m, accounts: {x: p}}}\nclients: "
	  "{x: {host: p, incoming: {protocol: pop3, stay: 1h}}}\n",			       "t:4:",            "`stay` is for imap",                                     NULL                                       },
	{ "mailwire: 1\nhosts: {m: }\ndomains: {a.b: {mail: m, accounts: {x: {folders: "
	  "[shared/y]}}}}\n",								     "t:3:",            "names below `shared/`",                                  NULL                                       },
	{ "mailwire: 1\nexpect:\n  - # nothing\n",							 "t:3:3: error",
         "this does not say what is meant",																	     NULL                                       },
	{ "mailwire: 1\ntimeline:\n  -\n",								 "t:3:3: error",    "an action needs the key `at`",                           NULL                                       },
 /* Values */
	{ "mailwire: 1\nuntil: 10\n",								      "t:2:8: error",    "`until: 10`: the unit is missing",
         "`10ms`"																										  },
	{ "mailwire: 1\nnetworks: {lan: {rate: 100mbps}}\n",                                               "t:2:24: error",
         "there is no such unit",																		       "Mbps"                                     },
	{ "mailwire: 1\nnetworks: {lan: {mtu: 20B}}\n",                                                    "t:2:23: error",   "it is too small",
         "it may be from 68B to 9kB"																							       },
	{ "mailwire: 1\nuntil: 36500d\n",								  "t:2:8: error",    "`until: 36500d`: it is too large",
         "from 0s to 26687d"																								       },
	{ "mailwire: 1\nuntil: 99999999999999999999999s\n",                                                "t:2:8: error",    "too many digits",
         "from 0s to 26687d"																								       },
	{ "mailwire: 1\nseed: 99999999999999999999\n",                                                     "t:2:7: error",    "too many digits",
         "from 0 to 18446744073709551615"																							  },
	{ "mailwire: 1\nnetworks: {lan: {subnet: 0.0.0.0/0}}\n",                                           "t:2:26: error",   "it is too large",
         "from 8 to 31"																									    },
	{ "mailwire: 1\nnetworks: {lan: {kind: lnk}}\n",                                                   "t:2:24: error",   "there is no such word",
         "did you mean `link`?"																								    },
	{ "mailwire: 1\nnetworks: {lan: {kind: bus}}\n",                                                   "t:2:24: error",   "there is no such word",
         "it is one of `lan`, `link`"																							      },
	{ "mailwire: 1\nhosts: {Alice: }\n",							       "t:2:9: error",    "cannot be the name of a host",
         "lower-case"																									      },
 /* The network */
	{ "mailwire: 1\nnetworks: {a: {subnet: 192.0.2.0/25}, b: {subnet: 192.0.2.64/26}}\n",
         "t:2:51: error",												     "the subnets of `b` and `a` overlap",                     "192.0.2.127"                              },
	{ "mailwire: 1\nnetworks: {a: {subnet: 224.0.0.0/24}}\nhosts: {h: , i: }\n",
         "t:2:24: error",												     "addresses of 224.0.0.0/4: that is groups of hosts",      "10.0.0.0/8"                               },
	{ "mailwire: 1\nnetworks: {a: {subnet: 240.0.0.0/24}}\nhosts: {h: , i: }\n",
         "t:2:24: error",												     "addresses of 240.0.0.0/4",                               NULL                                       },
	{ "mailwire: 1\nnetworks: {a: {subnet: 255.255.255.0/24}}\nhosts: {h: , i: }\n",
         "t:2:24: error",												     "255.255.255.255 the broadcast",                          NULL                                       },
	{ "mailwire: 1\nnetworks: {a: {subnet: 0.0.0.0/24}}\nhosts: {h: , i: }\n",                         "t:2:24: error",
         "addresses of 0.0.0.0/8",																		      NULL                                       },
	{ "mailwire: 1\nnetworks: {a: {subnet: 127.0.0.0/24}}\nhosts: {h: , i: }\n",
         "t:2:24: error",												     "addresses of 127.0.0.0/8: that is the loopback",         NULL                                       },
	{ "mailwire: 1\nnetworks: {a: {subnet: 192.0.2.1/26}}\n",                                          "t:2:24: error",
         "bits set behind the prefix",																		  NULL                                       },
	{ "mailwire: 1\nhosts: {a: {address: 203.0.113.9}}\n",                                             "t:2:22: error",
         "203.0.113.9 is not one for hosts on the network `lan`",														       "192.0.2.1 to 192.0.2.254"                 },
	{ "mailwire: 1\nhosts: {a: {address: 192.0.2.255}}\n",                                             "t:2:22: error",   "not one for hosts",
         NULL																										      },
	{ "mailwire: 1\nhosts: {a: {address: 192.0.2.9}, b: {address: 192.0.2.9}}\n",
         "t:2:47: error",												     "`a` and `b` both have the address 192.0.2.9",            NULL                                       },
	{ "mailwire: 1\nhosts:\n  a: {mac: 02:00:00:00:00:09}\n  b: {mac: 02:00:00:00:00:09}\n",
         "t:4:12: error",												     "`a` and `b` both have the MAC address",                  NULL                                       },
	{ "mailwire: 1\nhosts: {lan: }\n",								 "t:2:9: error",
         "there are a network and a host called `lan`",																 NULL                                       },
	{ "mailwire: 1\nhosts: {gw: }\nrouters: {gw: {interfaces: lan}}\n",                                "t:3:11: error",
         "there are a host and a router called `gw`",																   "line 2"                                   },
	{ "mailwire: 1\nnetworks: {a: , b: }\nhosts: {h: }\n",                                             "t:3:9: error",
         "needs the key `network`",																		     NULL                                       },
	{ "mailwire: 1\nnetworks: {w: {kind: link}}\nhosts: {h: }\n",                                      "t:2:12: error",
         "has 1 member,",																			       "kind: lan"                                },
	{ "mailwire: 1\nhosts: {a: {network: lna}}\n",                                                     "t:2:22: error",
         "there is no network called `lna`",																	    "did you mean `lan`?"                      },
	{ "mailwire: 1\nhosts: {a: {network: b}, b: }\n",                                                  "t:2:22: error",
         "there is no network called `b`",																	      "`b` is a host"                            },
	{ "mailwire: 1\nnetworks: {a: {subnet: 192.0.2.0/30}}\nhosts: {h: , i: , j: }\n",
         "t:3:19: error",												     "has no address left for `j`",                            NULL                                       },
	{ "mailwire: 1\nrouters: {r: {interfaces: [lan, lan]}}\n",                                         "t:2:33: error",
         "is on the network `lan` twice",																	       NULL                                       },
	{ "mailwire: 1\nrouters: {r: {}}\n",							       "t:2:11: error",   "a router needs the key `interfaces`",
         NULL																										      },
	{ WORLD "switches: {s: {network: lan-a, uplink: t}, t: {network: lan-a, uplink: s}}\n",
         "t:7:",													      "lead in a circle",				       NULL                                       },
	{ WORLD "switches: {s: {network: lan-a}, t: {network: lan-a, uplink: none}}\n",
         "t:7:",													      "is not connected to `s`",                                NULL                                       },
	{ "mailwire: 1\nnetworks: {a: , b: }\nhosts: {h: {network: a, gateway: r}}\n"
	  "routers: {r: {interfaces: b}}\n",						      "t:3:34: error",   "`r` is not on a network of `h`",                         "`r:b`"                                    },
	{ "mailwire: 1\nhosts: {h: {gateway: i}, i: }\n",                                                  "t:2:22: error",
         "only routers forward packets",																		NULL                                       },
	{ "mailwire: 1\nnetworks: {a: , b: }\nrouters: {r: {interfaces: [a, b], routes: [{to: "
	  "default, via: q}]},\n"
	  "  q: {interfaces: [a, b]}}\n",							 "t:3:63: error",   "`q` has several interfaces",                             "`q:a`"                                    },
	{ "mailwire: 1\nnetworks: {a: , b: , c: }\nrouters:\n  r: {interfaces: [a, b]}\n"
	  "  q: {interfaces: [b, c], routes: []}\n"
	  "hosts: {h: {network: a, dns: d}, mail: {network: c}, d: {network: c}}\n"
	  "domains: {x.example: {dns: d}}\n",						     "t:6:30: error",   "do not reach each other",                                "the router `q` has no route to 192.0.2.10"},
	{ "mailwire: 1\nnetworks: {a: , b: }\nhosts: {h: {network: a}, mail: {network: b}}\n"
	  "domains: {x.example: {accounts: {u: }}}\nclients: {u: {host: h}}\n",		   "t:5:11: error",   "its host has no DNS server",                             NULL                                       },
	{ "mailwire: 1\nnetworks: {a: , b: }\nhosts: {h: {network: a, dns: dns}, mail: {network: "
	  "b}}\n"
	  "domains: {x.example: {accounts: {u: }}}\n",					    "t:3:30: error",   "do not reach each other",                                "`h` has no gateway"                       },
 /* Impairments */
	{ WORLD "impairments: [{link: gw, loss: 1%}]\n",                                                   "t:7:22: error",
         "`gw` has several interfaces",																		 "`gw:lan-a`"                               },
	{ WORLD "impairments: [{link: \"gw:lan-c\", loss: 1%}]\n",                                         "t:7:22: error",
         "has no interface called `lan-c`",																	     NULL                                       },
	{ WORLD "impairments: [{link: lan-a}]\n",							  "t:7:15: error",   "does nothing",                                           "loss"                                     },
	{ WORLD "impairments: [{link: lan-a, loss: 1%, from: 5s, to: 2s}]\n",                              "t:7:53: error",
         "ends before it begins",																		       NULL                                       },
	{ WORLD "impairments: [{link: lan-a, loss: 101%}]\n",                                              "t:7:35: error",   "too large",
         "0% to 100%"																									      },
	{ WORLD "impairments: [{link: mali, loss: 1%}]\n",                                                 "t:7:22: error",   "called `mali`",
         "did you mean `mail`?"																								    },
 /* Names and mail */
	{ "mailwire: 1\nhosts: {h: }\ndomains: {x.example: {accounts: {u: }}}\n",                          "t:3:11: error",
         "has accounts but no mail server",																	     "mail: HOST"                               },
	{ "mailwire: 1\nhosts: {mail: }\ndomains: {x.example: {mail: mial}}\n",                            "t:3:29: error",
         "there is no host called `mial`",																	      "did you mean `mail`?"                     },
	{ WORLD "zones: {q.example: {server: mail, records: [{name: www, type: A, value: "
		"192.0.2.300}]}}\n",							      "t:7:73: error",   "is not the data of a record of type A",                  NULL                                       },
	{ WORLD "zones: {q.example: {records: [{type: A, value: 192.0.2.3}]}}\n",                          "t:7:9: error",
         "needs the key `server`",																		      NULL                                       },
	{ WORLD "zones: {d.example: {records: [{name: x.other., type: A, value: 192.0.2.3}]}}\n",
         "t:7:38: error",												     "`x.other` is not in the zone `d.example`",               NULL                                       },
	{ WORLD "zones: {d.example: {records: [{name: w, type: CNAME, value: mail}, {name: w, "
		"type: A, value: 192.0.2.3}]}}\n",						"t:7:31: error",   "is an alias (CNAME) and has other records",              NULL                                       },
	{ WORLD "zones: {d.example: {records: [{type: MX, value: 10 mial}]}}\n",                           "t:7:49: error",
         "no zone has an address for `mial.d.example`",																 NULL                                       },
	{ WORLD "zones: {\".\": {records: [{type: NS, value: root.}, {name: root, type: A, value: "
		"192.0.2.77}]}}\n",							       "t:5:11: error",   "nobody finds the zone",                                  NULL                                       },
	{ WORLD "servers: {mail: {services: [smtp, {service: imap, port: 25}]}}\n",                        "t:7:35: error",
         "port 25 of `mail` is taken",																		  NULL                                       },
	{ WORLD "servers: {mali: {}}\n",								   "t:7:11: error",   "there is no host called `mali`",
         "did you mean `mail`?"																								    },
	{ WORLD "servers: {mail: {services: [smpt]}}\n",                                                   "t:7:29: error",   "there is no such word",
         "did you mean `smtp`?"																								    },
	{ "mailwire: 1\nhosts: {mail: , h: }\ndomains: {x.example: {accounts: {u: }}}\n"
	  "clients: {u: {host: h, incoming: {server: imap.y.example}}}\n",			"t:4:43: error",   "no zone has an address for the server `imap.y.example`",
         "did you mean `imap.x.example`?"																							  },
	{ "mailwire: 1\nhosts: {mail: , h: }\ndomains: {x.example: {accounts: {u: }}}\n"
	  "clients: {v: {host: h}}\n",							    "t:4:11: error",   "needs the key `account`",                                NULL                                       },
	{ "mailwire: 1\nhosts: {mail: , h: }\ndomains: {x.example: {accounts: {u: }}}\n"
	  "clients: {u: {host: h, account: u@y.example}}\n",				      "t:4:33: error",   "no account called `u@y.example`",                        "did you mean `u@x.example`?"              },
	{ "mailwire: 1\nhosts: {mail: , h: }\ndomains: {x.example: {accounts: {u: }}}\n"
	  "clients: {u: {host: h, incoming: {protocol: imap, leave-on-server: yes}}}\n",	  "t:4:68: error",   "is for pop3",					    NULL                                       },
	{ "mailwire: 1\nhosts: {mail: , h: {dns: none}}\ndomains: {x.example: {accounts: {u: }}}\n"
	  "clients: {u: {host: h}}\n",							    "t:2:26: error",   "has no DNS server",                                      NULL                                       },
 /* The timeline */
	{ WORLD "timeline: [{at: 1s, who: alise, do: check}]\n",                                           "t:7:26: error",
         "there is no client, host or router called `alise`",															   "did you mean `alice`?"                    },
	{ WORLD "timeline: [{at: 1s, who: mail, do: check}]\n",                                            "t:7:26: error",
         "`mail` is no client",																			 NULL				       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: snd}]\n",                                             "t:7:37: error",
         "there is no such word",																		       "did you mean `send`?"                     },
	{ WORLD "timeline: [{who: alice, do: check}]\n",                                                   "t:7:12: error",
         "an action needs the key `at`",																		NULL                                       },
	{ WORLD "timeline: [{at: 1s, do: check}]\n",						       "t:7:12: error",   "`check` needs the key `who`",
         NULL																										      },
	{ WORLD "timeline: [{at: 1s, who: alice, do: check, to: bob}]\n",                                  "t:7:44: error",
         "`to` does not go with `check`",																	       NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send}]\n",                                            "t:7:12: error",
         "needs a recipient",																			   NULL				       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: bbo@d.example}]\n",                         "t:7:47: error",
         "nobody in the scenario has the address `bbo@d.example`",														      "did you mean `bob@d.example`?"            },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: zacharias@d.example}]\n",
         "t:7:47: error",												     "nobody in the scenario",                                 "unknown-recipients: yes"                  },
	{ WORLD "timeline: [{at: 1s, who: bob, do: move, into: X}]\n",                                     "t:7:12: error",
         "cannot move messages",																			"incoming: imap"                           },
	{ WORLD "timeline: [{at: 1s, who: bob, do: read, folder: Sent}]\n",                                "t:7:49: error",
         "knows no folder but INBOX",																		   NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: ping, target: mali}]\n",                              "t:7:51: error",
         "no host or router called `mali`",																	     "did you mean `mail`?"                     },
	{ WORLD "timeline: [{at: 1s, who: gw, do: dig, name: d.example}]\n",                               "t:7:26: error",
         "only hosts dig",																			      NULL				       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: dig, name: d.example, server: bob-pc}]\n",
         "t:7:67: error",												     "`bob-pc` has no DNS server",                             NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: online}]\n",                                          "t:7:12: error",
         "`alice` is online already",																		   NULL                                       },
	{ WORLD "timeline: [{at: 9s, who: alice, do: online}, {at: 1s, who: alice, do: offline}, "
		"{at: 5s, who: alice, do: check}]\n",					     "t:7:81: warning", "`alice` is offline at that time",                        NULL                                       },
	{ WORLD "timeline: [{at: 1s, do: mend, link: mail}]\n",                                            "t:7:37: error",
         "nobody has cut this",																			 NULL				       },
	{ WORLD "timeline: [{at: 1s, do: cut, link: mail}, {at: 2s, do: cut, link: mail}]\n",
         "t:7:67: error",												     "cut already",					    NULL                                       },
	{ WORLD "until: 5s\ntimeline: [{at: 6s, who: alice, do: check}]\n",                                "t:8:17: error",
         "the run ends before this",																		    NULL                                       },
	{ WORLD "timeline: [{at: 1s, times: 3, who: alice, do: check}]\n",                                 "t:7:28: error",
         "needs `every`",																			       NULL				       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: read, message: Helo}, {at: 1s, who: bob, do: "
		"send, to: alice, subject: Hello}]\n",					    "t:7:52: warning", "subject `Helo`",                                         "did you mean `Hello`?"                    },
 /* Attachments */
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: bob, attach: nothing.pdf}]\n",
         "t:7:60: error",												     "there is no such file",                                  NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: bob, attach: ../Makefile}]\n",
         "t:7:60: error",												     "leads out of the folder",                                NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: bob, attach: /etc/hostname}]\n",
         "t:7:60: error",												     "not relative",					   NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: bob, attach: files}]\n",
         "t:7:60: error",												     "it is not a file",                                       NULL                                       },
 /* Expectations */
	{ WORLD "expect: [{mailbox: alise@d.example, messages: 1}]\n",                                     "t:7:20: error",
         "no account called `alise@d.example`",																	 "did you mean `alice@d.example`?"          },
	{ WORLD "expect: [{mailbox: alice, folder: Archive}]\n",                                           "t:7:35: error",
         "has no folder `Archive`",																		     NULL                                       },
	{ WORLD "expect: [{messages: 1}]\n",							       "t:7:10: error",
         "one of the keys `mailbox`, `message`",																	NULL                                       },
	{ WORLD "expect: [{mailbox: alice, dropped: 1}]\n",                                                "t:7:10: error",
         "cannot stand together",																		       NULL                                       },
	{ WORLD "expect: [{message: X}]\n",								"t:7:10: error",   "`message` needs the key `is`",                           NULL                                       },
	{ WORLD "expect: [{ping: answered}]\n",							    "t:7:10: error",   "nobody in the timeline pings",
         NULL																										      },
	{ WORLD "expect: [{retransmissions: 0, node: lan-a}]\n",                                           "t:7:37: error",
         "is a switch and has no TCP",																		  NULL                                       },
	{ WORLD "expect: [{message: X, is: bounced, recipient: q@d.example}]\n",                           "t:7:47: error",
         "nobody writes to it",																			 NULL				       },
	{ WORLD "expect: [{message: X, is: bounced}]\n",                                                   "t:7:20: warning",
         "nobody in the timeline sends",																		NULL                                       },
	{ WORLD "capture: {interfaces: [gw]}\n",							   "t:7:24: error",   "has several interfaces",                                 NULL                                       },
 /* Capabilities, faults, outages, aliases and lists */
	{ WORLD "servers: {mail: {without: [PIPELINE]}}\n",                                                "t:7:28: error",
         "there is no such word",																		       "did you mean `PIPELINING`?"               },
	{ WORLD "servers: {mail: {screening: [{stage: virus, delay: 1min}]}}\n",                           "t:7:45: error",
         "`delay` does not go with `virus`",																	    NULL                                       },
	{ WORLD "servers: {mail: {screening: content}}\n",                                                 "t:7:29: error",
         "a content filter without rules finds nothing",																NULL                                       },
	{ WORLD "servers: {mail: {screening: {stage: content, rules: []}}}\n",                             "t:7:29: error",
         "a content filter without rules finds nothing",																NULL                                       },
	{ WORLD "servers: {mail: {screening: {stage: content, rules: {name: A, pattern: (}}}}\n",
         "t:7:72: error",												     "`(` is no regular expression",                           NULL                                       },
	{ WORLD "servers: {mail: {screening: {stage: spam, subject-prefix: x}}}\n",                        "t:7:59: error",
         "a message that is refused has no subject to mark",															    "action: quarantine"                       },
	{ WORLD
	  "servers: {mail: {screening: {stage: spam, action: tag, subject-prefix: \xc3\xbc}}}\n", "t:7:72: error",   "cannot stand in a header field",                         NULL                                       },
	{ WORLD "servers: {mail: {screening: {stage: greylist, delay: 3d}}}\n",                            "t:7:29: error",
         "nobody would ever pass",																		      NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: bob, attach: {text: x}}]\n",
         "t:7:60: error",												     "an attachment needs `file`, or `text` and `name`",       NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: send, to: bob, attach: {file: x, text: x}}]\n",
         "t:7:76: error",												     "`file` and `text` cannot stand together",                NULL                                       },
	{ WORLD "servers: {mail: {faults: {command: mail}}}\n",                                            "t:7:26: error",
         "nothing goes wrong here",																		     NULL                                       },
	{ WORLD "servers: {mail: {faults: {command: mail, reply: 250 Ok}}}\n",                             "t:7:49: error",
         "`250 Ok` is no reply that refuses something",																 "451 4.3.0 Try again later"                },
	{ WORLD "servers: {mail: {faults: {command: mail, reply: 451 x, recipients: bob}}}\n",
         "t:7:68: error",												     "`recipients` is for `command: rcpt`",                    NULL                                       },
	{ WORLD "servers: {mail: {faults: {command: rcpt, reply: 451 x, recipients: nobody}}}\n",
         "t:7:68: error",												     "nobody in the scenario has the address `nobody`",        NULL                                       },
	{ WORLD "servers: {mail: {faults: {command: mail, reply: 451 x, reset: yes}}}\n",
         "t:7:49: error",												     "`reply` and `reset` cannot stand together",              NULL                                       },
	{ WORLD "servers: {mail: {faults: {command: mail, reset: yes, after: 1kB}}}\n",
         "t:7:61: error",												     "`after` is for `command: data`",                         NULL                                       },
	{ WORLD "servers: {mail: {faults: {command: mail, reset: yes, from: 2s, to: 1s}}}\n",
         "t:7:68: error",												     "`to` is not after `from`",                               NULL                                       },
	{ WORLD "servers: {mail: {down: [{from: 5s, to: 9s}, {from: 8s}]}}\n",                             "t:7:52: error",
         "it is down already",																			  NULL				       },
	{ "mailwire: 1\nnetworks: {l: {subnet: 192.0.2.0/26}}\nhosts: {mail: {network: "
	  "l}}\ndomains: {d.example: {accounts: {alice: }, aliases: {alice: bob@x.example}}}\n",  "t:4:54: error",   "`alice@d.example` is an account already",                NULL                                       },
	{ "mailwire: 1\nnetworks: {l: {subnet: 192.0.2.0/26}}\nhosts: {mail: {network: "
	  "l}}\ndomains: {d.example: {accounts: {alice: }, aliases: {info: nobody}}}\n",	  "t:4:60: error",   "nobody in the scenario has the address `nobody`",
         "write the whole address"																								 },
	{ "mailwire: 1\nnetworks: {l: {subnet: 192.0.2.0/26}}\nhosts: {mail: {network: "
	  "l}}\ndomains: {d.example: {accounts: {alice: }, lists: {staff: {members: alice}}}}\n", "t:4:52: error",   "a mailing list needs the key `owner`",                   NULL                                       },
 /* Dial-up lines, devices, terminals */
	{ "mailwire: 1\nnetworks: {lan: {dial-up: {idle: 5s}}}\nhosts: {a: }\n",                           "t:2:27: error",
         "`lan` is a LAN: only a link can be a dial-up line",															   "write `kind: link`"                       },
	{ "mailwire: 1\nnetworks: {lan: {dial-up: {idle: 5s, cost-per-minute: 5ct}}}\n",
         "t:2:55: error",												     "there is no such unit",                                  "0.05"                                     },
	{ WORLD "expect: [{minutes-online: 3}]\n",							 "t:7:10: error",   "no network is a dial-up line",
         "dial-up"																										 },
	{ WORLD "expect: [{cost: 0.5, network: lan-a}]\n",                                                 "t:7:31: error",
         "`lan-a` is no dial-up line",																		  "dial-up"                                  },
	{ WORLD "expect: [{heard: x}]\n",								  "t:7:10: error",   "nobody in the timeline uses telnet",
         NULL																										      },
	{ WORLD "expect: [{packets: 0, of: read}]\n",						      "t:7:27: error",
         "nobody in the timeline does this",																	    NULL                                       },
	{ WORLD "timeline: [{at: 1s, who: alice, do: backup}]\n",                                          "t:7:12: error",
         "`alice` uses imap: its mail is on the server",																"incoming: pop3"                           },
	{ WORLD "timeline: [{at: 1s, who: gw, do: telnet, target: mail, port: 25, text: x}]\n",
         "t:7:26: error",												     "`gw` is a router: nobody sits at it",                    NULL                                       },
	{ WORLD
	  "timeline: [{at: 1s, who: alice-pc, do: telnet, target: mial, port: 25, text: x}]\n",   "t:7:56: error",   "there is no host or router called `mial`",               "did you mean `mail`?"                     },
	{ WORLD "timeline: [{at: 1s, who: alice-pc, do: crash}]\n",                                        "t:7:26: error",
         "`alice-pc` is no client",																		     "name one of the `clients`"                },
};

START_TEST(what_is_wrong_is_said_with_its_place_and_a_way_out)
{
	g_autofree char *text = diagnose(rows[_i].yaml);
	const char *at = text;

	/* The complaint with this place and this text; its hint is before the next complaint. */
	for (;;) {
		at = strstr(at, rows[_i].place);
		ck_assert_msg(at != NULL, "row %d: no `%s` with `%s` in:\n%s", _i, rows[_i].place,
			      rows[_i].text, text);
		size_t line = strcspn(at, "\n");

		if (g_strstr_len(at, (gssize)line, rows[_i].text) != NULL)
			break;
		at += line;
	}
	const char *next = strstr(at, "\nt:");
	size_t length = next == NULL ? strlen(at) : (size_t)(next - at);

	if (rows[_i].hint != NULL)
		ck_assert_msg(g_strstr_len(at, (gssize)length, rows[_i].hint) != NULL,
			      "row %d: no hint `%s` in:\n%s", _i, rows[_i].hint, text);
}
END_TEST

/* The world that rows build on is itself right. */
START_TEST(the_world_of_the_rows_is_right)
{
	g_autofree char *text = diagnose(WORLD);

	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(all_errors_of_meaning_are_reported_in_one_go)
{
	g_autofree char *text = diagnose("mailwire: 1\n"
					 "networks: {lan: {dealy: 1ms}}\n"
					 "hosts: {a: {address: 203.0.113.1}, mail: }\n"
					 "domains: {x.example: {accounts: {u: {quota: 5}}}}\n"
					 "clients: {u: {host: b}}\n"
					 "timeline: [{at: 1s, who: v, do: check}]\n");
	static const char *const places[] = { "t:2:18:", "t:3:22:", "t:4:45:", "t:5:21:",
					      "t:6:26:" };

	for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
		ck_assert_msg(strstr(text, places[i]) != NULL, "%s in\n%s", places[i], text);
}
END_TEST

START_TEST(a_syntax_error_is_reported_alone)
{
	g_autofree char *text = diagnose("mailwire: 1\nhosts: {a: {dealy: 1}}\nx: [\n");
	char *first = strstr(text, "error");

	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "error"));
}
END_TEST

START_TEST(one_mistake_in_a_name_is_one_error)
{
	g_autofree char *text = diagnose("mailwire: 1\nhosts: {mail: , h: }\n"
					 "domains: {x.example: {mail: mial, accounts: {u: }}}\n"
					 "clients: {u: {host: h}}\n");
	char *first = strstr(text, "error");

	ck_assert_ptr_null(strstr(first + 1, "error"));
}
END_TEST

/* Whatever is cut off the end, the loader says what is wrong or loads; under ASan. */
START_TEST(every_truncation_is_refused_or_loaded)
{
	g_autofree char *text = NULL;
	gsize length;

	ck_assert(g_file_get_contents("scenarios/office.yaml", &text, &length, NULL));
	for (gsize i = 0; i < length; i += 7) {
		struct diagnostics *diagnostics = diagnostics_new();
		uint8_t *part = g_memdup2(text, i + 1);
		struct scenario *scenario =
		    scenario_load_bytes((struct bytes) { part, i }, "t", "scenarios", diagnostics);
		g_autofree char *printed = diagnostics_print(diagnostics);

		ck_assert(scenario != NULL || printed[0] != '\0');
		scenario_free(scenario);
		diagnostics_free(diagnostics);
		g_free(part);
	}
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_error)
{
	struct diagnostics *diagnostics = diagnostics_new();

	ck_assert_ptr_null(scenario_load("scenarios/none.yaml", diagnostics));
	ck_assert_uint_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), 1);
	diagnostics_free(diagnostics);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_errors");
	TCase *tests = tcase_create("scenario_errors");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_world_of_the_rows_is_right);
	tcase_add_loop_test(tests, what_is_wrong_is_said_with_its_place_and_a_way_out, 0,
			    G_N_ELEMENTS(rows));
	tcase_add_test(tests, all_errors_of_meaning_are_reported_in_one_go);
	tcase_add_test(tests, a_syntax_error_is_reported_alone);
	tcase_add_test(tests, one_mistake_in_a_name_is_one_error);
	tcase_add_test(tests, every_truncation_is_refused_or_loaded);
	tcase_add_test(tests, a_file_that_is_not_there_is_an_error);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
