/* Plays a packet dialogue (tests/packet/README.md) against one host's stack. */
#pragma once

/* Plays the file at `path`; a difference fails the running Check test with file and line. */
void dialogue_play(const char *path);
