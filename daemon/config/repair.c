/* SPDX-License-Identifier: Apache-2.0 */
/* What libconfuse refuses, said again with the nearest key, and taken out of the text. */
#include "repair.h"

#include "suggest.h"

#include <stdio.h>
#include <string.h>

static void say(struct scan *scan, size_t at, const char *text)
{
	char where[SCAN_WHERE];

	if (scan_hurt(scan, scan->tokens[at].line))
		return;
	report_add(scan->report, scan->tokens[at].line, false,
	        scan_where(scan, scan->tokens[at].parent, where), "%s", text);
}

/* The name that libconfuse put between quotes. */
static void quoted(const char *text, char *buf, size_t size)
{
	const char *begin = strchr(text, '\''), *end = begin == NULL ? NULL : strrchr(text, '\'');

	buf[0] = '\0';
	if (begin != NULL && end > begin)
		snprintf(buf, size, "%.*s", (int)(end - begin - 1), begin + 1);
}

/* The last token with this text at or before a line; the last token at all when there is none. */
static size_t locate(const struct scan *scan, const char *text, int line)
{
	size_t last = SCAN_NONE, found = SCAN_NONE;

	for (size_t i = scan_first(scan); i != SCAN_NONE && scan->tokens[i].line <= line;
	        i = scan_next(scan, i)) {
		last = i;
		if (scan->tokens[i].text != NULL && strcmp(scan->tokens[i].text, text) == 0)
			found = i;
	}
	return found != SCAN_NONE ? found : last != SCAN_NONE ? last : scan_first(scan);
}

static void offer_keys(struct suggest *suggest, const struct section_kind *kind)
{
	for (const struct wq_option *row = kind->rows; row->key != NULL; row++)
		suggest_offer(suggest, row->key);
	for (size_t i = 0; kind->more != NULL && kind->more[i] != NULL; i++) {
		for (const struct wq_option *row = kind->more[i]; row->key != NULL; row++)
			suggest_offer(suggest, row->key);
	}
}

static const struct section_kind *kind_around(
        const struct scan *scan, const struct schema *schema, size_t at)
{
	const size_t open = scan->tokens[at].parent;
	size_t title, keyword;

	if (open == SCAN_NONE)
		return NULL;
	keyword = scan_header(scan, open, &title);
	return keyword == SCAN_NONE ? NULL
	                            : schema_find(schema, scan->tokens[keyword].text,
	                                      scan->tokens[open].parent != SCAN_NONE);
}

static void unknown_key(struct scan *scan, const struct schema *schema, size_t at)
{
	const char *name = scan->tokens[at].text;
	const struct section_kind *kind = kind_around(scan, schema, at);
	struct suggest suggest = { .wanted = name };
	char end[SUGGEST_TEXT], text[400];

	if (kind == NULL) {
		snprintf(text, sizeof text, "'%.100s' stands outside of any section", name);
	} else {
		offer_keys(&suggest, kind);
		snprintf(text, sizeof text, "unknown key '%.100s'%s", name,
		        suggest_end(&suggest, end));
	}
	say(scan, at, text);
}

/* What the nested sections stand in: "station". */
static const char *holder(const struct schema *schema)
{
	for (size_t i = 0; i < schema->count; i++) {
		if (schema->kinds[i].role == SECTION_STATION)
			return schema->kinds[i].name;
	}
	return "";
}

static void unknown_section(struct scan *scan, const struct schema *schema, size_t at)
{
	const char *name = scan->tokens[at].text;
	const struct section_kind *kind = kind_around(scan, schema, at);
	const bool inside = scan->tokens[at].parent != SCAN_NONE;
	struct suggest suggest = { .wanted = name };
	char end[SUGGEST_TEXT], text[400];

	for (size_t i = 0; i < schema->count; i++) {
		const bool point = schema->kinds[i].role == SECTION_POINT;

		if (inside ? point && kind != NULL && kind->role == SECTION_STATION : !point)
			suggest_offer(&suggest, schema->kinds[i].name);
	}
	if (!inside && schema_find(schema, name, true) != NULL)
		snprintf(text, sizeof text, "%s %s belongs inside a %s",
		        strchr("aeiou", name[0]) != NULL ? "an" : "a", name, holder(schema));
	else if (inside && schema_find(schema, name, false) != NULL)
		snprintf(text, sizeof text,
		        "a section '%s' cannot stand inside this one; is a closing brace missing?",
		        name);
	else
		snprintf(text, sizeof text, "unknown section '%.100s'%s", name,
		        suggest_end(&suggest, end));
	say(scan, at, text);
}

static void no_such_option(struct scan *scan, const struct schema *schema, size_t at)
{
	const size_t second = scan_next(scan, at);
	const size_t last = scan_statement_end(scan, at);
	char text[400];

	if (second != SCAN_NONE && scan->tokens[second].kind == TOKEN_EQUAL) {
		unknown_key(scan, schema, at);
	} else if (second != SCAN_NONE && scan->tokens[last].kind == TOKEN_CLOSE) {
		unknown_section(scan, schema, at);
	} else {
		snprintf(text, sizeof text, "'%.100s' is out of place; expected: key = value",
		        scan->tokens[at].text);
		say(scan, at, text);
	}
	scan_blank(scan, at, last);
}

/* The keyword's line is where the section begins; the error comes at its brace. */
static void duplicate_title(struct scan *scan, const struct schema *schema, size_t title)
{
	const size_t keyword = scan_back(scan, title);
	const struct token *tokens = scan->tokens;
	char text[400];
	int first = 0;

	(void)schema;
	if (keyword == SCAN_NONE || tokens[keyword].text == NULL) {
		scan_blank(scan, title, scan_statement_end(scan, title));
		return;
	}
	for (size_t i = scan_first(scan); i < keyword && first == 0; i = scan_next(scan, i)) {
		const size_t next = scan_next(scan, i);

		if (tokens[i].text != NULL && tokens[i].parent == tokens[keyword].parent &&
		        strcmp(tokens[i].text, tokens[keyword].text) == 0 && next < keyword &&
		        tokens[next].text != NULL &&
		        strcmp(tokens[next].text, tokens[title].text) == 0)
			first = tokens[i].line;
	}
	snprintf(text, sizeof text, "%.60s \"%.100s\" is given twice; first on line %d",
	        tokens[keyword].text, tokens[title].text, first);
	say(scan, keyword, text);
	scan_blank(scan, keyword, scan_statement_end(scan, keyword));
}

/* From a key to the end of its line, not past the block it stands in. */
static size_t rest_of_line(const struct scan *scan, size_t at)
{
	const int line = scan->tokens[at].line;
	size_t last = at;

	for (size_t i = scan_next(scan, at); i != SCAN_NONE && scan->tokens[i].line == line;
	        i = scan_next(scan, i)) {
		if (scan->tokens[i].kind == TOKEN_CLOSE && scan->tokens[i].match < at)
			break;
		last = i;
	}
	return last;
}

static void missing_equal(struct scan *scan, const struct schema *schema, size_t at)
{
	char text[400];

	(void)schema;
	snprintf(text, sizeof text, "'%.100s' needs '=' and a value", scan->tokens[at].text);
	say(scan, at, text);
	scan_blank(scan, at, rest_of_line(scan, at));
}

static void bad_header(struct scan *scan, const struct schema *schema, size_t at)
{
	const struct section_kind *kind =
	        schema_find(schema, scan->tokens[at].text, scan->tokens[at].parent != SCAN_NONE);
	const size_t second = scan_next(scan, at);
	size_t last = rest_of_line(scan, at);
	char text[400];

	if (kind != NULL && !kind->titled && second != SCAN_NONE &&
	        scan->tokens[second].text != NULL)
		snprintf(text, sizeof text, "section '%.60s' has no title: write %.60s { … }",
		        kind->name, kind->name);
	else if (kind != NULL && kind->titled && second != SCAN_NONE &&
	        scan->tokens[second].kind == TOKEN_OPEN)
		snprintf(text, sizeof text,
		        "section '%.60s' needs a title: write %.60s \"…\" { … }", kind->name,
		        kind->name);
	else
		snprintf(text, sizeof text, "section '%.100s' needs its block: { … }",
		        scan->tokens[at].text);
	say(scan, at, text);
	if (scan_statement_end(scan, at) > last)
		last = scan_statement_end(scan, at);
	scan_blank(scan, at, last);
}

/* Something in the middle of a statement: the statement goes. */
static void unexpected(struct scan *scan, const struct schema *schema, size_t at)
{
	const size_t open = scan->tokens[at].parent;
	char text[400];
	size_t title;

	(void)schema;
	if (open != SCAN_NONE && scan_header(scan, open, &title) == SCAN_NONE) {
		size_t key = scan_back(scan, open);

		if (key != SCAN_NONE && scan_back(scan, key) != SCAN_NONE)
			key = scan_back(scan, key); /* key = { … */
		say(scan, key == SCAN_NONE ? open : key,
		        "a list is written { \"a\", \"b\" }: texts parted by commas");
		scan_blank(scan, key == SCAN_NONE ? open : key, scan->tokens[open].match);
		return;
	}
	snprintf(text, sizeof text, "'%.100s' is out of place; expected: key = value",
	        scan->tokens[at].text != NULL                  ? scan->tokens[at].text
	                : scan->tokens[at].kind == TOKEN_EQUAL ? "="
	                : scan->tokens[at].kind == TOKEN_COMMA ? ","
	                : scan->tokens[at].kind == TOKEN_OPEN  ? "{"
	                                                       : "}");
	say(scan, at, text);
	scan_blank(scan, at, scan->tokens[at].kind == TOKEN_OPEN ? scan->tokens[at].match : at);
}

static const struct {
	const char *begins; /* libconfuse's words */
	void (*handle)(struct scan *scan, const struct schema *schema, size_t at);
} repairs[] = {
	{ "no such option", no_such_option },
	{ "found duplicate title", duplicate_title },
	{ "missing equal sign", missing_equal },
	{ "missing opening brace", bad_header },
	{ "missing title", bad_header },
};

/* "unexpected token" names a sign, and signs are many on a line: the grammar tells which one it
 * was. */
enum place { KEY, AFTER_KEY, AFTER_TITLE, VALUE, LIST_ITEM, AFTER_ITEM, PLACES };
#define NOWHERE PLACES

static const enum place grammar[PLACES][TOKEN_CLOSE + 1] = {
	/*                WORD         STRING       =        ,          {          } */
	[KEY] = { AFTER_KEY, AFTER_KEY, NOWHERE, NOWHERE, NOWHERE, KEY },
	[AFTER_KEY] = { AFTER_TITLE, AFTER_TITLE, VALUE, NOWHERE, KEY, NOWHERE },
	[AFTER_TITLE] = { NOWHERE, NOWHERE, NOWHERE, NOWHERE, KEY, NOWHERE },
	[VALUE] = { KEY, KEY, NOWHERE, NOWHERE, LIST_ITEM, NOWHERE },
	[LIST_ITEM] = { AFTER_ITEM, AFTER_ITEM, NOWHERE, NOWHERE, NOWHERE, KEY },
	[AFTER_ITEM] = { NOWHERE, NOWHERE, NOWHERE, LIST_ITEM, NOWHERE, KEY },
};

/* *begin gets the token with which the broken statement begins. */
static size_t first_break(const struct scan *scan, size_t *begin)
{
	enum place place = KEY;

	*begin = SCAN_NONE;
	for (size_t i = scan_first(scan); i != SCAN_NONE; i = scan_next(scan, i)) {
		if (place == KEY)
			*begin = i;
		place = grammar[place][scan->tokens[i].kind];
		if (place == NOWHERE)
			return i;
	}
	*begin = SCAN_NONE;
	return SCAN_NONE;
}

static bool known_key(const struct section_kind *kind, const char *name)
{
	for (const struct wq_option *row = kind->rows; row->key != NULL; row++) {
		if (strcmp(row->key, name) == 0)
			return true;
	}
	for (size_t i = 0; kind->more != NULL && kind->more[i] != NULL; i++) {
		for (const struct wq_option *row = kind->more[i]; row->key != NULL; row++) {
			if (strcmp(row->key, name) == 0)
				return true;
		}
	}
	return false;
}

/* The first key or section that the schema lacks: the one that libconfuse stopped at. A search by
 * its text alone would find a value, or a key of the same name, on the same line. */
static size_t first_unknown(const struct scan *scan, const struct schema *schema)
{
	enum place place = KEY;

	for (size_t i = scan_first(scan); i != SCAN_NONE && place != NOWHERE;
	        i = scan_next(scan, i)) {
		const struct token *token = &scan->tokens[i];

		if (place == KEY && token->text != NULL) {
			const struct section_kind *kind = kind_around(scan, schema, i);
			const bool nested = kind != NULL && kind->role == SECTION_STATION;

			if (!(kind != NULL && known_key(kind, token->text)) &&
			        !((kind == NULL || nested) &&
			                schema_find(schema, token->text, nested) != NULL))
				return i;
		}
		place = grammar[place][token->kind];
	}
	return SCAN_NONE;
}

void repair(struct scan *scan, const struct schema *schema, const struct failure *failure)
{
	char name[128];
	size_t at, begin, unknown;
	const size_t broken = first_break(scan, &begin);

	quoted(failure->text, name, sizeof name);
	for (size_t i = 0; i < sizeof repairs / sizeof repairs[0]; i++) {
		if (strncmp(failure->text, repairs[i].begins, strlen(repairs[i].begins)) != 0)
			continue;
		at = locate(scan, name, failure->line);
		unknown = repairs[i].handle == no_such_option ? first_unknown(scan, schema)
		                                              : SCAN_NONE;
		if (unknown != SCAN_NONE)
			at = unknown;
		if (repairs[i].handle == bad_header && broken != SCAN_NONE && begin < at)
			at = begin; /* the word was the next line's */
		if (at == SCAN_NONE || scan->tokens[at].text == NULL)
			break;
		repairs[i].handle(scan, schema, at);
		return;
	}
	at = broken;
	if (at == SCAN_NONE)
		at = locate(scan, "", failure->line);
	if (at == SCAN_NONE) { /* cannot be: libconfuse stumbled over a text without words */
		report_add(scan->report, failure->line, false, "", "%s", failure->text);
		return;
	}
	unexpected(scan, schema, at);
}
