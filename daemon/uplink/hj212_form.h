/* SPDX-License-Identifier: Apache-2.0 */
/* Records as frames of HJ 212, and what a platform's frames mean to us: pure. */
#ifndef UPLINK_HJ212_FORM_H
#define UPLINK_HJ212_FORM_H

#include "store/backlog.h"

#include "wq/hj212.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

/* Frames that one record may need: 40 values are two. */
#define FORM_PARTS 8

struct form {
	enum wq_hj212_profile profile;
	const char *st, *cn, *pw, *mn; /* pw "": none */
	const struct wq_zone *zone;
};

struct form_frame {
	char qn[18];
	size_t length;
	char bytes[WQ_HJ212_WRITTEN_MAX];
};

/* Whether a text can stand in a field of a frame. */
bool form_word(const char *text);

/* The frames of a record, part k with the QN of `sent` + k ms. Returns how many, or WQ_E_INVALID. */
int form_record(const struct form *form, const struct backlog_record *record, wq_ms sent, bool again,
	struct form_frame frames[FORM_PARTS], struct wq_err *err);

/* 9015, which asks for an answer. */
int form_heartbeat(const struct form *form, wq_ms sent, struct form_frame *frame, struct wq_err *err);

/* An answer to what a platform asked: CN 9011 (QnRtn) or 9012 (ExeRtn), with the request's QN. */
int form_answer(const struct form *form, const struct wq_hj212_record *request, const char *cn, const char *lead,
	struct form_frame *frame, struct wq_err *err);

/* The flag that is sent: the station's own, or what the quality means. */
const char *form_flag(enum wq_hj212_profile profile, const struct backlog_reading *reading);

/* The stretch that a request names: BeginTime up to and with EndTime, as [from, to). False: it does not. */
bool form_stretch(const struct wq_hj212_record *request, const struct wq_zone *zone, wq_ms *from, wq_ms *to);

/* "realtime" (2011, -Rtd), "minute" (2051, -Avg), "hour" (2061, -Avg). */
const char *form_suffix(const char *cn);

#endif
