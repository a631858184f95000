/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a fault, and when it strikes. */
#include "fault.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

/* Keys that a kind may have, as bits. */
enum {
	UNIT = 1,
	EVERY = 2,
	AT = 4,
	BY = 8,
	TO = 16,
	AFTER = 32,
	FOR = 64,
	EACH = 128,
	ZEROS = 256
};

static const struct {
	const char *name;
	unsigned keys, needs;
} kinds[FAULT_KINDS] = {
	[FAULT_DEAD] = { "dead", UNIT | EVERY | AT, 0 },
	[FAULT_SLOW] = { "slow", UNIT | EVERY | AT | BY, BY },
	[FAULT_LATE] = { "late", UNIT | EVERY | AT | BY | TO, BY },
	[FAULT_WRONG_UNIT] = { "wrong-unit", UNIT | EVERY | AT, 0 },
	[FAULT_BAD_CRC] = { "bad-crc", UNIT | EVERY | AT, 0 },
	[FAULT_TRUNCATED] = { "truncated", UNIT | EVERY | AT, 0 },
	[FAULT_GARBAGE_BEFORE] = { "garbage-before", UNIT | EVERY | AT, 0 },
	[FAULT_GARBAGE_AFTER] = { "garbage-after", UNIT | EVERY | AT, 0 },
	[FAULT_HALF_OPEN] = { "half-open", AT | AFTER, 0 },
	[FAULT_REBOOT] = { "reboot", AT | FOR | EACH | ZEROS, FOR },
	[FAULT_CLOCK] = { "clock", UNIT | AT | BY, BY },
};

/* ---- reading ---- */

static int read_number(const char *text, unsigned long most, unsigned long *number)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || n > most)
		return WQ_E_INVALID;
	*number = n;
	return 0;
}

static int read_span(const char *text, wq_ms *span)
{
	bool minus = text[0] == '-';

	if (wq_span_parse(text + minus, span, NULL) < 0)
		return WQ_E_INVALID;
	if (minus)
		*span = -*span;
	return 0;
}

static int read_key(struct fault *f, unsigned *given, const char *key, const char *value)
{
	unsigned long unit = 0;
	const struct {
		const char *name;
		unsigned bit;
		wq_ms *span;
		unsigned long *number, most;
	} rows[] = {
		{ "unit", UNIT, NULL, &unit, 255 },
		{ "every", EVERY, NULL, &f->every, 1000000000 },
		{ "after", AFTER, NULL, &f->after, 1000000000 },
		{ "at", AT, &f->at, NULL, 0 },
		{ "by", BY, &f->by, NULL, 0 },
		{ "to", TO, &f->to, NULL, 0 },
		{ "for", FOR, &f->gone, NULL, 0 },
		{ "each", EACH, &f->each, NULL, 0 },
		{ "zeros", ZEROS, &f->zeros, NULL, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int r;

		if (strcmp(rows[i].name, key) != 0 || !(kinds[f->kind].keys & rows[i].bit))
			continue;
		*given |= rows[i].bit;
		r = rows[i].span ? read_span(value, rows[i].span)
		                 : read_number(value, rows[i].most, rows[i].number);
		if (rows[i].number == &unit)
			f->unit = (int)unit;
		return r;
	}
	return WQ_E_INVALID;
}

static int read_keys(struct fault *f, char *rest, struct wq_err *err)
{
	unsigned given = 0;
	char *save = NULL;

	for (char *part = strtok_r(rest, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(part, '=');

		if (equals)
			*equals = '\0';
		if (!equals || read_key(f, &given, part, equals + 1) < 0)
			return wq_fail(err, WQ_E_INVALID,
			        "%s: %s is no key of this fault, or its value is wrong",
			        kinds[f->kind].name, part);
	}
	if ((given & kinds[f->kind].needs) != kinds[f->kind].needs)
		return wq_fail(err, WQ_E_INVALID, "%s: %s= with a span is needed",
		        kinds[f->kind].name, f->kind == FAULT_REBOOT ? "for" : "by");
	if (f->every == 0 || (f->kind != FAULT_CLOCK && f->by < 0) || f->at < 0 || f->gone < 0)
		return wq_fail(err, WQ_E_INVALID,
		        "%s: every, by, at and for are not below 0, every is 1 at least",
		        kinds[f->kind].name);
	if (f->to < f->by)
		f->to = f->by;
	if (f->each > 0 && f->each <= f->gone)
		return wq_fail(err, WQ_E_INVALID, "reboot: each must be longer than for");
	return 0;
}

int faults_add(struct faults *faults, const char *text, struct wq_err *err)
{
	struct fault f = { .every = 1 };
	char words[200], *colon;
	int r;

	if (strlen(text) >= sizeof words || faults->count == FAULTS)
		return wq_fail(err, WQ_E_INVALID, "too long, or more than %d faults", FAULTS);
	memcpy(words, text, strlen(text) + 1);
	colon = strchr(words, ':');
	if (colon)
		*colon = '\0';
	while (strcmp(kinds[f.kind].name, words) != 0)
		if (++f.kind == FAULT_KINDS)
			return wq_fail(err, WQ_E_INVALID, "'%s' is no fault", words);
	r = read_keys(&f, colon ? colon + 1 : words + strlen(words), err);
	if (r == 0)
		faults->list[faults->count++] = f;
	return r;
}

/* ---- striking ---- */

unsigned faults_dice(struct faults *faults, unsigned sides)
{
	faults->random = faults->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(faults->random >> 33) % (sides > 0 ? sides : 1);
}

const struct fault *faults_strike(
        struct faults *faults, enum fault_kind kind, int unit, wq_ms since_start)
{
	const struct fault *found = NULL;

	for (size_t i = 0; i < faults->count; i++) {
		struct fault *f = &faults->list[i];

		if (f->kind == kind && (f->unit == 0 || f->unit == unit) && since_start >= f->at &&
		        ++f->seen % f->every == 0)
			found = f;
	}
	return found;
}

wq_ms faults_wait(struct faults *faults, int unit, wq_ms since_start)
{
	const struct fault *slow = faults_strike(faults, FAULT_SLOW, unit, since_start);
	const struct fault *late = faults_strike(faults, FAULT_LATE, unit, since_start);
	wq_ms wait = slow ? slow->by : 0;

	if (late)
		wait += late->by + faults_dice(faults, (unsigned)(late->to - late->by) + 1);
	return wait;
}

wq_ms faults_clock(const struct faults *faults, int unit, wq_ms since_start)
{
	wq_ms by = 0;

	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *f = &faults->list[i];

		if (f->kind == FAULT_CLOCK && (f->unit == 0 || f->unit == unit) &&
		        since_start >= f->at)
			by = f->by;
	}
	return by;
}

/* Since the reboot under way or the last one began; -1: there was none yet. */
static wq_ms since_reboot(const struct fault *f, wq_ms since_start)
{
	if (f->kind != FAULT_REBOOT || since_start < f->at)
		return -1;
	return f->each > 0 ? (since_start - f->at) % f->each : since_start - f->at;
}

bool faults_gone(const struct faults *faults, wq_ms since_start)
{
	for (size_t i = 0; i < faults->count; i++) {
		wq_ms since = since_reboot(&faults->list[i], since_start);

		if (since >= 0 && since < faults->list[i].gone)
			return true;
	}
	return false;
}

bool faults_zeros(const struct faults *faults, wq_ms since_start)
{
	for (size_t i = 0; i < faults->count; i++) {
		wq_ms since = since_reboot(&faults->list[i], since_start);

		if (since >= 0 && since < faults->list[i].gone + faults->list[i].zeros)
			return true;
	}
	return false;
}

wq_ms faults_next(const struct faults *faults, wq_ms since_start)
{
	wq_ms next = WQ_NO_TIME;

	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *f = &faults->list[i];
		wq_ms since = since_reboot(f, since_start), wait;

		if (f->kind != FAULT_REBOOT || (since >= f->gone && f->each <= 0))
			continue;
		wait = since < 0          ? f->at - since_start
		        : since < f->gone ? f->gone - since
		                          : f->each - since;
		if (next == WQ_NO_TIME || since_start + wait < next)
			next = since_start + wait;
	}
	return next;
}

bool faults_have(const struct faults *faults, enum fault_kind kind)
{
	for (size_t i = 0; i < faults->count; i++)
		if (faults->list[i].kind == kind)
			return true;
	return false;
}
