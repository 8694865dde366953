/* What the connections of a program have in common; for the files of this folder. */
#pragma once
#include "protocols/tls/library.h"

struct tls_context {
	struct tls_library *library;
	struct node *node;
	SSL_CTX *settings;
	enum tls_verify verify;
	bool is_server;
	struct random_stream random; /* all that its connections draw */
	GQueue streams;              /* of struct tls_stream, see stream.c */
};
