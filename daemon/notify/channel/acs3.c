/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical request, its hash, its signature. */
#include "acs3.h"

#include "digest.h"

#include "wq/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIGNED_HEADERS                                                                             \
	"host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"

struct pair {
	const char *name, *value;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static bool write_query(const struct acs3_call *call, char out[ACS3_QUERY])
{
	struct pair pairs[ACS3_PARAMETERS];
	size_t count = 0, used = 0;

	for (size_t i = 0; i < call->count; i++)
		if (call->parameters[i].value != NULL)
			pairs[count++] = (struct pair){ call->parameters[i].name,
				call->parameters[i].value };
	qsort(pairs, count, sizeof *pairs, by_name);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (used + 2 >= ACS3_QUERY)
			return false;
		if (i > 0)
			out[used++] = '&';
		if (!digest_percent(pairs[i].name, out + used, ACS3_QUERY - used - 1))
			return false;
		used += strlen(out + used);
		out[used++] = '=';
		if (!digest_percent(pairs[i].value, out + used, ACS3_QUERY - used))
			return false;
		used += strlen(out + used);
	}
	return true;
}

static void write_date(wq_ms now, char out[24])
{
	time_t seconds = (time_t)(now / 1000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static bool write_canonical(
        const struct acs3_call *call, const char *date, const char *digest, struct acs3_signed *out)
{
	int n = snprintf(out->canonical, sizeof out->canonical,
	        "POST\n/\n%s\nhost:%s\nx-acs-action:%s\nx-acs-content-sha256:%s\nx-acs-date:%s\n"
	        "x-acs-signature-nonce:%s\nx-acs-version:%s\n\n" SIGNED_HEADERS "\n%s",
	        out->query, call->host, call->action, digest, date, call->nonce, call->version,
	        digest);

	return n > 0 && n < (int)sizeof out->canonical;
}

int acs3_sign(const struct acs3_call *call, const char *key_id, const char *key_secret,
        struct acs3_signed *out, struct wq_err *err)
{
	char date[24], digest[DIGEST_HEX], hash[DIGEST_HEX], signature[DIGEST_HEX], text[96];
	unsigned char sum[DIGEST_BYTES];

	write_date(call->now, date);
	if (!write_query(call, out->query))
		return wq_fail(err, WQ_E_INVALID, "%s: the parameters are longer than %d bytes",
		        call->action, ACS3_QUERY);
	if (!digest_sha256_hex("", 0, digest) || !write_canonical(call, date, digest, out) ||
	        !digest_sha256_hex(out->canonical, strlen(out->canonical), hash))
		return wq_fail(err, WQ_E_MEMORY, "%s: cannot be signed", call->action);
	snprintf(text, sizeof text, "ACS3-HMAC-SHA256\n%s", hash);
	if (!digest_hmac(key_secret, strlen(key_secret), text, strlen(text), sum))
		return wq_fail(err, WQ_E_MEMORY, "HMAC-SHA256 is not available");
	digest_hex(sum, signature);
	snprintf(out->action, sizeof out->action, "x-acs-action: %s", call->action);
	snprintf(out->version, sizeof out->version, "x-acs-version: %s", call->version);
	snprintf(out->date, sizeof out->date, "x-acs-date: %s", date);
	snprintf(out->nonce, sizeof out->nonce, "x-acs-signature-nonce: %s", call->nonce);
	snprintf(out->digest, sizeof out->digest, "x-acs-content-sha256: %s", digest);
	snprintf(out->authorization, sizeof out->authorization,
	        "authorization: ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=" SIGNED_HEADERS
	        ",Signature=%s",
	        key_id, signature);
	return 0;
}

void acs3_headers(const struct acs3_signed *from, struct wq_request *request)
{
	const char *const headers[] = { from->action, from->version, from->date, from->nonce,
		from->digest, from->authorization };

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		request->headers[request->header_count++] = headers[i];
}
