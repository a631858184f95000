/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a configuration file as tokens with their lines, without any meaning. libconfuse
 * decides what is right; the tokens say where something is, so that one statement can be taken out
 * and the rest read again. The scan also refuses what libconfuse would let pass: "${…}" (it would
 * be replaced from the environment), "+=", strings over several lines, characters it drops
 * silently, a key given twice, blocks that are never closed. */
#ifndef WQ_CONFIG_SCAN_H
#define WQ_CONFIG_SCAN_H

#include "report.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

#define SCAN_NONE SIZE_MAX

enum token_kind {
	TOKEN_WORD,   /* unquoted */
	TOKEN_STRING, /* quoted; `text` without quotes, escapes as written */
	TOKEN_EQUAL,
	TOKEN_COMMA,
	TOKEN_OPEN, /* { */
	TOKEN_CLOSE,
};

struct token {
	enum token_kind kind;
	bool gone;    /* blanked */
	bool damaged; /* OPEN: something directly in this block was blanked */
	int line;
	size_t begin, end; /* bytes in the scanned text, quotes included */
	size_t parent;     /* the OPEN token around it, or SCAN_NONE */
	size_t match;      /* OPEN and CLOSE: the other one */
	const char *text;  /* WORD and STRING */
};

struct scan {
	char *text; /* what libconfuse shall read: no BOM, no comments, no carriage returns, nothing
	               blanked */
	size_t length;
	struct token *tokens;
	size_t count;
	struct config_report *report;
	struct arena *arena;
	size_t hurt_count;
	int hurt[CONFIG_PROBLEMS]; /* lines with lexical errors: what else is wrong there may come
	                              of it */
};

/* Scans `length` bytes. False: not even the blocks can be told; everything found is in the report.
 */
bool scan_text(struct scan *scan, const char *text, size_t length, struct arena *arena,
        struct config_report *report);

/* True when the bytes are UTF-8; otherwise *bad is where the first that are not begin. */
bool scan_utf8(const unsigned char *s, size_t length, size_t *bad);

/* The checks of scan_text() that need the tokens (statements.c). */
void scan_check_statements(struct scan *scan);

/* Next token that is still there after (before) index `at`; SCAN_NONE: none. scan_first: the first
 * one. */
size_t scan_next(const struct scan *scan, size_t at);
size_t scan_back(const struct scan *scan, size_t at);
size_t scan_first(const struct scan *scan);

/* True when the line had a lexical error: further errors of form on it are not told. */
bool scan_hurt(const struct scan *scan, int line);

/* Takes the tokens first … last (indices) out of the text and marks the blocks that held them as
 * damaged. */
void scan_blank(struct scan *scan, size_t first, size_t last);

/* Index of the last token of the statement or section that begins with token `first`. */
size_t scan_statement_end(const struct scan *scan, size_t first);

/* The keyword of the section that the OPEN token begins, SCAN_NONE when it is a list; *title gets
 * the title's token or SCAN_NONE. */
size_t scan_header(const struct scan *scan, size_t open, size_t *title);

#define SCAN_WHERE 256

/* `[station "yigan" point "tp"]` for the block around a token; "" outside. Returns buf. */
char *scan_where(const struct scan *scan, size_t open, char buf[SCAN_WHERE]);

#endif
