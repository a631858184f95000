/* SPDX-License-Identifier: Apache-2.0 */
/* A call of an Aliyun RPC service: parameters in the query, an empty body, signed by
 * ACS3-HMAC-SHA256 (Aliyun's document 2593177; its own example is a test). Pure and thread-safe. */
#ifndef WQ_ACS3_H
#define WQ_ACS3_H

#include "wq/channel.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

#define ACS3_PARAMETERS 8
#define ACS3_QUERY      6144

struct acs3_call {
	const char *action, *version, *host;
	const char *nonce; /* never the same twice */
	wq_ms now;
	size_t count;
	struct {
		const char *name, *value;
	} parameters[ACS3_PARAMETERS]; /* in any order; a NULL value: left out */
};

/* What stands behind '?', and the headers that go with it. Large: belongs into a channel's state.
 */
struct acs3_signed {
	char query[ACS3_QUERY];
	char canonical[ACS3_QUERY + 1024];
	char action[64], version[32], date[48], nonce[64], digest[96], authorization[512];
};

int acs3_sign(const struct acs3_call *call, const char *key_id, const char *key_secret,
        struct acs3_signed *out, struct wq_err *err);

/* The six headers into request->headers; they belong to `from`. */
void acs3_headers(const struct acs3_signed *from, struct wq_request *request);

#endif
