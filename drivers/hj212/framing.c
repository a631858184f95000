/* SPDX-License-Identifier: Apache-2.0 */
/* Frames out of a stream: by the declared length, because the content may hold any byte; where that leads nowhere, by the
 * next line end or the next head, because there are stations whose length is wrong. Whatever comes, each byte is looked at
 * a bounded number of times and the search goes on behind the nearest head. */
#include "wq/hj212.h"

#include <string.h>

#define CHECKSUM    4 /* hexadecimal digits */
#define SEGMENT_MAX 9999

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* -1: no hexadecimal digit. */
static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number that four digits stand for, small letters too; -1: they are none. */
static long checksum_at(const char *at)
{
	long value = 0;

	for (int i = 0; i < CHECKSUM; i++) {
		int digit = hex(at[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static enum wq_hj212_checksum kind_of(const char *segment, size_t length, long given)
{
	if (given < 0)
		return WQ_HJ212_BAD;
	if (given == wq_hj212_crc(segment, length))
		return WQ_HJ212_STANDARD;
	uint16_t modbus = wq_hj212_crc_modbus(segment, length);

	if (given == modbus)
		return WQ_HJ212_MODBUS;
	return given == (long)((modbus & 0xFF) << 8 | modbus >> 8) ? WQ_HJ212_MODBUS_SWAPPED : WQ_HJ212_BAD;
}

/* "##" and a digit. */
static const char *find_head(const char *from, const char *end)
{
	while (from < end) {
		const char *hash = memchr(from, '#', (size_t)(end - from));

		if (hash == NULL || end - hash < 3)
			return NULL;
		if (hash[1] == '#' && is_digit(hash[2]))
			return hash;
		from = hash + 1;
	}
	return NULL;
}

/* Where what is no head can be dropped: the last two bytes may be the beginning of one. */
static const char *keep_beginning(const char *from, const char *end)
{
	const char *at = end - from > 2 ? end - 2 : from;

	while (at < end && (*at != '#' || (end - at == 2 && at[1] != '#')))
		at++;
	return at;
}

static const char *skip_line_end(const char *at, const char *end)
{
	for (int i = 0; i < 2 && at < end && (*at == '\r' || *at == '\n'); i++)
		at++;
	return at;
}

/* The first line end or head behind `from`; NULL: none yet. */
static const char *find_boundary(const char *from, const char *end)
{
	for (const char *at = from; at < end; at++) {
		if (*at == '\r' || *at == '\n')
			return at;
		if (*at == '#' && end - at >= 3 && at[1] == '#' && is_digit(at[2]))
			return at;
	}
	return NULL;
}

/* A frame whose segment begins at `body` and that is being looked at. */
struct candidate {
	const char *body, *end; /* end of the bytes */
	size_t declared;
	bool ended;
	const struct wq_hj212_opener *opener; /* NULL: nothing is encrypted */
};

static bool is_text(struct wq_text text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] < ' ')
			return false;
	return true;
}

/* One cipher text in 256 bears a right checksum by chance, and so does one plain text that is "opened": what is text once
 * opened was closed. */
static void open_sealed(const struct wq_hj212_opener *opener, long given, struct wq_hj212_frame *frame)
{
	struct wq_text plain = opener->open(opener->owner, frame->segment);
	enum wq_hj212_checksum kind = plain.length > 0 ? kind_of(plain.at, plain.length, given) : WQ_HJ212_BAD;

	if (kind == WQ_HJ212_BAD || (frame->checksum != WQ_HJ212_BAD && !is_text(plain)))
		return;
	frame->segment = plain;
	frame->checksum = kind;
}

/* The segment of `length` bytes with its checksum behind it. */
static const char *take(const struct candidate *c, size_t length, unsigned problems, struct wq_hj212_frame *frame)
{
	const char *check = c->body + length;

	frame->segment = (struct wq_text){ c->body, length };
	frame->declared = c->declared;
	frame->checksum = kind_of(c->body, length, checksum_at(check));
	frame->problems = problems;
	if (c->opener != NULL && length == c->declared)
		open_sealed(c->opener, checksum_at(check), frame);
	if (frame->checksum == WQ_HJ212_BAD)
		frame->problems |= WQ_HJ212_CRC;
	if (length != c->declared)
		frame->problems |= WQ_HJ212_LENGTH;
	return skip_line_end(check + CHECKSUM, c->end);
}

static bool whole(const struct candidate *c)
{
	return (size_t)(c->end - c->body) >= c->declared + CHECKSUM;
}

/* By the declared length. */
static const char *by_length(const struct candidate *c, struct wq_hj212_frame *frame)
{
	return whole(c) && checksum_at(c->body + c->declared) >= 0 ? take(c, c->declared, 0, frame) : NULL;
}

/* By what ends it. `boundary` gets where the next search begins. */
static const char *by_boundary(const struct candidate *c, const char *boundary, struct wq_hj212_frame *frame)
{
	if (boundary - c->body < CHECKSUM || checksum_at(boundary - CHECKSUM) < 0)
		return NULL;
	return take(c, (size_t)(boundary - c->body) - CHECKSUM, 0, frame);
}

/* Broken off: what there is, for the record. */
static const char *broken(const struct candidate *c, const char *boundary, struct wq_hj212_frame *frame)
{
	*frame = (struct wq_hj212_frame){ .segment = { c->body, (size_t)(boundary - c->body) },
		.declared = c->declared,
		.problems = WQ_HJ212_CRC | WQ_HJ212_LENGTH | (boundary == c->end ? WQ_HJ212_SHORT : 0) };
	return skip_line_end(boundary, c->end);
}

/* Whether bytes that begin with a head's look are meant as a frame, and not the noise of a line. */
static bool looks_meant(const struct candidate *c, const char *boundary)
{
	return memchr(c->body, '=', (size_t)(boundary - c->body)) != NULL;
}

enum verdict { TAKEN, NOT_YET, NOISE };

/* Decides on the candidate; *next: where to go on. */
static enum verdict decide(const struct candidate *c, struct wq_hj212_frame *frame, const char **next)
{
	struct wq_hj212_frame other;
	const char *after = by_length(c, frame), *boundary = NULL;

	if (after != NULL && frame->checksum != WQ_HJ212_BAD) {
		*next = after;
		return TAKEN;
	}
	boundary = find_boundary(c->body, c->end);
	if (boundary == NULL && c->ended)
		boundary = c->end;
	const char *shorter = boundary != NULL ? by_boundary(c, boundary, &other) : NULL;

	if (shorter != NULL && other.checksum != WQ_HJ212_BAD) {
		*frame = other;
		*next = shorter;
		return TAKEN;
	}
	/* The content may hold what looks like an end, and a longer one than declared may still be coming. */
	if (!c->ended && (!whole(c) || boundary == NULL || after == c->end) &&
		c->end - c->body < SEGMENT_MAX + CHECKSUM + 2)
		return NOT_YET;
	if (after != NULL && (after != c->body + c->declared + CHECKSUM || after == c->end || *after == '#')) {
		*next = after;
		return TAKEN;
	}
	if (boundary == NULL)
		boundary = keep_beginning(c->body, c->end);
	*next = shorter;
	*frame = other;
	if (shorter == NULL)
		*next = broken(c, boundary, frame);
	return looks_meant(c, boundary) ? TAKEN : NOISE;
}

/* Line ends belong to nothing and are no junk. */
static size_t junk_of(const char *from, const char *to)
{
	size_t count = 0;

	for (; from < to; from++)
		count += *from != '\r' && *from != '\n';
	return count;
}

static size_t read_length(const char **at, const char *end)
{
	size_t length = 0;

	for (int i = 0; i < 4 && *at < end && is_digit(**at); i++, (*at)++)
		length = length * 10 + (size_t)(**at - '0');
	return length;
}

enum wq_hj212_found wq_hj212_next(const char *bytes, size_t count, bool ended, struct wq_hj212_frame *frame,
	size_t *used, size_t *junk)
{
	return wq_hj212_next_sealed(bytes, count, ended, NULL, frame, used, junk);
}

enum wq_hj212_found wq_hj212_next_sealed(const char *bytes, size_t count, bool ended, const struct wq_hj212_opener *opener,
	struct wq_hj212_frame *frame, size_t *used, size_t *junk)
{
	const char *at = bytes, *end = bytes + count, *head, *next;

	*junk = 0;
	while ((head = find_head(at, end)) != NULL) {
		struct candidate c = { .body = head + 2, .end = end, .ended = ended, .opener = opener };

		*junk += junk_of(at, head);
		c.declared = read_length(&c.body, end);
		enum verdict verdict = decide(&c, frame, &next);

		if (verdict == NOISE) {
			*junk += junk_of(head, next);
			at = next;
			continue;
		}
		*used = (size_t)((verdict == TAKEN ? next : head) - bytes);
		return verdict == TAKEN ? WQ_HJ212_FRAME : WQ_HJ212_MORE;
	}
	head = ended ? end : keep_beginning(at, end);
	*junk += junk_of(at, head);
	*used = (size_t)(head - bytes);
	return WQ_HJ212_MORE;
}
