/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of Standard Webhooks 1.0 (spec/standard-webhooks.md): HMAC-SHA256 over
 * "id.timestamp.body", keys of 24 … 64 bytes written "whsec_" + base64. Pure and thread-safe. */
#ifndef WQ_SIGNATURE_H
#define WQ_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* While a key is being exchanged a request carries a signature of each. */
#define SIGNATURE_KEYS    4
#define SIGNATURE_KEY_MAX 64
#define SIGNATURE_TEXT    (SIGNATURE_KEYS * 48 + 1) /* "v1," + 44 characters + a space each */

struct signature_keys {
	size_t count;
	struct {
		size_t length;
		unsigned char bytes[SIGNATURE_KEY_MAX];
	} key[SIGNATURE_KEYS];
};

/* Keys parted by white space, 1 … SIGNATURE_KEYS. WQ_E_INVALID: the sentence never holds a key. */
int signature_keys_parse(const char *text, struct signature_keys *keys, struct wq_err *err);

/* Overwrites them. */
void signature_keys_wipe(struct signature_keys *keys);

/* "v1,<base64>" for each key, parted by spaces. seconds: since 1970. */
int signature_make(const struct signature_keys *keys, const char *id, int64_t seconds,
        const char *body, size_t length, char out[SIGNATURE_TEXT], struct wq_err *err);

#endif
