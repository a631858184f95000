/* SPDX-License-Identifier: Apache-2.0 */
/* Text to tokens; the lexical half of the configuration's strictness. */
#include "scan.h"

#include "arena.h"

#include <stdio.h>
#include <string.h>

/* A bound that no honest file reaches; it keeps a hostile one cheap. */
#define TOKENS_MAX 1000000

struct lexer {
	struct scan *scan;
	size_t at;
	int line;
	size_t open; /* innermost OPEN */
	size_t room;
};

static void complain(struct lexer *l, int line, const char *what)
{
	char where[SCAN_WHERE];

	if (scan_hurt(l->scan, line))
		return;
	if (l->scan->hurt_count < CONFIG_PROBLEMS)
		l->scan->hurt[l->scan->hurt_count++] = line;
	report_add(l->scan->report, line, false, scan_where(l->scan, l->open, where), "%s", what);
}

static void wipe(struct scan *scan, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++) {
		if (scan->text[i] != '\n')
			scan->text[i] = ' ';
	}
}

static size_t line_end(const struct scan *scan, size_t at)
{
	while (at < scan->length && scan->text[at] != '\n')
		at++;
	return at;
}

static struct token *push(struct lexer *l, enum token_kind kind, size_t begin, size_t end)
{
	struct scan *scan = l->scan;
	struct token *token;

	if (scan->count == l->room) {
		struct token *larger = arena_array(scan->arena, l->room * 2 + 256, sizeof *larger);

		if (scan->count > 0)
			memcpy(larger, scan->tokens, scan->count * sizeof *larger);
		scan->tokens = larger;
		l->room = l->room * 2 + 256;
	}
	token = &scan->tokens[scan->count++];
	*token = (struct token){ .kind = kind,
		.line = l->line,
		.begin = begin,
		.end = end,
		.parent = l->open,
		.match = SCAN_NONE };
	l->at = end;
	return token;
}

/* Skips a comment and blanks it: 1 skipped, 0 there is none, -1 it never ends. */
static int skip_comment(struct lexer *l)
{
	struct scan *scan = l->scan;
	const char *text = scan->text + l->at;
	size_t end;

	if (text[0] == '#' || (text[0] == '/' && text[1] == '/')) {
		end = line_end(scan, l->at);
	} else if (text[0] == '/' && text[1] == '*') {
		const char *close = strstr(text + 2, "*/");

		if (close == NULL) {
			complain(l, l->line, "the comment that begins here is never closed");
			return -1;
		}
		end = (size_t)(close + 2 - scan->text);
	} else {
		return 0;
	}
	for (size_t i = l->at; i < end; i++)
		l->line += scan->text[i] == '\n';
	wipe(scan, l->at, end);
	l->at = end;
	return 1;
}

/* Checks what stands between the quotes and disarms what is refused, so that reading can go on. */
static void check_string(struct lexer *l, size_t begin, size_t end)
{
	char *text = l->scan->text;

	for (size_t i = begin; i < end; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f) {
			complain(l, l->line,
			        "a control character in a text; texts are plain UTF-8 without "
			        "tabs");
			text[i] = ' ';
		} else if (c == '$' && text[i + 1] == '{') {
			complain(l, l->line,
			        "${…} is not replaced here and not allowed; "
			        "secrets are \"credential:NAME\", templates use {name}");
			text[i] = '_';
		} else if (c == '\\' && text[i + 1] != '\\' && text[i + 1] != '"' &&
		        text[i + 1] != '\'') {
			complain(l, l->line,
			        "a backslash in a text is written \\\\ (and a quote \\\")");
			text[i] = '_';
		} else if (c == '\\') {
			i++;
		}
	}
}

/* A quoted text; one that does not end on its line takes the line with it. */
static bool take_string(struct lexer *l)
{
	struct scan *scan = l->scan;
	const size_t begin = l->at, stop = line_end(scan, begin);
	const char quote = scan->text[begin];
	size_t end = begin + 1;
	struct token *token;

	while (end < stop && scan->text[end] != quote)
		end += scan->text[end] == '\\' ? 2 : 1;
	if (end >= stop)
		return false;
	check_string(l, begin + 1, end);
	token = push(l, TOKEN_STRING, begin, end + 1);
	token->text = arena_copy_part(scan->arena, scan->text + begin + 1, end - begin - 1);
	return true;
}

/* What an input method left in Chinese types for the characters of the form, three bytes each. */
static const struct {
	const char *wide;
	char plain;
} wide_forms[] = { { "“", '"' }, { "”", '"' }, { "‘", '\'' }, { "’", '\'' }, { "＂", '"' },
	{ "，", ',' }, { "、", ',' }, { "＝", '=' }, { "｛", '{' }, { "｝", '}' }, { "＃", '#' },
	{ "\u3000", ' ' } };

/* What is meant by the wide character that begins here, or 0. */
static char wide_form(const char *text)
{
	for (size_t i = 0; i < sizeof wide_forms / sizeof *wide_forms; i++) {
		if (strncmp(text, wide_forms[i].wide, 3) == 0)
			return wide_forms[i].plain;
	}
	return '\0';
}

static void string_unterminated(struct lexer *l)
{
	struct scan *scan = l->scan;
	const size_t stop = line_end(scan, l->at);
	size_t begin = l->at, wide = begin;
	char what[160];

	while (wide < stop && wide_form(scan->text + wide) != scan->text[begin])
		wide++;
	if (wide < stop)
		snprintf(what, sizeof what,
		        "a quoted text is not closed on this line: '%.3s' is a full-width character, write '%c'",
		        scan->text + wide, scan->text[begin]);
	complain(l, l->line, wide < stop ? what : "a quoted text is not closed on this line");
	while (scan->count > 0 && scan->tokens[scan->count - 1].line == l->line &&
	        scan->tokens[scan->count - 1].kind != TOKEN_OPEN &&
	        scan->tokens[scan->count - 1].kind != TOKEN_CLOSE)
		begin = scan->tokens[--scan->count].begin;
	wipe(scan, begin, stop);
	if (l->open != SCAN_NONE)
		scan->tokens[l->open].damaged = true;
	l->at = stop;
}

/* Unquoted text is for numbers, switches and names; anything else is quoted. */
static bool word_character(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	        c == '_' || c == '.' || c == '-' || c >= 0x80;
}

/* Puts what is meant in the place of a wide character, in its first or its last byte. */
static void narrow(struct scan *scan, size_t at, char plain, bool last)
{
	wipe(scan, at, at + 3);
	scan->text[at + (last ? 2 : 0)] = plain;
}

/* Tells a wide character and reads on as if the plain one stood there: one slip is one error. */
static bool take_wide(struct lexer *l)
{
	struct scan *scan = l->scan;
	const size_t stop = line_end(scan, l->at);
	const char plain = wide_form(scan->text + l->at);
	char what[160];

	if (plain == '\0')
		return false;
	snprintf(what, sizeof what, "'%.3s' is a full-width character: write '%c' (input method switched to English)",
	        scan->text + l->at, plain);
	complain(l, l->line, what);
	narrow(scan, l->at, plain, plain == '"' || plain == '\'');
	for (size_t i = l->at + 3; (plain == '"' || plain == '\'') && i < stop; i++) {
		if (scan->text[i] == plain)
			break;
		if (wide_form(scan->text + i) == plain) {
			narrow(scan, i, plain, false);
			break;
		}
	}
	return true;
}

static void take_other(struct lexer *l)
{
	struct scan *scan = l->scan;
	size_t end = l->at;
	char what[160];

	if (take_wide(l))
		return;
	if (word_character((unsigned char)scan->text[end])) {
		while (word_character((unsigned char)scan->text[end]) && wide_form(scan->text + end) == '\0')
			end++;
		push(l, TOKEN_WORD, l->at, end)->text =
		        arena_copy_part(scan->arena, scan->text + l->at, end - l->at);
		return;
	}
	if (scan->text[end] == '$' && scan->text[end + 1] == '{') {
		const size_t stop = line_end(scan, end);

		complain(l, l->line,
		        "${…} is not replaced here and not allowed; secrets are "
		        "\"credential:NAME\"");
		while (end < stop && scan->text[end] != '}')
			scan->text[end++] = '_';
		if (end < stop)
			scan->text[end] = '_';
		return;
	}
	if (scan->text[end] == '+' && scan->text[end + 1] == '=') {
		complain(l, l->line, "'+=' is not known here: give the whole list after '='");
		scan->text[end] = ' ';
		return;
	}
	snprintf(what, sizeof what,
	        "'%c' is out of place: texts other than numbers and names stand in double quotes",
	        (unsigned char)scan->text[end] < 0x20 ? '?' : scan->text[end]);
	complain(l, l->line, what);
	wipe(scan, end, end + 1);
	l->at = end + 1;
}

static void take_open(struct lexer *l)
{
	push(l, TOKEN_OPEN, l->at, l->at + 1);
	l->open = l->scan->count - 1;
}

static void take_close(struct lexer *l)
{
	struct scan *scan = l->scan;
	struct token *open;

	if (l->open == SCAN_NONE) {
		complain(l, l->line, "a closing brace without an opening one");
		wipe(scan, l->at, l->at + 1);
		l->at++;
		return;
	}
	push(l, TOKEN_CLOSE, l->at, l->at + 1)->match = l->open;
	open = &scan->tokens[l->open];
	open->match = scan->count - 1;
	l->open = open->parent;
	scan->tokens[scan->count - 1].parent = open->parent;
}

/* One step; false: give up. */
static bool step(struct lexer *l)
{
	struct scan *scan = l->scan;
	const char c = scan->text[l->at];
	const int comment = skip_comment(l);

	if (comment != 0)
		return comment > 0;
	if (c == '\n') {
		l->line++;
		l->at++;
	} else if (c == ' ' || c == '\t' || c == '\r') {
		scan->text[l->at++] = ' ';
	} else if (c == '"' || c == '\'') {
		if (!take_string(l))
			string_unterminated(l);
	} else if (c == '=' || c == ',') {
		push(l, c == '=' ? TOKEN_EQUAL : TOKEN_COMMA, l->at, l->at + 1);
	} else if (c == '{') {
		take_open(l);
	} else if (c == '}') {
		take_close(l);
	} else {
		take_other(l);
	}
	return scan->report->error_count < CONFIG_PROBLEMS;
}

static bool closed(struct lexer *l)
{
	struct scan *scan = l->scan;

	if (l->open == SCAN_NONE)
		return true;
	/* After a broken line the missing brace was most likely on it: one error is enough. */
	if (scan->hurt_count == 0) {
		const int line = scan->tokens[l->open].line;

		complain(l, line, "the block that is opened here is never closed");
	}
	return false;
}

bool scan_utf8(const unsigned char *s, size_t length, size_t *bad)
{
	for (size_t i = 0; i < length;) {
		const unsigned char c = s[i];
		const size_t more = c < 0x80    ? 0
		        : c >= 0xc2 && c < 0xe0 ? 1
		        : c >= 0xe0 && c < 0xf0 ? 2
		        : c >= 0xf0 && c < 0xf5 ? 3
		                                : 9;

		*bad = i;
		if (more == 9 || i + more >= length + (more == 0))
			return false;
		for (size_t k = 1; k <= more; k++) {
			if ((s[i + k] & 0xc0U) != 0x80U)
				return false;
		}
		if ((c == 0xe0 && s[i + 1] < 0xa0) || (c == 0xed && s[i + 1] > 0x9f) ||
		        (c == 0xf0 && s[i + 1] < 0x90) || (c == 0xf4 && s[i + 1] > 0x8f))
			return false;
		i += more + 1;
	}
	return true;
}

static bool readable(const struct scan *scan, const char *text, size_t length)
{
	size_t bad = length;
	int line = 1;
	const char *nul = memchr(text, '\0', length);

	if (nul == NULL && scan_utf8((const unsigned char *)text, length, &bad))
		return true;
	if (nul != NULL)
		bad = (size_t)(nul - text);
	for (size_t i = 0; i < bad; i++)
		line += text[i] == '\n';
	report_add(scan->report, line, false, "",
	        nul != NULL
	                ? "a NUL byte: this is not a text file"
	                : "not UTF-8 (an editor may have saved it as GBK); save the file as UTF-8");
	return false;
}

bool scan_text(struct scan *scan, const char *text, size_t length, struct arena *arena,
        struct config_report *report)
{
	struct lexer l = { .scan = scan, .line = 1, .open = SCAN_NONE };

	*scan = (struct scan){ .arena = arena, .report = report };
	if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		length -= 3;
	}
	if (!readable(scan, text, length))
		return false;
	scan->text = arena_take(
	        arena, length + 2); /* one newline more: libconfuse dislikes an empty buffer */
	memcpy(scan->text, text, length);
	scan->text[length] = '\n';
	scan->length = length + 1;
	while (l.at < scan->length) {
		if (!step(&l))
			return false;
		if (scan->count > TOKENS_MAX) {
			report_add(report, l.line, false, "",
			        "the file is too long: more than %d words", TOKENS_MAX);
			return false;
		}
	}
	if (!closed(&l))
		return false;
	scan_check_statements(scan);
	return report->error_count < CONFIG_PROBLEMS;
}
