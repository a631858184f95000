/* SPDX-License-Identifier: Apache-2.0 */
/* A key of the UTC day, of the service, of the request; then the signature. */
#include "tc3.h"

#include "digest.h"

#include "wq/err.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The older of the published examples leaves the action out. */
static const char *signed_headers(const struct tc3_call *call)
{
	return call->action != NULL ? "content-type;host;x-tc-action" : "content-type;host";
}

static void lower(const char *text, char *out, size_t cap)
{
	size_t n = 0;

	for (; text[n] != '\0' && n + 1 < cap; n++)
		out[n] = (char)tolower((unsigned char)text[n]);
	out[n] = '\0';
}

static bool next_key(unsigned char key[DIGEST_BYTES], const char *text)
{
	unsigned char before[DIGEST_BYTES];

	memcpy(before, key, sizeof before);
	return digest_hmac(before, sizeof before, text, strlen(text), key);
}

static bool sign_text(const char *secret_key, const char *date, const char *service,
        const char *text, char signature[DIGEST_HEX])
{
	char first[300];
	unsigned char key[DIGEST_BYTES];
	int n = snprintf(first, sizeof first, "TC3%s", secret_key);
	bool good = n > 0 && n < (int)sizeof first &&
	        digest_hmac(first, (size_t)n, date, strlen(date), key) && next_key(key, service) &&
	        next_key(key, "tc3_request") && next_key(key, text);

	explicit_bzero(first, sizeof first);
	if (good)
		digest_hex(key, signature);
	explicit_bzero(key, sizeof key);
	return good;
}

/* Hash of the canonical request. */
static bool hash_request(const struct tc3_call *call, char out[DIGEST_HEX])
{
	char action[64] = "", line[96] = "", type[96], payload[DIGEST_HEX], text[1024];

	lower(call->action != NULL ? call->action : "", action, sizeof action);
	if (call->action != NULL)
		snprintf(line, sizeof line, "x-tc-action:%s\n", action);
	lower(call->content_type, type, sizeof type);
	if (!digest_sha256_hex(call->body, call->length, payload))
		return false;
	int n = snprintf(text, sizeof text, "POST\n/\n\ncontent-type:%s\nhost:%s\n%s\n%s\n%s", type, call->host, line,
	        signed_headers(call), payload);

	return n > 0 && n < (int)sizeof text && digest_sha256_hex(text, (size_t)n, out);
}

int tc3_sign(const struct tc3_call *call, const char *secret_id, const char *secret_key,
        char out[TC3_AUTHORIZATION], struct wq_err *err)
{
	char hash[DIGEST_HEX], date[16], scope[64], text[256], signature[DIGEST_HEX];
	time_t seconds = (time_t)(call->now / 1000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof date, "%Y-%m-%d", &utc);
	snprintf(scope, sizeof scope, "%s/%.20s/tc3_request", date, call->service);
	if (!hash_request(call, hash))
		return wq_fail(err, WQ_E_MEMORY, "the request cannot be signed");
	snprintf(text, sizeof text, "TC3-HMAC-SHA256\n%" PRId64 "\n%s\n%s", call->now / 1000, scope,
	        hash);
	if (!sign_text(secret_key, date, call->service, text, signature))
		return wq_fail(err, WQ_E_MEMORY, "HMAC-SHA256 is not available");
	int n = snprintf(out, TC3_AUTHORIZATION,
	        "TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
	        secret_id, scope,
	        signed_headers(call), signature);

	return n > 0 && n < TC3_AUTHORIZATION ? 0
	                                      : wq_fail(err, WQ_E_INVALID, "secret_id is too long");
}
