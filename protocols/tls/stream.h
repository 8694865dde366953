/* The streams of a context; for the files of this folder. */
#pragma once
#include <glib.h>

/* Resets them all and frees them. */
void tls_streams_abort(GQueue *streams);
