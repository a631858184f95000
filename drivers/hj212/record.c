/* SPDX-License-Identifier: Apache-2.0 */
/* What a data segment says: header fields by name in any order, then the items between CP=&& and &&. Lenient where real
 * stations (and the examples of the standard itself) are: a comma for a semicolon, a missing one, blanks, empty items. */
#include "wq/hj212.h"

#include "wq/decimal.h"

#include <string.h>

/* -- texts -- */

bool wq_text_is(struct wq_text text, const char *word)
{
	return strlen(word) == text.length && memcmp(text.at, word, text.length) == 0;
}

static struct wq_text between(const char *from, const char *to)
{
	while (from < to && *from == ' ')
		from++;
	while (to > from && to[-1] == ' ')
		to--;
	return (struct wq_text){ from, (size_t)(to - from) };
}

static const char *end_of(struct wq_text text)
{
	return text.at + text.length;
}

static const char *find(struct wq_text text, char c)
{
	return text.length > 0 ? memchr(text.at, c, text.length) : NULL;
}

/* A whole number of at most nine digits; -1: it is none. */
static long number_of(struct wq_text text)
{
	long value = 0;

	if (text.length == 0 || text.length > 9)
		return -1;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		value = value * 10 + (text.at[i] - '0');
	}
	return value;
}

const char *wq_hj212_checksum_name(enum wq_hj212_checksum kind)
{
	static const char *const names[] = { "bad", "hj212", "modbus", "modbus-swapped" };

	return names[kind];
}

const char *wq_hj212_problem_name(enum wq_hj212_problem bit)
{
	static const char *const names[WQ_HJ212_PROBLEMS] = { "crc", "len_mismatch", "truncated", "no_cp", "no_cp_end",
		"bad_time", "clock", "bad_number", "bad_parts", "too_many_items", "bad_header", "not_text",
		"bad_item" };

	for (int i = 0; i < WQ_HJ212_PROBLEMS; i++)
		if ((unsigned)bit == 1u << i)
			return names[i];
	return "";
}

/* -- time: 12, 14 or 17 digits YYYYMMDDhhmm[ss[zzz]] -- */

static int digits(const char *at, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++)
		value = value * 10 + (at[i] - '0');
	return value;
}

static int days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970 of a civil date. */
static int64_t day_number(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t shifted = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

static bool time_of(struct wq_text text, const struct wq_zone *zone, wq_ms *at)
{
	if (text.length != 12 && text.length != 14 && text.length != 17)
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	int year = digits(text.at, 4), month = digits(text.at + 4, 2), day = digits(text.at + 6, 2);
	int hour = digits(text.at + 8, 2), minute = digits(text.at + 10, 2);
	int second = text.length > 12 ? digits(text.at + 12, 2) : 0;

	if (month < 1 || month > 12 || day < 1 || day > days_of(year, month) || hour > 23 || minute > 59 || second > 59)
		return false;
	wq_ms local = day_number(year, month, day) * WQ_DAYS(1) + WQ_HOURS(hour) + WQ_MINUTES(minute) + WQ_SECONDS(second);

	*at = local - wq_zone_offset(zone, local - wq_zone_offset(zone, local));
	return true;
}

static void take_time(struct wq_hj212_record *record, struct wq_text text, const struct wq_zone *zone)
{
	int year = text.length >= 4 && number_of((struct wq_text){ text.at, 4 }) >= 0 ? digits(text.at, 4) : -1;

	if (!time_of(text, zone, &record->time))
		record->problems |= WQ_HJ212_TIME;
	else if (year < 2000 || year > 2099)
		record->problems |= WQ_HJ212_CLOCK;
}

/* -- header -- */

/* Where CP=&& begins; NULL: nowhere. */
static const char *find_content(struct wq_text segment)
{
	const char *amp = find(segment, '&');

	if (amp != NULL && amp - segment.at >= 3 && end_of(segment) - amp >= 2 && memcmp(amp - 3, "CP=&&", 5) == 0)
		return amp - 3;
	return amp != NULL ? memmem(segment.at, segment.length, "CP=&&", 5) : NULL;
}

#define TWO(a, b) ((unsigned)(unsigned char)(a) << 8 | (unsigned char)(b))

/* The place of a field of two letters; NULL: there is none of that name. */
static struct wq_text *field_of(struct wq_hj212_record *record, const char *name)
{
	switch (TWO(name[0], name[1])) {
	case TWO('Q', 'N'):
		return &record->qn;
	case TWO('S', 'T'):
		return &record->st;
	case TWO('C', 'N'):
		return &record->cn;
	case TWO('P', 'W'):
		return &record->pw;
	case TWO('M', 'N'):
		return &record->mn;
	default:
		return NULL;
	}
}

static bool take_number(long *to, struct wq_text value)
{
	*to = number_of(value);
	return *to >= 0;
}

static void take_field(struct wq_hj212_record *record, struct wq_text name, struct wq_text value)
{
	struct wq_text *field = name.length == 2 ? field_of(record, name.at) : NULL;
	bool known = field != NULL;

	if (known) {
		*field = value;
	} else if (wq_text_is(name, "Flag")) {
		record->flag = value;
		known = take_number(&record->flag_number, value);
	} else if (wq_text_is(name, "PNO")) {
		known = take_number(&record->part, value);
	} else if (wq_text_is(name, "PNUM")) {
		known = take_number(&record->parts, value);
	} else if (wq_text_is(name, "RF")) { /* of 2025 */
		record->again = wq_text_is(value, "1");
		known = true;
	}
	if (!known)
		record->problems |= WQ_HJ212_HEADER;
}

static void read_header(struct wq_hj212_record *record, const char *at, const char *end)
{
	while (at < end) {
		const char *stop = at;

		while (stop < end && *stop != ';' && *stop != ',')
			stop++;
		struct wq_text field = between(at, stop);
		const char *equals = find(field, '=');

		if (equals != NULL)
			take_field(record, between(field.at, equals), between(equals + 1, end_of(field)));
		else if (field.length > 0)
			record->problems |= WQ_HJ212_HEADER;
		at = stop + 1;
	}
	if (record->parts > 0 && (record->part < 1 || record->part > record->parts))
		record->problems |= WQ_HJ212_PARTS;
}

/* -- items -- */

/* Suffixes of measured values (HJ 212-2017 6.3.3.2, and what surface-water stations add for their checks). */
static bool is_measured(struct wq_text suffix)
{
	static const char common[][4] = { "Rtd", "Avg", "Min", "Max", "Cou" };
	static const char others[][16] = { "ZsRtd", "ZsAvg", "ZsMin", "ZsMax", "Check", "StandardValue", "SpanValue", "Water",
		"Chroma", "Volume", "DVolume", "SampleRd", "Data", "DayData", "NightData", "RT" };

	for (size_t i = 0; suffix.length == 3 && i < sizeof common / sizeof *common; i++)
		if (memcmp(suffix.at, common[i], 3) == 0)
			return true;
	for (size_t i = 0; suffix.length > 0 && i < sizeof others / sizeof *others; i++)
		if (others[i][0] == suffix.at[0] && wq_text_is(suffix, others[i]))
			return true;
	return false;
}

/* The common case of a number: digits with at most one point among them, few enough for any double. */
static bool is_plain_number(struct wq_text text)
{
	size_t points = 0, count = 0;

	for (size_t i = 0; i < text.length; i++) {
		points += text.at[i] == '.';
		count += text.at[i] >= '0' && text.at[i] <= '9';
	}
	return count > 0 && points <= 1 && count + points == text.length && text.length <= 16 &&
		text.at[0] != '.' && text.at[text.length - 1] != '.';
}

/* A decimal number as wq_decimal takes it: no NaN, no infinity, no hexadecimal. */
static bool is_number(struct wq_text text)
{
	char copy[64];
	double value;

	if (is_plain_number(text))
		return true;
	if (text.length == 0 || text.length >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	return wq_value_parse(copy, &value, NULL) == 0;
}

static bool is_none(struct wq_text text)
{
	static const char *const words[] = { "", "--", "-", "*", "NaN", "nan", "NAN", "null", "NULL", "Null", "N/A", "NA", "n/a" };

	if (text.length > 0 && text.at[0] >= '0' && text.at[0] <= '9')
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (wq_text_is(text, words[i]))
			return true;
	return false;
}

static struct wq_hj212_item *new_item(struct wq_hj212_record *record)
{
	if (record->count == WQ_HJ212_ITEMS_MAX) {
		record->problems |= WQ_HJ212_ITEMS;
		return NULL;
	}
	struct wq_hj212_item *item = &record->items[record->count++];

	*item = (struct wq_hj212_item){ .missing = false };
	return item;
}

/* A group: what stands between two semicolons, about one code. */
struct group {
	size_t first; /* its first item */
	struct wq_text code;
};

/* "01018" in a group about "w01018" is that. */
static struct wq_text code_in(const struct group *group, struct wq_text code)
{
	if (group->code.length == code.length + 1 && memcmp(group->code.at + 1, code.at, code.length) == 0)
		return group->code;
	return code;
}

/* The flag of a code belongs to its items of this group; a bare Flag to all of the group, or, where it stands alone, to the
 * item before. */
static void take_flag(struct wq_hj212_record *record, const struct group *group, struct wq_text code, struct wq_text flag)
{
	size_t from = group->first;

	if (code.length == 0 && from == record->count && from > 0)
		from--;
	for (size_t i = from; i < record->count; i++) {
		struct wq_hj212_item *item = &record->items[i];

		if (code.length == 0 || (item->code.length == code.length && memcmp(item->code.at, code.at, code.length) == 0))
			item->flag = flag;
	}
}

static void take_value(struct wq_hj212_record *record, struct wq_text code, struct wq_text suffix, struct wq_text value)
{
	struct wq_hj212_item *item = new_item(record);

	if (item == NULL)
		return;
	item->code = code;
	item->suffix = suffix;
	item->value = value;
	item->measured = is_measured(suffix);
	item->missing = is_none(value);
	if (item->measured && !item->missing && !is_number(value)) {
		item->missing = true;
		record->problems |= WQ_HJ212_NUMBER;
	}
}

/* "name=value"; hyphen: the last one of the name, or NULL. */
static void take_item(struct wq_hj212_record *record, struct group *group, struct wq_text name, const char *hyphen,
	struct wq_text value, const struct wq_zone *zone)
{
	struct wq_text code = hyphen != NULL ? between(name.at, hyphen) : name;
	struct wq_text suffix = hyphen != NULL ? between(hyphen + 1, end_of(name)) : (struct wq_text){ end_of(name), 0 };

	if (hyphen == NULL && wq_text_is(name, "DataTime")) {
		take_time(record, value, zone);
		return;
	}
	if (wq_text_is(hyphen != NULL ? suffix : name, "Flag")) {
		take_flag(record, group, hyphen != NULL ? code_in(group, code) : suffix, value);
		return;
	}
	code = code_in(group, code);
	if (group->code.length == 0 && hyphen != NULL)
		group->code = code;
	take_value(record, code, suffix, value);
}

/* What a byte means to who reads items. Bytes below blank (but for white space) no text has: cipher text of 2025 does. */
enum meaning { PLAIN, EQUALS, HYPHEN, SEPARATOR, SLASH, CONTROL };

#define C3 CONTROL, CONTROL, CONTROL

static const unsigned char meanings[256] = {
	C3, C3, C3, PLAIN, PLAIN, CONTROL, CONTROL, PLAIN, /* tab, line ends */
	C3, C3, C3, C3, C3, C3,
	['='] = EQUALS,
	['-'] = HYPHEN,
	[','] = SEPARATOR,
	[';'] = SEPARATOR,
	['/'] = SLASH,
};

/* Reads items one after the other, each byte once. */
struct scan {
	const char *at, *end;
	bool quotes;  /* a // may still be closed */
	bool control; /* a byte that no text has was met */
};

static enum meaning meaning_of(const char *at)
{
	return (enum meaning)meanings[(unsigned char)*at];
}

/* To the first `=` or separator; *hyphen: the last one before it. */
static const char *scan_name(struct scan *scan, const char **hyphen)
{
	const char *at = scan->at;

	for (*hyphen = NULL; at < scan->end; at++) {
		enum meaning m = meaning_of(at);

		if (m == PLAIN || m == SLASH)
			continue;
		if (m != HYPHEN) {
			scan->control = scan->control || m == CONTROL;
			return at;
		}
		*hyphen = at;
	}
	return at;
}

/* Behind a text that begins here as //…//; NULL: it is none. One that is never closed is no reason to lose the rest. */
static const char *skip_text(struct scan *scan, const char *at)
{
	if (!scan->quotes || scan->end - at < 2 || at[1] != '/')
		return NULL;
	const char *close = memmem(at + 2, (size_t)(scan->end - at - 2), "//", 2);

	scan->quotes = close != NULL;
	for (const char *c = at; close != NULL && c < close; c++)
		scan->control = scan->control || meaning_of(c) == CONTROL;
	return close != NULL ? close + 2 : NULL;
}

/* To the separator. */
static const char *scan_value(struct scan *scan, const char *at)
{
	while (at < scan->end) {
		enum meaning m = meaning_of(at);
		const char *behind = m == SLASH ? skip_text(scan, at) : NULL;

		if (m >= SEPARATOR && m != SLASH) {
			scan->control = scan->control || m == CONTROL;
			if (m == SEPARATOR || scan->control)
				return at;
		}
		at = behind != NULL ? behind : at + 1;
	}
	return at;
}

static bool is_blank(const char *from, const char *to)
{
	return between(from, to).length == 0;
}

/* False: it is no text. */
static bool read_items(struct wq_hj212_record *record, const char *from, const char *end, const struct wq_zone *zone)
{
	struct scan scan = { .at = from, .end = end, .quotes = true };
	struct group group = { 0 };

	while (scan.at < end && !scan.control) {
		const char *hyphen, *stop = scan_name(&scan, &hyphen), *equals = stop;

		if (stop < end && *stop == '=' && !scan.control) {
			stop = scan_value(&scan, stop + 1);
			if (is_blank(scan.at, equals))
				record->problems |= WQ_HJ212_ITEM;
			else
				take_item(record, &group, between(scan.at, equals), hyphen, between(equals + 1, stop),
					zone);
		} else if (!is_blank(scan.at, stop)) {
			record->problems |= WQ_HJ212_ITEM;
		}
		if (stop < end && *stop == ';')
			group = (struct group){ .first = record->count };
		scan.at = stop + 1;
	}
	return !scan.control;
}

void wq_hj212_read(struct wq_text segment, const struct wq_zone *zone, struct wq_hj212_record *record)
{
	const char *content = find_content(segment), *end = end_of(segment);

	memset(record, 0, offsetof(struct wq_hj212_record, items));
	record->problems = 0;
	record->flag_number = -1;
	record->time = WQ_NO_TIME;
	read_header(record, segment.at, content != NULL ? content : end);
	if (content == NULL) {
		record->problems |= WQ_HJ212_NO_CP;
		return;
	}
	content += 5;
	if (end - content >= 2 && memcmp(end - 2, "&&", 2) == 0)
		end -= 2;
	else
		record->problems |= WQ_HJ212_NO_CP_END;
	unsigned before = record->problems;

	if (read_items(record, content, end, zone))
		return;
	record->problems = before | WQ_HJ212_CIPHER;
	record->count = 0;
	record->time = WQ_NO_TIME;
}
