/*
 * Unpacks gzip (RFC 1952) by zlib as its bytes come: any number of members one behind the other, as
 * gzip, pigz, bgzip and cat make them. Memory is that of the window of deflate, 32 KiB, whatever comes.
 */
#pragma once
#include "sim/bytes.h"

struct gunzip;

/* Whether bytes begin as a member of gzip does; two will do. */
bool gunzip_is_gzip(struct bytes begin);

/* Never NULL; freed by gunzip_free(). */
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *gunzip);

/*
 * Unpacks from the front of `in`, of which it takes off what it has used, into `out` with `room` bytes; returns
 * how many it wrote. 0: it needs more, and `in` is empty; or it is damaged, see gunzip_complaint().
 */
size_t gunzip_some(struct gunzip *gunzip, struct bytes *in, uint8_t *out, size_t room);

/* Whether the end of the file may be here: behind a whole member. */
bool gunzip_is_whole(const struct gunzip *gunzip);

/* What is wrong, for people; NULL: nothing so far. It needs no freeing. */
const char *gunzip_complaint(const struct gunzip *gunzip);
