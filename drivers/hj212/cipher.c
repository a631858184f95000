/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows OpenSSL here. */
#include "cipher.h"

#include <openssl/evp.h>
#include <string.h>

#define BLOCK 16

/* Where the blocks of a segment lie; their length. */
static size_t blocks_of(struct wq_text segment, size_t *from)
{
	const char *content = segment.length > 0 ? memmem(segment.at, segment.length, "CP=&&", 5) : NULL;

	if (content == NULL || segment.length < 2)
		return 0;
	*from = (size_t)(content - segment.at) + 5;
	size_t end = segment.length;

	if (memcmp(segment.at + end - 2, "&&", 2) == 0)
		end -= 2;
	return end > *from ? (end - *from) / BLOCK * BLOCK : 0;
}

static bool run(unsigned char *bytes, size_t length, const unsigned char *key, int encrypt)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0;
	bool ok = context != NULL && EVP_CipherInit_ex(context, EVP_sm4_ecb(), NULL, key, NULL, encrypt) == 1 &&
		EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
		EVP_CipherUpdate(context, bytes, &done, bytes, (int)length) == 1 && (size_t)done == length;

	EVP_CIPHER_CTX_free(context);
	return ok;
}

bool hj212_unseal(struct wq_text segment, const unsigned char key[HJ212_KEY], char *to)
{
	size_t from, length = blocks_of(segment, &from);

	if (length == 0)
		return false;
	memcpy(to, segment.at, segment.length);
	return run((unsigned char *)to + from, length, key, 0);
}

bool hj212_seal(char *frame, size_t length, const unsigned char key[HJ212_KEY])
{
	/* ## and four digits before the segment; checksum and line end behind it. */
	struct wq_text segment = { frame + 6, length > 12 ? length - 12 : 0 };
	size_t from, blocks = blocks_of(segment, &from);

	return blocks > 0 && run((unsigned char *)frame + 6 + from, blocks, key, 1);
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return c >= '0' && at != NULL ? (int)(at - digits) : -1;
}

bool hj212_key_parse(const char *text, unsigned char key[HJ212_KEY])
{
	if (strlen(text) != 2 * HJ212_KEY)
		return false;
	for (size_t i = 0; i < HJ212_KEY; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}
