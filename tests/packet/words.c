#include "tests/packet/words.h"

#include <string.h>

void words_complain(struct words *words, const char *what)
{
	if (words->problem == NULL)
		words->problem = g_strdup_printf("expected %s, not \"%s\"", what,
						 *words->next != NULL ? *words->next : "the end");
}

bool words_accept(struct words *words, const char *word)
{
	if (*words->next == NULL || strcmp(*words->next, word) != 0)
		return false;
	words->next++;
	return true;
}

void words_expect(struct words *words, const char *word)
{
	if (!words_accept(words, word))
		words_complain(words, word);
}

const char *words_any(struct words *words, const char *what)
{
	if (*words->next != NULL)
		return *words->next++;
	words_complain(words, what);
	return "";
}

uint32_t words_number(struct words *words)
{
	guint64 number = 0;

	if (*words->next == NULL ||
	    !g_ascii_string_to_unsigned(*words->next, 10, 0, UINT32_MAX, &number, NULL))
		words_complain(words, "a number");
	else
		words->next++;
	return (uint32_t)number;
}

uint32_t words_address(struct words *words)
{
	uint32_t address = 0;

	if (*words->next == NULL || !ipv4_parse(*words->next, &address))
		words_complain(words, "an IPv4 address");
	else
		words->next++;
	return address;
}

struct mac words_mac(struct words *words)
{
	struct mac mac = { 0 };

	if (*words->next == NULL || !mac_parse(*words->next, &mac))
		words_complain(words, "a MAC address");
	else
		words->next++;
	return mac;
}

char **words_split(const char *line)
{
	GStrvBuilder *builder = g_strv_builder_new();
	char *copy = g_strdup(line), *rest = copy;

	for (char *word; (word = strsep(&rest, " \t")) != NULL;)
		if (*word != '\0')
			g_strv_builder_add(builder, word);
	g_free(copy);
	char **words = g_strv_builder_end(builder);

	g_strv_builder_unref(builder);
	return words;
}
