/* SPDX-License-Identifier: Apache-2.0 */
/* Line by line: what is ASCII or UTF-8 passes, what is GB18030 is converted. A byte that is neither becomes U+FFFD, so that
 * the cell it stands in is refused and no other. */
#include "text.h"

#include "rows.h"
#include "wq/err.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A longer line is converted in pieces; its row is refused as too long anyway. */
#define LINE_MAX_BYTES CSV_ROW_BYTES

enum encoding { UNKNOWN, UTF8, GB18030 };

struct csv_text {
	FILE *from, *stream;
	enum encoding encoding;
	iconv_t convert;
	char separator;
	char *raw;        /* a line as read */
	size_t raw_room;
	char *line;       /* the same in UTF-8 */
	size_t room, length, at;
};

/* Length of the UTF-8 character at `at`, 0: none (overlong forms and surrogates are none). */
static size_t character(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} rows[] = { { 0xE0, 0xC0, 0x80 }, { 0xF0, 0xE0, 0x800 }, { 0xF8, 0xF0, 0x10000 } };

	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < 3; i++) {
		size_t length = i + 2;
		uint32_t code = at[0] & (unsigned char)~rows[i].mask;

		if ((at[0] & rows[i].mask) != rows[i].lead)
			continue;
		if (left < length)
			return 0;
		for (size_t k = 1; k < length; k++) {
			if ((at[k] & 0xC0) != 0x80)
				return 0;
			code = code << 6 | (at[k] & 0x3F);
		}
		return code >= rows[i].least && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF) ? length : 0;
	}
	return 0;
}

static bool is_utf8(const char *text, size_t length)
{
	for (size_t i = 0, n; i < length; i += n) {
		n = character((const unsigned char *)text + i, length - i);
		if (n == 0)
			return false;
	}
	return true;
}

static bool is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

static bool make_room(struct csv_text *text, size_t length)
{
	/* Two bytes of GB18030 are at most three of UTF-8, and so is one that is none. */
	size_t wanted = length * 3 + 4;
	char *grown;

	if (wanted <= text->room)
		return true;
	grown = realloc(text->line, wanted);
	if (grown == NULL)
		return false;
	text->line = grown;
	text->room = wanted;
	return true;
}

static void put_replacement(char **to)
{
	memcpy(*to, "\xEF\xBF\xBD", 3);
	*to += 3;
}

static void copy_utf8(struct csv_text *text, size_t length)
{
	char *to = text->line;

	for (size_t i = 0, n; i < length; i += n > 0 ? n : 1) {
		n = character((const unsigned char *)text->raw + i, length - i);
		if (n == 0) {
			put_replacement(&to);
			continue;
		}
		memcpy(to, text->raw + i, n);
		to += n;
	}
	text->length = (size_t)(to - text->line);
}

static void convert_gb18030(struct csv_text *text, size_t length)
{
	char *from = text->raw, *to = text->line;
	size_t left = length;

	iconv(text->convert, NULL, NULL, NULL, NULL);
	while (left > 0) {
		size_t room = text->room - (size_t)(to - text->line);

		if (iconv(text->convert, &from, &left, &to, &room) != (size_t)-1)
			break;
		/* What is cut off or no character is one byte that is none. */
		if (left > 0 && room >= 3) {
			put_replacement(&to);
			from++;
			left--;
		} else {
			break;
		}
	}
	text->length = (size_t)(to - text->line);
}

/* Reads a line, or as much of one as is allowed. */
static size_t read_raw(struct csv_text *text)
{
	size_t length = 0;
	int c = 0;

	while (length < LINE_MAX_BYTES && c != '\n' && (c = getc_unlocked(text->from)) != EOF) {
		if (length == text->raw_room) {
			size_t room = text->raw_room == 0 ? 4096 : text->raw_room * 2;
			char *grown = realloc(text->raw, room);

			if (grown == NULL) {
				errno = ENOMEM;
				return SIZE_MAX;
			}
			text->raw = grown;
			text->raw_room = room;
		}
		text->raw[length++] = (char)c;
	}
	return length;
}

/* 1: a line; 0: the end; -1: failed, errno says why. */
static int next_line(struct csv_text *text)
{
	size_t length = read_raw(text);

	text->at = text->length = 0;
	if (length == SIZE_MAX || !make_room(text, length == SIZE_MAX ? 0 : length)) {
		errno = ENOMEM;
		return -1;
	}
	if (length == 0)
		return ferror(text->from) ? -1 : 0;
	if (text->encoding == UNKNOWN && !is_ascii(text->raw, length))
		text->encoding = is_utf8(text->raw, length) ? UTF8 : GB18030;
	if (text->encoding == GB18030)
		convert_gb18030(text, length);
	else
		copy_utf8(text, length);
	return 1;
}

static ssize_t on_read(void *cookie, char *buf, size_t size)
{
	struct csv_text *text = cookie;
	int r = text->at < text->length ? 1 : next_line(text);

	if (r <= 0)
		return r;
	size_t n = text->length - text->at;
	n = n < size ? n : size;
	memcpy(buf, text->line + text->at, n);
	text->at += n;
	return (ssize_t)n;
}

/* What the first line has most of outside quotes. */
static char find_separator(const char *line, size_t length)
{
	static const char candidates[] = { ',', ';', '\t' };
	size_t counts[sizeof candidates] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		quoted ^= line[i] == '"';
		for (size_t k = 0; !quoted && k < sizeof candidates; k++)
			counts[k] += line[i] == candidates[k];
	}
	for (size_t k = 1; k < sizeof candidates; k++)
		if (counts[k] > counts[best])
			best = k;
	return candidates[best];
}

static bool is_blank(const struct csv_text *text)
{
	for (size_t i = 0; i < text->length; i++)
		if (strchr("\r\n", text->line[i]) == NULL)
			return false;
	return true;
}

static int read_first(struct csv_text *text, struct wq_err *err)
{
	int r = next_line(text);

	if (r < 0)
		return wq_fail(err, WQ_E_IO, "cannot be read: %s", strerrordesc_np(errno));
	if (r == 0)
		return wq_fail(err, WQ_E_INVALID, "is empty: a header was expected");
	if (text->length >= 2 && ((unsigned char)text->raw[0] == 0xFF || (unsigned char)text->raw[0] == 0xFE) &&
	        ((unsigned char)text->raw[1] == 0xFE || (unsigned char)text->raw[1] == 0xFF))
		return wq_fail(err, WQ_E_INVALID,
		        "is UTF-16 (\"Unicode text\" of a spreadsheet); save it as CSV in UTF-8");
	if (text->length >= 2 && text->raw[0] == 'P' && text->raw[1] == 'K')
		return wq_fail(err, WQ_E_INVALID, "is a workbook (XLSX) or an archive; save the sheet as CSV");
	text->separator = find_separator(text->line, is_blank(text) ? 0 : text->length);
	/* A spreadsheet's own way to say it; the line stays, empty, so that lines keep their numbers. */
	if (text->length >= 5 && memcmp(text->line, "sep=", 4) == 0) {
		text->separator = text->line[4];
		text->line[0] = '\n';
		text->length = 1;
	}
	return 0;
}

struct csv_text *csv_text_open(FILE *from, struct wq_err *err)
{
	struct csv_text *text = calloc(1, sizeof *text);

	if (text == NULL) {
		wq_fail(err, WQ_E_MEMORY, "no memory");
		return NULL;
	}
	text->from = from;
	text->convert = iconv_open("UTF-8", "GB18030");
	if (text->convert == (iconv_t)-1) {
		wq_fail(err, WQ_E_STATE, "this system cannot convert GB18030: %s", strerrordesc_np(errno));
		free(text);
		return NULL;
	}
	text->stream = fopencookie(text, "r", (cookie_io_functions_t){ .read = on_read });
	if (text->stream == NULL)
		wq_fail(err, WQ_E_MEMORY, "no memory");
	if (text->stream == NULL || read_first(text, err) < 0) {
		csv_text_close(text);
		return NULL;
	}
	return text;
}

void csv_text_close(struct csv_text *text)
{
	if (text == NULL)
		return;
	if (text->stream != NULL)
		fclose(text->stream);
	iconv_close(text->convert);
	free(text->raw);
	free(text->line);
	free(text);
}

FILE *csv_text_stream(const struct csv_text *text)
{
	return text->stream;
}

char csv_text_separator(const struct csv_text *text)
{
	return text->separator;
}
