/* SPDX-License-Identifier: Apache-2.0 */
/* What the vendors' signatures are made of: SHA-256, HMAC-SHA256, base64, hex, percent-encoding.
 * Pure and thread-safe. */
#ifndef WQ_DIGEST_H
#define WQ_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_BYTES  32
#define DIGEST_HEX    65 /* with its NUL */
#define DIGEST_BASE64 45 /* likewise */

/* False: the library does not have the algorithm, or no memory. */
bool digest_sha256_hex(const void *bytes, size_t length, char out[DIGEST_HEX]);
bool digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
        unsigned char out[DIGEST_BYTES]);

void digest_hex(const unsigned char sum[DIGEST_BYTES], char out[DIGEST_HEX]);
void digest_base64(const unsigned char sum[DIGEST_BYTES], char out[DIGEST_BASE64]);

/* Base64 of any bytes: 4 characters for each 3 begun, and a NUL. */
void digest_encode(const void *bytes, size_t length, char *out);

/* RFC 3986: everything but letters, digits, '-', '.', '_', '~' becomes %XX. False: cap is too
 * small. */
bool digest_percent(const char *text, char *out, size_t cap);

/* `bytes` random bytes (at most 16) as hex: the nonce of a request. False: there is no chance to be
 * had. */
bool digest_nonce(size_t bytes, char out[33]);

#endif
