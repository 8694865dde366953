/*
 * Plays a written conversation against a session and checks every line the session says.
 *
 *     # a comment
 *     C: EHLO vm              the client says this line, CRLF behind it
 *     S: 250 mail.example     the server says this line
 *     C~ half a li            the same without CRLF
 *     C/ of Unix              the same with LF alone
 *     ! closed                checks or does something, see below
 *
 * Lines of the other side are collected and fed together, when the session is to speak or at a
 * directive: whole, or `chunk` bytes at a time. The session must say all that is written, and no more.
 *
 * Directives: `closed` (the session ended), `open` (it did not), `ended` (the other side sends no
 * more), `expired` (its deadline comes), `fed` (feed what was collected now); others are the test's.
 */
#pragma once
#include "protocols/session.h"

struct transcript {
	struct session *session; /* opened by the player; freed by the test */
	char side;               /* 'C' or 'S': which side the session is */
	size_t chunk;            /* bytes fed at a time; 0: all */
	/* Does what `directive` says; false when it is not known. May be NULL. */
	bool (*directive)(void *owner, const char *directive);
	void *owner;
};

/* Plays the file at `path`; a difference fails the running Check test with file and line. */
void transcript_play(const char *path, const struct transcript *transcript);
