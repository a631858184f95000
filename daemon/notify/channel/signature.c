/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks signatures; the only file here that knows OpenSSL. */
#include "signature.h"

#include "wq/err.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "whsec_";

/* Strict base64: whole groups, '=' at the end only. Bytes decoded, or -1. */
static int decode(const char *text, size_t length, unsigned char *out, size_t cap)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t pad = 0, bytes = length / 4 * 3;

	if (length == 0 || length % 4 != 0 || bytes > cap)
		return -1;
	while (pad < 2 && text[length - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < length - pad; i++)
		if (memchr(digits, text[i], sizeof digits - 1) == NULL)
			return -1;
	if (EVP_DecodeBlock(out, (const unsigned char *)text, (int)length) != (int)bytes)
		return -1;
	return (int)(bytes - pad);
}

static int parse_key(
        const char *text, size_t length, struct signature_keys *keys, struct wq_err *err)
{
	unsigned char bytes[SIGNATURE_KEY_MAX + 3];
	size_t skip = sizeof prefix - 1;

	if (keys->count == SIGNATURE_KEYS)
		return wq_fail(
		        err, WQ_E_INVALID, "more than %d keys in one secret", SIGNATURE_KEYS);
	if (length <= skip || memcmp(text, prefix, skip) != 0)
		return wq_fail(err, WQ_E_INVALID,
		        "key %zu of the secret does not begin with 'whsec_'", keys->count + 1);
	int n = decode(text + skip, length - skip, bytes, sizeof bytes);

	if (n < 24 || n > SIGNATURE_KEY_MAX) {
		explicit_bzero(bytes, sizeof bytes);
		return wq_fail(err, WQ_E_INVALID,
		        "key %zu of the secret: 'whsec_' and base64 of 24 to 64 bytes expected",
		        keys->count + 1);
	}
	memcpy(keys->key[keys->count].bytes, bytes, (size_t)n);
	keys->key[keys->count++].length = (size_t)n;
	explicit_bzero(bytes, sizeof bytes);
	return 0;
}

int signature_keys_parse(const char *text, struct signature_keys *keys, struct wq_err *err)
{
	static const char space[] = " \t\r\n";

	keys->count = 0;
	for (text += strspn(text, space); *text != '\0'; text += strspn(text, space)) {
		size_t length = strcspn(text, space);
		int r = parse_key(text, length, keys, err);

		if (r < 0) {
			signature_keys_wipe(keys);
			return r;
		}
		text += length;
	}
	return keys->count > 0 ? 0 : wq_fail(err, WQ_E_INVALID, "the secret holds no key");
}

void signature_keys_wipe(struct signature_keys *keys)
{
	explicit_bzero(keys, sizeof *keys);
}

static bool hmac(EVP_MAC_CTX *mac, const unsigned char *key, size_t key_length, const char *head,
        const char *body, size_t length, unsigned char out[32])
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		OSSL_PARAM_construct_end(),
	};
	size_t written = 0;

	return EVP_MAC_init(mac, key, key_length, params) == 1 &&
	        EVP_MAC_update(mac, (const unsigned char *)head, strlen(head)) == 1 &&
	        EVP_MAC_update(mac, (const unsigned char *)body, length) == 1 &&
	        EVP_MAC_final(mac, out, &written, 32) == 1 && written == 32;
}

int signature_make(const struct signature_keys *keys, const char *id, int64_t seconds,
        const char *body, size_t length, char out[SIGNATURE_TEXT], struct wq_err *err)
{
	char head[160], *end = out;
	unsigned char sum[32];

	if (snprintf(head, sizeof head, "%s.%" PRId64 ".", id, seconds) >= (int)sizeof head)
		return wq_fail(err, WQ_E_INVALID, "the id of the message is too long to be signed");
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;
	bool good = mac != NULL && keys->count > 0;

	for (size_t i = 0; good && i < keys->count; i++) {
		good = hmac(mac, keys->key[i].bytes, keys->key[i].length, head, body, length, sum);
		end += sprintf(end, "%sv1,", i > 0 ? " " : "");
		end += EVP_EncodeBlock((unsigned char *)end, sum, sizeof sum);
	}
	EVP_MAC_CTX_free(mac);
	EVP_MAC_free(algorithm);
	explicit_bzero(sum, sizeof sum);
	return good ? 0 : wq_fail(err, WQ_E_MEMORY, "HMAC-SHA256 is not available");
}
