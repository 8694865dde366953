/* A story as one HTML page, for screen and paper: no script, nothing loaded. */
#include <string.h>
#include "protocols/layer.h"
#include "views/names.h"
#include "views/palette.h"
#include "views/story_write.h"

static const char style[] =
    "@page{size:A4;margin:20mm "
    "18mm;@bottom-center{content:counter(page);font-size:9pt;color:#57606a}}\n"
    "html{font:16px/1.6 'Source Serif 4',Georgia,'DejaVu "
    "Serif',serif;color:#1f2328;background:#fff}\n"
    "body{max-width:46rem;margin:2.5rem auto;padding:0 1.2rem}\n"
    "h1,h2,h3,h4,th,figcaption,nav{font-family:system-ui,'DejaVu "
    "Sans',sans-serif;line-height:1.25}\n"
    "h1{font-size:1.9rem;margin:0 0 1.2rem}h2{font-size:1.35rem;margin:2.4rem 0 .6rem;"
    "border-bottom:1px solid #d0d7de;padding-bottom:.25rem}\n"
    "h3{font-size:1.08rem;margin:1.6rem 0 .4rem}h4{font-size:1rem;margin:1.2rem 0 .3rem}\n"
    "h2,h3,h4,figure,tr,li{break-inside:avoid}h2,h3,h4{break-after:avoid}\n"
    "p{margin:.6rem 0;orphans:3;widows:3}li{margin:.3rem 0}\n"
    "code{font:.86em/1.4 'DejaVu Sans "
    "Mono',ui-monospace,Menlo,Consolas,monospace;background:#f6f8fa;"
    "border-radius:3px;padding:.05em .25em;overflow-wrap:anywhere}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;margin:.8rem "
    "0;width:100%}\n"
    "th,td{border-bottom:1px solid #d0d7de;padding:.25rem "
    ".5rem;text-align:left;vertical-align:top}\n"
    "th{background:#f6f8fa;font-size:.8rem}td.n,th.n{text-align:right;font-variant-numeric:tabular-"
    "nums}\n"
    "b{font-weight:600;white-space:nowrap}\n"
    "figure{margin:1.4rem 0;text-align:center}figure svg{max-width:100%;height:auto}\n"
    "figcaption{font-size:.85rem;color:#57606a;text-align:left;margin-top:.4rem}\n"
    "nav{font-size:.9rem;background:#f6f8fa;border-radius:6px;padding:.6rem 1rem;margin:1rem 0 "
    "1.5rem}\n"
    "nav ol{margin:.2rem 0;padding-left:1.4rem}nav a{color:#0a57a8}\n"
    "@media print{html{font-size:10.5pt}body{margin:0;padding:0;max-width:none}nav{display:none}"
    ".scroll{overflow:visible}table{font-size:8pt}th{font-size:7.5pt}th,td{padding:.15rem .3rem}"
    "figure svg{max-height:150mm}}\n";

/* As text or the value of an attribute; a negative length: up to the NUL. */
static void append_escaped(GString *out, const char *text, gssize length)
{
	g_autofree char *escaped = g_markup_escape_text(text, length);

	g_string_append(out, escaped);
}

static void append_span(GString *out, const char *text, const struct story_span *span)
{
	static const char *const elements[] = { [STORY_PLAIN] = NULL,
						[STORY_CODE] = "code",
						[STORY_STRONG] = "strong",
						[STORY_NAME] = NULL,
						[STORY_NODE] = "b" };
	const char *element = elements[span->look];

	if (element == NULL && span->layer != 0)
		element = "span";
	if (element != NULL)
		g_string_append_printf(out, "<%s", element);
	if (element != NULL && span->layer != 0)
		g_string_append_printf(out, " class=\"%s\"", view_layer_key(span->layer));
	if (element != NULL)
		g_string_append_c(out, '>');
	append_escaped(out, text, span->length);
	if (element != NULL)
		g_string_append_printf(out, "</%s>", element);
}

static void append_sentence(GString *out, const struct story_sentence *sentence)
{
	const char *text = sentence->text->str;
	uint32_t at = 0;

	for (guint i = 0; i < sentence->spans->len; i++) {
		const struct story_span *span =
		    &g_array_index(sentence->spans, struct story_span, i);

		append_escaped(out, text + at, span->start - at);
		append_span(out, text + span->start, span);
		at = span->start + span->length;
	}
	append_escaped(out, text + at, sentence->text->len - at);
}

static void append_sentences(GString *out, const struct story_block *block)
{
	for (guint i = 0; i < block->sentences->len; i++) {
		if (i > 0)
			g_string_append_c(out, ' ');
		append_sentence(out, block->sentences->pdata[i]);
	}
}

static void append_cell(GString *out, const struct story_block *block, guint i)
{
	bool is_head = i < block->columns;
	bool is_number = (block->right_aligned & 1u << i % block->columns) != 0;

	g_string_append_printf(out, "<%s%s%s>", is_head ? "th" : "td",
			       is_head ? " scope=\"col\"" : "", is_number ? " class=\"n\"" : "");
	append_sentence(out, block->sentences->pdata[i]);
	g_string_append(out, is_head ? "</th>" : "</td>");
}

static void append_table(GString *out, const struct story_block *block)
{
	g_string_append(out, "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead>");
	for (guint i = 0; i < block->sentences->len; i++) {
		if (i % block->columns == 0)
			g_string_append(out, "<tr>");
		append_cell(out, block, i);
		if ((i + 1) % block->columns == 0)
			g_string_append(out, "</tr>");
		if (i + 1 == block->columns)
			g_string_append(out, "</thead>\n<tbody>");
		else if ((i + 1) % block->columns == 0)
			g_string_append_c(out, '\n');
	}
	g_string_append(out, "</tbody></table></div>\n");
}

static void append_list(GString *out, const struct story_block *block)
{
	const char *element = block->level == 1 ? "ol" : "ul";

	g_string_append_printf(out, "<%s>\n", element);
	for (guint i = 0; i < block->sentences->len; i++) {
		g_string_append(out, "<li>");
		append_sentence(out, block->sentences->pdata[i]);
		g_string_append(out, "</li>\n");
	}
	g_string_append_printf(out, "</%s>\n", element);
}

static void append_figure(GString *out, const struct story_block *block)
{
	g_string_append_printf(out, "<figure id=\"%s\"><div role=\"img\" aria-label=\"",
			       block->anchor);
	append_escaped(out, block->alternative, -1);
	g_string_append_printf(out, "\">%s</div>\n<figcaption>", block->svg);
	append_sentences(out, block);
	g_string_append(out, "</figcaption></figure>\n");
}

static void append_block(GString *out, const struct story_block *block)
{
	switch ((enum story_kind)block->kind) {
	case STORY_HEADING:
		g_string_append_printf(out, "<h%u id=\"%s\">", block->level + 1, block->anchor);
		append_sentences(out, block);
		g_string_append_printf(out, "</h%u>\n", block->level + 1);
		break;
	case STORY_PARAGRAPH:
		g_string_append(out, "<p>");
		append_sentences(out, block);
		g_string_append(out, "</p>\n");
		break;
	case STORY_LIST:
		append_list(out, block);
		break;
	case STORY_TABLE:
		append_table(out, block);
		break;
	case STORY_FIGURE:
		append_figure(out, block);
		break;
	}
}

#define CONTENTS_MIN 3 /* headings that make a list of contents worth its place */

static void append_contents(GString *out, const struct story *story)
{
	GString *items = g_string_new(NULL);
	unsigned count = 0;

	for (guint i = 0; i < story->blocks->len; i++) {
		const struct story_block *block = story->blocks->pdata[i];

		if (block->kind != STORY_HEADING || block->level != 1)
			continue;
		count++;
		g_string_append_printf(items, "<li><a href=\"#%s\">", block->anchor);
		append_sentences(items, block);
		g_string_append(items, "</a></li>\n");
	}
	if (count >= CONTENTS_MIN)
		g_string_append_printf(out, "<nav aria-label=\"Contents\"><ol>\n%s</ol></nav>\n",
				       items->str);
	g_string_free(items, TRUE);
}

static void append_layer_colours(GString *out)
{
	for (unsigned layer = 0; layer < LAYER_COUNT; layer++) {
		const struct palette_colour *colour = palette_colour((uint8_t)layer);

		g_string_append_printf(out, "code.%s{color:%s;background:%s}span.%s{color:%s}\n",
				       view_layer_key(layer), colour->ink, colour->fill,
				       view_layer_key(layer), colour->ink);
	}
}

GString *story_html(const struct story *story)
{
	GString *text = g_string_new("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
				     "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
				     "content=\"width=device-width, initial-scale=1\">\n<title>");

	append_escaped(text, story->title, -1);
	g_string_append_printf(text, "</title>\n<style>\n%s", style);
	append_layer_colours(text);
	g_string_append(text, "</style>\n</head>\n<body>\n<main>\n<h1>");
	append_escaped(text, story->title, -1);
	g_string_append(text, "</h1>\n");
	append_contents(text, story);
	for (guint i = 0; i < story->blocks->len; i++)
		append_block(text, story->blocks->pdata[i]);
	g_string_append(text, "</main>\n</body>\n</html>\n");
	return text;
}
