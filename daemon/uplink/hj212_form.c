/* SPDX-License-Identifier: Apache-2.0 */
/* Records to frames of HJ 212, and back what a platform means. */
#include "hj212_form.h"

#include "wq/decimal.h"
#include "wq/err.h"

#include <stdio.h>
#include <string.h>

static struct wq_text text(const char *word)
{
	return (struct wq_text){ word, strlen(word) };
}

/* Bits V of Flag (HJ 212-2017, 6.3.2; 2025 and surface-water stations have 2). */
static int version_of(enum wq_hj212_profile profile)
{
	static const int versions[WQ_HJ212_PROFILES] = {
		[WQ_HJ212_2005] = 0, [WQ_HJ212_2017] = 1, [WQ_HJ212_2025] = 2, [WQ_HJ212_SURFACE] = 2,
	};
	return versions[profile];
}

const char *form_suffix(const char *cn)
{
	return strcmp(cn, "2011") == 0 ? "Rtd" : "Avg";
}

bool form_word(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7F)
			return false;
	return text[0] != '\0' && strpbrk(text, ";,=&# ") == NULL && strstr(text, "//") == NULL;
}

/* N F M S D C T B of HJ 212-2017, table 8; of the surface-water alphabet D and M mean the same, F is no communication. */
const char *form_flag(enum wq_hj212_profile profile, const struct backlog_reading *reading)
{
	/* A file or a device can give anything; one that no frame takes would hold up all that comes after it. */
	if (form_word(reading->flag))
		return reading->flag;
	switch (reading->quality) {
	case WQ_BAD:
		return "D";
	case WQ_MISSING:
		return profile == WQ_HJ212_SURFACE ? "F" : "B";
	case WQ_MAINTENANCE:
		return "M";
	default:
		return "N";
	}
}

static struct wq_hj212_out frame_of(const struct form *form, const char *cn, wq_ms sent)
{
	return (struct wq_hj212_out){ .sent = sent, .st = text(form->st), .cn = text(cn), .pw = text(form->pw), .mn = text(form->mn),
		.version = version_of(form->profile), .zone = form->zone, .time = WQ_NO_TIME };
}

static int write_part(const struct wq_hj212_out *out, long part, struct form_frame *frame, struct wq_err *err)
{
	int length = wq_hj212_write(out, part, frame->bytes, err);
	if (length < 0)
		return length;
	frame->length = (size_t)length;
	if (out->qn.length == 0)
		wq_hj212_qn(out->zone, out->sent + part - 1, frame->qn);
	return 0;
}

int form_record(const struct form *form, const struct backlog_record *record, wq_ms sent, bool again,
	struct form_frame frames[FORM_PARTS], struct wq_err *err)
{
	struct wq_hj212_value values[BACKLOG_READINGS];
	char decimals[BACKLOG_READINGS][WQ_DECIMAL_TEXT];
	struct wq_hj212_out out = frame_of(form, form->cn, sent);
	for (size_t i = 0; i < record->count; i++) {
		const struct backlog_reading *r = &record->readings[i];
		values[i] = (struct wq_hj212_value){ .code = text(r->code), .suffix = text(form_suffix(form->cn)),
			.value = text(wq_value_format(r->value, decimals[i])), .flag = text(form_flag(form->profile, r)) };
	}
	out.time = record->place.at;
	out.wants_answer = true;
	out.again = again && form->profile == WQ_HJ212_2025;
	out.count = record->count;
	out.values = values;
	long parts = wq_hj212_parts(&out, err);
	if (parts > FORM_PARTS)
		return wq_fail(err, WQ_E_INVALID, "a record of station %s needs %ld frames; at most %d are sent", record->station, parts,
			FORM_PARTS);
	for (long part = 1; part <= parts; part++) {
		int r = write_part(&out, part, &frames[part - 1], err);
		if (r < 0)
			return r;
	}
	return (int)parts;
}

int form_heartbeat(const struct form *form, wq_ms sent, struct form_frame *frame, struct wq_err *err)
{
	struct wq_hj212_out out = frame_of(form, "9015", sent);
	out.wants_answer = true;
	return write_part(&out, 1, frame, err);
}

int form_answer(const struct form *form, const struct wq_hj212_record *request, const char *cn, const char *lead,
	struct form_frame *frame, struct wq_err *err)
{
	struct wq_hj212_out out = frame_of(form, cn, WQ_NO_TIME);
	out.qn = request->qn;
	out.st = text("91");
	out.lead = text(lead);
	return write_part(&out, 1, frame, err);
}

/* YYYYMMDDhhmmss */
static bool read_time(struct wq_text value, const struct wq_zone *zone, wq_ms *at)
{
	char iso[20];
	if (value.length != 14)
		return false;
	snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", value.at, value.at + 4, value.at + 6, value.at + 8, value.at + 10,
		value.at + 12);
	return wq_instant_parse(iso, zone, at, NULL) == 0;
}

bool form_stretch(const struct wq_hj212_record *request, const struct wq_zone *zone, wq_ms *from, wq_ms *to)
{
	bool begins = false, ends = false;
	for (size_t i = 0; i < request->count; i++) {
		const struct wq_hj212_item *item = &request->items[i];
		if (wq_text_is(item->code, "BeginTime"))
			begins = read_time(item->value, zone, from);
		else if (wq_text_is(item->code, "EndTime"))
			ends = read_time(item->value, zone, to);
	}
	if (!begins || !ends || *to < *from)
		return false;
	*to += 1000;
	return true;
}
