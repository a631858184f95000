/* SPDX-License-Identifier: Apache-2.0 */
/* What answers mean: the status of HTTP for all channels, and a vendor's own codes by a table each.
 * Pure and thread-safe. */
#ifndef WQ_ANSWER_H
#define WQ_ANSWER_H

#include "wq/channel.h"

#include <stdbool.h>
#include <stddef.h>

/* True: 2xx, and the body is to be looked into (kind WQ_SENT so far). False: *result is the
 * verdict. */
bool answer_http(const struct wq_response *response, wq_ms now, struct wq_result *result);

struct answer_code {
	const char *code; /* a '*' at its end stands for any rest; NULL: every other code, the last
	                     row */
	enum wq_result_kind kind;
	wq_ms wait;       /* with WQ_THROTTLE */
	const char *text; /* what it says and what to do */
	bool clock; /* it may be our clock that is wrong: the answer's Date says by how much */
};

/* The verdict on a code in the body. message: the vendor's own words, shown when they are there;
 * hide: a secret that is not to be shown even when the vendor repeats it; both may be NULL. */
void answer_code(const struct answer_code *rows, const char *code, const char *message,
        const char *hide, const struct wq_response *response, wq_ms now, struct wq_result *result);

/* The whole verdict on an answer whose body is a JSON object with a number `errcode` and the words `errmsg`, as robots of
 * several vendors answer. */
void answer_errcode(const struct answer_code *rows, const char *hide, const struct wq_response *response, wq_ms now,
        struct wq_result *result);

/* 2xx with a body that is not what this vendor answers. */
void answer_strange(const struct wq_response *response, struct wq_result *result);

#endif
