/* SPDX-License-Identifier: Apache-2.0 */
/* Records to samples and checks. A check of an analyser never becomes a sample, by whatever command it comes: some stations
 * send it as an ordinary hour record whose flag alone says so. */
#include "wq/hj212.h"

#include <math.h>
#include <string.h>

/* -- numbers -- */

/* value × factor, in decimal: as the station wrote it. */
static double number_of(struct wq_text text, struct wq_decimal factor)
{
	char copy[64];
	struct wq_decimal decimal;
	double value;

	if (text.length == 0 || text.length >= sizeof copy)
		return NAN;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (wq_decimal_parse(copy, &decimal, NULL) == 0 && decimal.places + factor.places <= 18 &&
		wq_value_from_scaled(decimal.digits,
			(struct wq_decimal){ factor.digits, decimal.places + factor.places },
			(struct wq_decimal){ 0, 0 }, &value, NULL) == 0)
		return value;
	if (wq_value_parse(copy, &value, NULL) < 0)
		return NAN;
	value *= wq_decimal_to_double(factor);
	return isfinite(value) ? value : NAN;
}

static bool is_none(const struct wq_hj212_mapper *mapper, struct wq_text text)
{
	const struct wq_decimal one = { 1, 0 };
	double value = mapper->none_count > 0 ? number_of(text, one) : NAN;

	for (size_t i = 0; i < mapper->none_count; i++)
		if (value == mapper->none[i])
			return true;
	return false;
}

static double value_of(const struct wq_hj212_mapper *mapper, const struct wq_hj212_item *item, struct wq_decimal factor)
{
	return item->missing || is_none(mapper, item->value) ? NAN : number_of(item->value, factor);
}

static void copy_flag(char flag[WQ_FLAG_TEXT], struct wq_text text)
{
	size_t n = text.length < WQ_FLAG_TEXT - 1 ? text.length : WQ_FLAG_TEXT - 1;

	memset(flag, 0, WQ_FLAG_TEXT);
	if (n > 0)
		memcpy(flag, text.at, n);
}

static const struct wq_hj212_target *find(const struct wq_hj212_mapper *mapper, enum wq_hj212_kind kind,
	struct wq_text code, struct wq_text suffix)
{
	const struct wq_hj212_target *target = mapper->find(mapper->owner, kind, code, suffix);

	return target != NULL || code.length != 3 ? target : mapper->find(mapper->owner, kind, wq_hj212_code(code), suffix);
}

static void refuse(const struct wq_hj212_mapper *mapper, enum wq_hj212_refusal why, const struct wq_hj212_item *item)
{
	if (mapper->refuse != NULL)
		mapper->refuse(mapper->owner, why, item);
}

/* -- checks -- */

static bool same(struct wq_text a, struct wq_text b)
{
	return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

/* The value of a code's item with one of two suffixes; NaN: it has none. */
static double member(const struct wq_hj212_mapper *mapper, const struct wq_hj212_record *record, size_t of,
	const char *suffix, const char *other, struct wq_decimal factor)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct wq_hj212_item *item = &record->items[i];

		if (same(item->code, record->items[of].code) &&
			(wq_text_is(item->suffix, suffix) || wq_text_is(item->suffix, other)))
			return value_of(mapper, item, factor);
	}
	return NAN;
}

/* To four places: figures that are shown, of values that have no more. */
static double percent(double part, double whole)
{
	double value = whole != 0 ? part / whole * 100 : NAN;

	if (!(fabs(value) < 1e9))
		return NAN;
	wq_value_from_scaled(llround(value * 1e4), (struct wq_decimal){ 1, 4 }, (struct wq_decimal){ 0, 0 }, &value, NULL);
	return value;
}

/* Percent: of the span where it is given, of the reference otherwise; parallel: of the mean of both; recovery: of what
 * was added, Chroma × Volume / DVolume. */
static double result_of(const struct wq_hj212_mapper *mapper, const struct wq_hj212_record *record, size_t of,
	const struct wq_check *check, struct wq_decimal factor)
{
	const struct wq_decimal one = { 1, 0 };
	double difference = check->value - check->reference;

	if (check->kind == WQ_CHECK_PARALLEL)
		return percent(difference, (check->value + check->reference) / 2);
	if (check->kind == WQ_CHECK_RECOVERY)
		return percent(difference * member(mapper, record, of, "DVolume", "DVolume", one),
			member(mapper, record, of, "Chroma", "Chroma", factor) *
				member(mapper, record, of, "Volume", "Volume", one));
	double span = member(mapper, record, of, "SpanValue", "SpanValue", factor);

	return percent(difference, isnan(span) ? check->reference : span);
}

static bool kind_by_command(struct wq_text cn, enum wq_check_kind *kind)
{
	static const char *const names[] = { "2062", "2063", "2064", "2065", "2066" };
	static const enum wq_check_kind kinds[] = { WQ_CHECK_STANDARD, WQ_CHECK_RECOVERY, WQ_CHECK_PARALLEL, WQ_CHECK_ZERO,
		WQ_CHECK_SPAN };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (wq_text_is(cn, names[i])) {
			*kind = kinds[i];
			return true;
		}
	return false;
}

/* What a check measured is here; its reference and the like are read with it. */
static bool is_measurement(struct wq_text suffix)
{
	return wq_text_is(suffix, "Check") || wq_text_is(suffix, "SampleRd") || wq_text_is(suffix, "Avg") ||
		wq_text_is(suffix, "Rtd");
}

static bool take_check(const struct wq_hj212_mapper *mapper, const struct wq_hj212_record *record, size_t of,
	enum wq_check_kind kind, struct wq_check *check)
{
	const struct wq_hj212_item *item = &record->items[of];
	const struct wq_hj212_target *target =
		is_measurement(item->suffix) ? find(mapper, WQ_HJ212_CHECK, item->code, item->suffix) : NULL;

	if (target == NULL) {
		if (is_measurement(item->suffix))
			refuse(mapper, WQ_HJ212_UNKNOWN_ITEM, item);
		return false;
	}
	*check = (struct wq_check){ .series = target->series,
		.kind = (uint8_t)kind,
		.at = record->time,
		.value = value_of(mapper, item, target->factor),
		.reference = kind == WQ_CHECK_RECOVERY || kind == WQ_CHECK_PARALLEL
			? member(mapper, record, of, "Water", "Water", target->factor)
			: member(mapper, record, of, "StandardValue", "StandardValue", target->factor) };
	check->result = result_of(mapper, record, of, check, target->factor);
	copy_flag(check->flag, item->flag);
	return true;
}

/* -- samples -- */

static bool take_sample(const struct wq_hj212_mapper *mapper, const struct wq_hj212_record *record,
	enum wq_hj212_kind kind, const struct wq_hj212_item *item, struct wq_sample *sample)
{
	const struct wq_hj212_target *target = find(mapper, kind, item->code, item->suffix);

	if (target == NULL) {
		refuse(mapper, WQ_HJ212_UNKNOWN_ITEM, item);
		return false;
	}
	*sample = (struct wq_sample){ .series = target->series,
		.quality = (uint8_t)wq_hj212_quality(mapper->profile, item->flag),
		.stamp = WQ_STAMP_STATION,
		.at = record->time,
		.value = value_of(mapper, item, target->factor) };
	copy_flag(sample->flag, item->flag);
	if (isnan(sample->value) && sample->quality != WQ_MAINTENANCE)
		sample->quality = WQ_MISSING;
	if (isnan(sample->value) && !item->missing && !is_none(mapper, item->value))
		refuse(mapper, WQ_HJ212_NO_NUMBER, item);
	return true;
}

struct wq_hj212_taken wq_hj212_take(const struct wq_hj212_mapper *mapper, const struct wq_hj212_record *record,
	struct wq_sample *samples, struct wq_check *checks)
{
	enum wq_hj212_kind kind = wq_hj212_kind_of(mapper->profile, record->cn);
	struct wq_hj212_taken taken = { 0, 0 };

	if ((kind & (WQ_HJ212_DATA | WQ_HJ212_CHECK)) == 0)
		return taken;
	if ((record->problems & (WQ_HJ212_REFUSED | WQ_HJ212_CLOCK)) != 0 || record->time == WQ_NO_TIME) {
		refuse(mapper, WQ_HJ212_NO_TIME, NULL);
		return taken;
	}
	for (size_t i = 0; i < record->count; i++) {
		const struct wq_hj212_item *item = &record->items[i];
		enum wq_check_kind check;

		if (!item->measured)
			continue;
		if (wq_hj212_check_flag(mapper->profile, item->flag, &check) || kind_by_command(record->cn, &check))
			taken.checks += take_check(mapper, record, i, check, &checks[taken.checks]);
		else
			taken.samples += take_sample(mapper, record, kind, item, &samples[taken.samples]);
	}
	return taken;
}
