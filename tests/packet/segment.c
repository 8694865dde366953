#include "tests/packet/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sim/time.h"

#define DEFAULT_TOLERANCE_NS NS_PER_MS

uint8_t dialogue_pattern(uint64_t offset)
{
	return (uint8_t)('a' + offset * 7 % 23 + offset / 1000 % 3);
}

bool dialogue_time_read(const char *word, int64_t *time_ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {
		{"",    1e9},
                { "s",  1e9},
                { "ms", 1e6},
                { "us", 1e3}
	};
	char *unit;
	double number = g_ascii_strtod(word, &unit);

	for (size_t i = 0; unit != word && i < G_N_ELEMENTS(units); i++) {
		if (strcmp(unit, units[i].unit) == 0) {
			*time_ns = (int64_t)(number * units[i].ns + 0.5);
			return true;
		}
	}
	return false;
}

static bool read_flags(const char *word, uint8_t *flags)
{
	static const char letters[] = "FSRPAU"; /* in the order of their bits */

	*flags = 0;
	if (strcmp(word, "-") == 0)
		return true;
	for (; *word != '\0'; word++) {
		const char *letter = strchr(letters, *word);

		if (letter == NULL)
			return false;
		*flags |= (uint8_t)(1 << (letter - letters));
	}
	return true;
}

static bool read_number(const char *word, uint32_t *number)
{
	char *end;

	if (word == NULL)
		return false;
	*number = (uint32_t)strtoll(word, &end, 10);
	return end != word && *end == '\0';
}

static bool read_sack(const char *word, struct tcp_options *options)
{
	char **blocks = g_strsplit(word, ",", 0);
	bool is_right = true;

	for (char **block = blocks; *block != NULL && is_right; block++) {
		struct tcp_sack_block *to = &options->sack[options->sack_count++];

		is_right = sscanf(*block, "%u-%u", &to->left, &to->right) == 2;
	}
	g_strfreev(blocks);
	return is_right;
}

static bool is_number(const char *word)
{
	return word != NULL && g_ascii_isdigit(word[0]);
}

/* Reads one word with its argument; returns how many words that were, 0 when it makes no sense. */
static unsigned read_word(char **words, struct described_segment *segment)
{
	static const struct {
		const char *word;
		unsigned says;
	} numbers[] = {
		{"seq",   SAYS_SEQ   },
                { "ack",  SAYS_ACK   },
                { "win",  SAYS_WINDOW},
		{ "len",  0          },
                { "mss",  SAYS_MSS   },
                { "ws",   SAYS_SCALE },
		{ "echo", SAYS_ECHO  },
                { "urg",  SAYS_URGENT},
                { "port", SAYS_PORT  },
	};
	uint32_t value = 0;

	if (strcmp(words[0], "dns") == 0) {
		segment->message = words + 1;
		return g_strv_length(words);
	}
	if (strcmp(words[0], "bad") == 0)
		return segment->says |= SAYS_BAD, 1;
	if (strcmp(words[0], "df") == 0) {
		bool is_none = g_strcmp0(words[1], "none") == 0;

		segment->says |= is_none ? SAYS_MAY_FRAGMENT : SAYS_DONT_FRAGMENT;
		return is_none ? 2 : 1;
	}
	if (strcmp(words[0], "sackok") == 0) {
		segment->says |= SAYS_SACK_PERMITTED;
		return segment->options.has_sack_permitted = true, 1;
	}
	if (strcmp(words[0], "sack") == 0)
		return words[1] != NULL && read_sack(words[1], &segment->options) ? 2 : 0;
	if (strcmp(words[0], "within") == 0)
		return words[1] != NULL && dialogue_time_read(words[1], &segment->tolerance_ns) ? 2
												: 0;
	if (strcmp(words[0], "ts") == 0) {
		if (g_strcmp0(words[1], "none") == 0)
			return segment->says |= SAYS_NO_TIMESTAMP, 2;
		segment->says |= SAYS_TIMESTAMP;
		if (!is_number(words[1]))
			return 1;
		segment->says |= SAYS_TIMESTAMP_VALUE;
		return read_number(words[1], &segment->options.timestamp_value) ? 2 : 0;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		if (strcmp(words[0], numbers[i].word) != 0)
			continue;
		if (!read_number(words[1], &value))
			return 0;
		segment->says |= numbers[i].says;
		switch (i) {
		case 0:
			segment->sequence = value;
			break;
		case 1:
			segment->acknowledgment = value;
			break;
		case 2:
			segment->window = (uint16_t)value;
			break;
		case 3:
			segment->length = value;
			break;
		case 4:
			segment->options.mss = (uint16_t)value;
			break;
		case 5:
			segment->options.window_scale = (uint8_t)value;
			break;
		case 6:
			segment->options.timestamp_echo = value;
			break;
		case 7:
			segment->urgent = (uint16_t)value;
			break;
		case 8:
			segment->port = (uint16_t)value;
			break;
		}
		return 2;
	}
	return 0;
}

bool described_segment_read(char **words, struct described_segment *segment, const char **problem)
{
	*segment = (struct described_segment) { .tolerance_ns = DEFAULT_TOLERANCE_NS };
	if (words[0] == NULL || !read_flags(words[0], &segment->flags)) {
		*problem = "flags are letters of SFRPAU, or -";
		return false;
	}
	for (words++; *words != NULL;) {
		unsigned used = read_word(words, segment);

		if (used == 0) {
			*problem = *words;
			return false;
		}
		words += used;
	}
	return true;
}
