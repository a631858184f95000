/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over the tokens of a file, and taking some of them out. */
#include "scan.h"

#include <stdio.h>
#include <string.h>

bool scan_hurt(const struct scan *scan, int line)
{
	for (size_t i = 0; i < scan->hurt_count; i++) {
		if (scan->hurt[i] == line)
			return true;
	}
	return false;
}

size_t scan_next(const struct scan *scan, size_t at)
{
	for (size_t i = at + 1; i < scan->count; i++) {
		if (!scan->tokens[i].gone)
			return i;
	}
	return SCAN_NONE;
}

size_t scan_first(const struct scan *scan)
{
	return scan_next(scan, SIZE_MAX); /* wraps to 0 */
}

size_t scan_back(const struct scan *scan, size_t at)
{
	while (at-- > 0) {
		if (!scan->tokens[at].gone)
			return at;
	}
	return SCAN_NONE;
}

static void blank_one(struct scan *scan, size_t at)
{
	struct token *token = &scan->tokens[at];

	if (token->gone)
		return;
	token->gone = true;
	for (size_t i = token->begin; i < token->end; i++)
		scan->text[i] = ' ';
	if (token->parent != SCAN_NONE)
		scan->tokens[token->parent].damaged = true;
}

void scan_blank(struct scan *scan, size_t first, size_t last)
{
	for (size_t i = first; i <= last && i < scan->count; i++) {
		const struct token *token = &scan->tokens[i];

		blank_one(scan, i);
		/* Braces leave in pairs, or the rest would change its meaning. */
		if (token->kind == TOKEN_OPEN && token->match != SCAN_NONE && token->match > last)
			last = token->match;
		if (token->kind == TOKEN_CLOSE && token->match != SCAN_NONE && token->match < first)
			scan_blank(scan, token->match, i - 1);
	}
}

size_t scan_statement_end(const struct scan *scan, size_t first)
{
	const size_t second = scan_next(scan, first);
	size_t last;

	if (second == SCAN_NONE)
		return first;
	if (scan->tokens[second].kind == TOKEN_EQUAL)
		last = scan_next(scan, second);
	else if (scan->tokens[second].kind == TOKEN_OPEN)
		last = second;
	else if (scan->tokens[second].text != NULL)
		last = scan_next(scan, second);
	else
		return first;
	if (last == SCAN_NONE)
		return second;
	if (scan->tokens[last].kind == TOKEN_OPEN)
		return scan->tokens[last].match == SCAN_NONE ? last : scan->tokens[last].match;
	if (scan->tokens[second].kind == TOKEN_EQUAL && scan->tokens[last].text != NULL)
		return last;
	return scan->tokens[second].kind == TOKEN_EQUAL ? second : first;
}

size_t scan_header(const struct scan *scan, size_t open, size_t *title)
{
	size_t keyword = scan_back(scan, open), before;

	*title = SCAN_NONE;
	if (keyword == SCAN_NONE || scan->tokens[keyword].text == NULL)
		return SCAN_NONE;
	before = scan_back(scan, keyword);
	if (before != SCAN_NONE && scan->tokens[before].kind == TOKEN_WORD &&
	        scan->tokens[before].parent == scan->tokens[keyword].parent) {
		const size_t earlier = scan_back(scan, before);

		/* `name = "x" site {`: the word before is a value's, not ours. */
		if (earlier == SCAN_NONE || scan->tokens[earlier].kind != TOKEN_EQUAL) {
			*title = keyword;
			keyword = before;
		}
	}
	return keyword;
}

char *scan_where(const struct scan *scan, size_t open, char buf[SCAN_WHERE])
{
	char inner[SCAN_WHERE] = "";

	buf[0] = '\0';
	for (int depth = 0; open != SCAN_NONE && depth < 4; depth++) {
		size_t title;
		const size_t keyword = scan_header(scan, open, &title);
		char text[SCAN_WHERE];

		if (keyword != SCAN_NONE && title != SCAN_NONE)
			snprintf(text, sizeof text, "%.40s \"%.76s\"", scan->tokens[keyword].text,
			        scan->tokens[title].text);
		else if (keyword != SCAN_NONE)
			snprintf(text, sizeof text, "%.60s", scan->tokens[keyword].text);
		open = scan->tokens[open].parent;
		if (keyword == SCAN_NONE)
			continue;
		snprintf(buf, SCAN_WHERE, "%.120s%s%.120s", text, inner[0] == '\0' ? "" : " ",
		        inner);
		snprintf(inner, sizeof inner, "%s", buf);
	}
	if (inner[0] != '\0')
		snprintf(buf, SCAN_WHERE, "[%.250s]", inner);
	return buf;
}
