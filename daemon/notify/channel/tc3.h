/* SPDX-License-Identifier: Apache-2.0 */
/* Tencent Cloud's signature TC3-HMAC-SHA256 (document api/213/30654; its own examples are tests).
 * Pure and thread-safe. */
#ifndef WQ_TC3_H
#define WQ_TC3_H

#include "wq/instant.h"

#include <stddef.h>

struct wq_err;

#define TC3_AUTHORIZATION 512

struct tc3_call {
	const char *service, *host, *action, *content_type; /* action NULL: it is not signed */
	wq_ms now;
	const char *body;
	size_t length;
};

/* The value of the Authorization header. */
int tc3_sign(const struct tc3_call *call, const char *secret_id, const char *secret_key,
        char out[TC3_AUTHORIZATION], struct wq_err *err);

#endif
