/* SPDX-License-Identifier: Apache-2.0 */
/* Over OpenSSL's one-shot calls. */
#include "digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char digits[] = "0123456789abcdef";

static void to_hex(const unsigned char *bytes, size_t count, char *out)
{
	for (size_t i = 0; i < count; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

bool digest_sha256_hex(const void *bytes, size_t length, char out[DIGEST_HEX])
{
	unsigned char sum[DIGEST_BYTES];
	size_t written = 0;

	if (EVP_Q_digest(NULL, "SHA256", NULL, bytes, length, sum, &written) != 1 ||
	        written != sizeof sum)
		return false;
	to_hex(sum, sizeof sum, out);
	return true;
}

bool digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
        unsigned char out[DIGEST_BYTES])
{
	size_t written = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_length, bytes, length, out,
	               DIGEST_BYTES, &written) != NULL &&
	        written == DIGEST_BYTES;
}

void digest_hex(const unsigned char sum[DIGEST_BYTES], char out[DIGEST_HEX])
{
	to_hex(sum, DIGEST_BYTES, out);
}

void digest_base64(const unsigned char sum[DIGEST_BYTES], char out[DIGEST_BASE64])
{
	EVP_EncodeBlock((unsigned char *)out, sum, DIGEST_BYTES);
}

void digest_encode(const void *bytes, size_t length, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, bytes, (int)length);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	        c == '-' || c == '.' || c == '_' || c == '~';
}

bool digest_percent(const char *text, char *out, size_t cap)
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		size_t n = is_plain(*text) ? 1 : 3;

		if (used + n >= cap)
			return false;
		if (n == 1)
			out[used] = *text;
		else
			snprintf(out + used, 4, "%%%02X", (unsigned)(unsigned char)*text);
		used += n;
	}
	if (cap == 0)
		return false;
	out[used] = '\0';
	return true;
}

bool digest_nonce(size_t bytes, char out[33])
{
	unsigned char chance[16];

	if (bytes > sizeof chance || getrandom(chance, bytes, GRND_NONBLOCK) != (ssize_t)bytes)
		return false;
	to_hex(chance, bytes, out);
	return true;
}
