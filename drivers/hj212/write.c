/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as we send them: to the letter of HJ 212-2017, 6.3, and within its bounds. A record that is too long for one frame is
 * split into complete ones (Annex C, C.48 … C.51): each has its own QN, the same DataTime, whole groups. */
#include "wq/hj212.h"

#include "wq/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PARTS_MAX 9999
/* The mark of what is sent again, and the version bits of Flag that know it (2025). */
#define RF "RF=1;"
#define VERSION_WITH_RF 2

/* -- bytes with a bound -- */

struct sheet {
	char *at;
	size_t length, room;
	bool full;
};

static void put(struct sheet *sheet, const char *text, size_t length)
{
	if (sheet->full || length > sheet->room - sheet->length) {
		sheet->full = true;
		return;
	}
	memcpy(sheet->at + sheet->length, text, length);
	sheet->length += length;
}

static void puts_on(struct sheet *sheet, const char *text)
{
	put(sheet, text, strlen(text));
}

static void put_text(struct sheet *sheet, struct wq_text text)
{
	put(sheet, text.at, text.length);
}

__attribute__((format(printf, 2, 3))) static void put_format(struct sheet *sheet, const char *format, ...)
{
	char text[64];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	puts_on(sheet, text);
}

/* -- times -- */

/* YYYYMMDDhhmmss and the milliseconds apart; years beyond four digits do not exist here. */
static char *digits_of(const struct wq_zone *zone, wq_ms at, char buf[15])
{
	char iso[WQ_INSTANT_TEXT];
	size_t n = 0;

	wq_instant_format(zone, at - ((at % 1000) + 1000) % 1000, iso);
	for (const char *c = iso; *c != '\0' && n < 14; c++)
		if (*c >= '0' && *c <= '9')
			buf[n++] = *c;
	buf[n] = '\0';
	return buf;
}

char *wq_hj212_time(const struct wq_zone *zone, wq_ms at, char buf[15])
{
	return digits_of(zone, at, buf);
}

char *wq_hj212_qn(const struct wq_zone *zone, wq_ms at, char buf[18])
{
	int ms = (int)(((at % 1000) + 1000) % 1000);

	digits_of(zone, at, buf);
	buf[14] = (char)('0' + ms / 100);
	buf[15] = (char)('0' + ms / 10 % 10);
	buf[16] = (char)('0' + ms % 10);
	buf[17] = '\0';
	return buf;
}

/* -- what may not stand in a field -- */

static bool is_clean(struct wq_text text, const char *forbidden)
{
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7F || strchr(forbidden, text.at[i]) != NULL)
			return false;
	/* An opened // would swallow what follows. */
	return strchr(forbidden, ';') == NULL || text.length < 2 || memmem(text.at, text.length, "//", 2) == NULL;
}

/* //…// is opaque to who reads, but for what would end the content or the frame. */
static bool is_value(struct wq_text text)
{
	bool quoted = text.length >= 4 && memcmp(text.at, "//", 2) == 0 &&
		memcmp(text.at + text.length - 2, "//", 2) == 0 &&
		memmem(text.at + 2, text.length - 4, "//", 2) == NULL;

	return quoted ? is_clean(text, "") && memmem(text.at, text.length, "&&", 2) == NULL &&
				memmem(text.at, text.length, "##", 2) == NULL
		      : is_clean(text, ";,=&#");
}

static int check_out(const struct wq_hj212_out *out, struct wq_err *err)
{
	const struct {
		const char *name;
		struct wq_text text;
	} fields[] = { { "QN", out->qn }, { "ST", out->st }, { "CN", out->cn }, { "PW", out->pw }, { "MN", out->mn } };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (!is_clean(fields[i].text, ";,=&#"))
			return wq_fail(err, WQ_E_INVALID, "HJ 212: %s holds a character that ends a field",
				fields[i].name);
	if (!is_clean(out->lead, "&#"))
		return wq_fail(err, WQ_E_INVALID, "HJ 212: the content holds a character that ends it");
	for (size_t i = 0; i < out->count; i++) {
		const struct wq_hj212_value *v = &out->values[i];

		if (v->code.length == 0 || !is_clean(v->code, ";,=&#") || !is_clean(v->suffix, ";,=&#-") ||
			!is_clean(v->flag, ";,=&#") || !is_value(v->value))
			return wq_fail(err, WQ_E_INVALID,
				"HJ 212: value %zu (%.*s) has a name, a value or a flag with a character that ends it",
				i + 1, (int)(v->code.length < 40 ? v->code.length : 40),
				v->code.length > 0 ? v->code.at : "");
	}
	return 0;
}

/* -- groups -- */

static bool same(struct wq_text a, struct wq_text b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* Behind the last value of the group that begins at `from`. */
static size_t group_end(const struct wq_hj212_out *out, size_t from)
{
	size_t to = from + 1;

	while (to < out->count && same(out->values[to].code, out->values[from].code))
		to++;
	return to;
}

static void put_group(struct sheet *sheet, const struct wq_hj212_out *out, size_t from, size_t to)
{
	struct wq_text flag = { .length = 0 };

	for (size_t i = from; i < to; i++) {
		const struct wq_hj212_value *v = &out->values[i];

		if (i > from)
			puts_on(sheet, ",");
		put_text(sheet, v->code);
		if (v->suffix.length > 0) {
			puts_on(sheet, "-");
			put_text(sheet, v->suffix);
		}
		puts_on(sheet, "=");
		put_text(sheet, v->value);
		if (v->flag.length > 0)
			flag = v->flag;
	}
	if (flag.length > 0) {
		puts_on(sheet, ",");
		put_text(sheet, out->values[from].code);
		puts_on(sheet, "-Flag=");
		put_text(sheet, flag);
	}
}

/* -- one part -- */

static void put_field(struct sheet *sheet, const char *name, struct wq_text text)
{
	if (text.length == 0)
		return;
	puts_on(sheet, name);
	put_text(sheet, text);
	puts_on(sheet, ";");
}

static void put_header(struct sheet *sheet, const struct wq_hj212_out *out, long part, long parts)
{
	char qn[18];
	struct wq_text made = { qn, 17 };

	if (out->qn.length == 0 && out->sent != WQ_NO_TIME)
		put_field(sheet, "QN=", (wq_hj212_qn(out->zone, out->sent + part - 1, qn), made));
	else
		put_field(sheet, "QN=", out->qn);
	put_field(sheet, "ST=", out->st);
	put_field(sheet, "CN=", out->cn);
	put_field(sheet, "PW=", out->pw);
	put_field(sheet, "MN=", out->mn);
	if (out->again)
		puts_on(sheet, RF);
	if (out->version >= 0)
		put_format(sheet, "Flag=%d;", out->version * 4 + (parts > 1 ? 2 : 0) + (out->wants_answer ? 1 : 0));
	if (parts > 1)
		put_format(sheet, "PNUM=%ld;PNO=%ld;", parts, part);
}

/* The content with as many groups as there is room for; *to: behind the last value of it. */
static void put_content(struct sheet *sheet, const struct wq_hj212_out *out, size_t from, size_t *to)
{
	const char *between = "";
	char time[15];

	puts_on(sheet, "CP=&&");
	if (out->lead.length > 0) {
		put_text(sheet, out->lead);
		between = ";";
	}
	if (out->time != WQ_NO_TIME) {
		puts_on(sheet, between);
		puts_on(sheet, "DataTime=");
		puts_on(sheet, wq_hj212_time(out->zone, out->time, time));
		between = ";";
	}
	for (*to = from; *to < out->count && !sheet->full;) {
		size_t next = group_end(out, *to);
		struct sheet trial = *sheet;

		trial.room = sheet->room - 2; /* for the end */
		puts_on(&trial, between);
		put_group(&trial, out, *to, next);
		if (trial.full)
			break;
		sheet->length = trial.length;
		*to = next;
		between = ";";
	}
	puts_on(sheet, "&&");
}

/* The segment of a part whose values begin at `from`; 0: it does not fit. */
static size_t put_segment(char *bytes, const struct wq_hj212_out *out, size_t from, size_t *to, long part, long parts)
{
	struct sheet sheet = { .at = bytes, .room = WQ_HJ212_SEGMENT_MAX };

	put_header(&sheet, out, part, parts);
	/* A part holds the same groups whether it is marked as sent again or not. */
	if (!out->again && out->version == VERSION_WITH_RF)
		sheet.room -= sizeof RF - 1;
	if (sheet.room > sheet.length + WQ_HJ212_CONTENT_MAX)
		sheet.room = sheet.length + WQ_HJ212_CONTENT_MAX;
	if (sheet.room < sheet.length + 7)
		return 0;
	put_content(&sheet, out, from, to);
	return sheet.full || (*to == from && from < out->count) ? 0 : sheet.length;
}

static int too_long(const struct wq_hj212_out *out, size_t from, struct wq_err *err)
{
	return wq_fail(err, WQ_E_INVALID, "HJ 212: header and value %zu of %zu do not fit into one frame of %d bytes",
		from + 1, out->count, WQ_HJ212_SEGMENT_MAX);
}

/* Walks the parts as if there were `parts` of them; up to part `until`. Its segment's length, *done: parts walked. */
static int walk(const struct wq_hj212_out *out, long parts, long until, char *bytes, long *done, struct wq_err *err)
{
	size_t from = 0, to = 0, length = 0;

	for (*done = 0; *done < until && (*done == 0 || from < out->count); from = to) {
		length = put_segment(bytes, out, from, &to, *done + 1, parts);
		if (length == 0)
			return too_long(out, from, err);
		++*done;
	}
	return (int)length;
}

long wq_hj212_parts(const struct wq_hj212_out *out, struct wq_err *err)
{
	char bytes[WQ_HJ212_SEGMENT_MAX];
	long done, parts = 1;
	int rc = check_out(out, err);

	/* PNUM and PNO take room of their own, more with more digits: until it comes out as supposed. */
	for (; rc >= 0; parts = done) {
		rc = walk(out, parts, PARTS_MAX + 1, bytes, &done, err);
		if (rc >= 0 && done > PARTS_MAX)
			return wq_fail(err, WQ_E_INVALID, "HJ 212: a record of more than %d frames", PARTS_MAX);
		if (rc >= 0 && done <= parts)
			return parts;
	}
	return rc;
}

int wq_hj212_write(const struct wq_hj212_out *out, long part, char frame[WQ_HJ212_WRITTEN_MAX], struct wq_err *err)
{
	char head[8], check[8];
	long parts = wq_hj212_parts(out, err), done;

	if (parts < 0)
		return (int)parts;
	if (part < 1 || part > parts)
		return wq_fail(err, WQ_E_INVALID, "HJ 212: part %ld of %ld", part, parts);
	int length = walk(out, parts, part, frame + 6, &done, err);

	if (length < 0)
		return length;
	unsigned crc = out->checksum == WQ_HJ212_MODBUS || out->checksum == WQ_HJ212_MODBUS_SWAPPED
		? wq_hj212_crc_modbus(frame + 6, (size_t)length)
		: wq_hj212_crc(frame + 6, (size_t)length);
	if (out->checksum == WQ_HJ212_MODBUS_SWAPPED)
		crc = (crc & 0xFF) << 8 | crc >> 8;
	snprintf(head, sizeof head, "##%04d", length % 10000);
	memcpy(frame, head, 6);
	snprintf(check, sizeof check, "%04X\r\n", crc & 0xFFFF);
	memcpy(frame + 6 + length, check, 6);
	return length + 12;
}
