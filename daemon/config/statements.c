/* SPDX-License-Identifier: Apache-2.0 */
/* What libconfuse would let pass between key and value: a value on the next line, an empty list, a
 * key in quotes, a key given twice. */
#include "scan.h"

#include <string.h>

/* How far back a key is compared; no honest block is longer. */
#define KEYS_COMPARE 4096

/* A value stands on the line of its '='; libconfuse would take the next line's key for the value.
 */
static void check_value(struct scan *scan, size_t equal)
{
	const size_t key = scan_back(scan, equal), value = scan_next(scan, equal);
	char where[SCAN_WHERE];
	const char *name;

	if (key == SCAN_NONE || scan->tokens[key].text == NULL)
		return;
	name = scan->tokens[key].text;
	if (value == SCAN_NONE || scan->tokens[value].line != scan->tokens[equal].line ||
	        scan->tokens[value].kind == TOKEN_CLOSE) {
		report_add(scan->report, scan->tokens[key].line, false,
		        scan_where(scan, scan->tokens[key].parent, where), "'%s' has no value",
		        name);
		scan_blank(scan, key, equal);
	} else if (scan->tokens[value].kind == TOKEN_OPEN &&
	        scan->tokens[value].match == value + 1) {
		report_add(scan->report, scan->tokens[key].line, false,
		        scan_where(scan, scan->tokens[key].parent, where),
		        "%s = {}: an empty list says nothing; leave the key out or name something",
		        name);
		scan_blank(scan, key, value + 1);
	}
}

/* The same key twice in one block: the last would win silently. */
static void check_twice(struct scan *scan, size_t key)
{
	const struct token *token = &scan->tokens[key];
	size_t seen = 0;

	for (size_t i = key; i-- > 0 && seen < KEYS_COMPARE &&
	        (token->parent == SCAN_NONE || i > token->parent);) {
		const struct token *other = &scan->tokens[i];
		char where[SCAN_WHERE];

		seen++;
		if (other->kind == TOKEN_CLOSE && other->match != SCAN_NONE)
			i = other->match;
		if (other->parent != token->parent || other->text == NULL || other->gone ||
		        scan->tokens[i + 1].kind != TOKEN_EQUAL)
			continue;
		if (strcmp(other->text, token->text) != 0)
			continue;
		report_add(scan->report, token->line, false, scan_where(scan, token->parent, where),
		        "'%s' is given twice; first on line %d", token->text, other->line);
		scan_blank(scan, key, scan_statement_end(scan, key));
		return;
	}
}

/* '|' and the like in a key would be read as a path by libconfuse; the lexer lets none of them into
 * a word, quotes could. */
static void check_key(struct scan *scan, size_t key)
{
	const struct token *token = &scan->tokens[key];
	char where[SCAN_WHERE];

	if (token->kind != TOKEN_STRING)
		return;
	report_add(scan->report, token->line, false, scan_where(scan, token->parent, where),
	        "a key stands without quotes: \"%s\"", token->text);
	scan_blank(scan, key, scan_statement_end(scan, key));
}

void scan_check_statements(struct scan *scan)
{
	for (size_t i = 1; i < scan->count && scan->report->error_count < CONFIG_PROBLEMS; i++) {
		if (scan->tokens[i].kind != TOKEN_EQUAL || scan->tokens[i].gone)
			continue;
		check_value(scan, i);
		if (!scan->tokens[i].gone && scan->tokens[i - 1].text != NULL)
			check_key(scan, i - 1);
		if (!scan->tokens[i].gone && scan->tokens[i - 1].text != NULL)
			check_twice(scan, i - 1);
	}
}
