/* SPDX-License-Identifier: Apache-2.0 */
/* Over OpenSSL by notify/digest.h. */
#include "token.h"

#include "notify/channel/digest.h"

#include <string.h>

#define BODY  16
#define SUM   16
#define BYTES (BODY + SUM)
#define ID    256 /* bytes of a contact's id that are signed; titles are shorter */

static const char purpose[] = "wqd link 1";
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put(unsigned char *to, size_t bytes, uint64_t value)
{
	for (size_t i = bytes; i-- > 0; value >>= 8)
		to[i] = (unsigned char)(value & 0xff);
}

static uint64_t get(const unsigned char *from, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | from[i];
	return value;
}

/* FNV-1a: it has to find, not to protect. */
static uint32_t tag_of(const char *contact)
{
	uint32_t hash = 0x811c9dc5u;

	for (; *contact != '\0'; contact++)
		hash = (hash ^ (unsigned char)*contact) * 0x01000193u;
	return hash;
}

/* 32 bytes are 43 characters, of which the last has four bits. */
static void encode(const unsigned char bytes[BYTES], char out[TOKEN_TEXT])
{
	for (size_t i = 0; i < TOKEN_LENGTH; i++) {
		size_t bit = i * 6, at = bit / 8, shift = bit % 8;
		unsigned pair = (unsigned)bytes[at] << 8 | (at + 1 < BYTES ? bytes[at + 1] : 0u);

		out[i] = digits[pair >> (10 - shift) & 63];
	}
	out[TOKEN_LENGTH] = '\0';
}

/* One text only for each token: the bits that are left over must be zero. */
static bool decode(const char *text, unsigned char bytes[BYTES])
{
	unsigned held = 0, bits = 0;
	size_t used = 0;

	if (strnlen(text, TOKEN_LENGTH + 1) != TOKEN_LENGTH)
		return false;
	for (size_t i = 0; i < TOKEN_LENGTH; i++) {
		const char *digit = memchr(digits, text[i], sizeof digits - 1);

		if (digit == NULL)
			return false;
		held = held << 6 | (unsigned)(digit - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bytes[used++] = (unsigned char)(held >> bits & 0xff);
		}
	}
	return (held & ((1u << bits) - 1)) == 0;
}

static bool sign(const struct signature_keys *keys, size_t which, uint64_t incarnation, const char *contact,
	const unsigned char body[BODY], unsigned char sum[DIGEST_BYTES])
{
	unsigned char text[sizeof purpose + 8 + BODY + ID];
	size_t n = sizeof purpose + 8 + BODY, length = strnlen(contact, ID);

	memcpy(text, purpose, sizeof purpose);
	put(text + sizeof purpose, 8, incarnation);
	memcpy(text + sizeof purpose + 8, body, BODY);
	memcpy(text + n, contact, length);
	return digest_hmac(keys->key[which].bytes, keys->key[which].length, text, n + length, sum);
}

bool token_make(const struct signature_keys *keys, uint64_t incarnation, const char *contact, const struct token *token,
	char out[TOKEN_TEXT])
{
	unsigned char bytes[BYTES], sum[DIGEST_BYTES];
	wq_ms minutes = token->expires <= 0 ? 0 : (token->expires + WQ_MINUTES(1) - 1) / WQ_MINUTES(1);

	if (keys->count == 0 || token->alarm < 0 || token->alarm >> 48 != 0 || minutes > UINT32_MAX)
		return false;
	put(bytes, 6, (uint64_t)token->alarm);
	put(bytes + 6, 2, token->change < TOKEN_CHANGE_MAX ? token->change : TOKEN_CHANGE_MAX);
	put(bytes + 8, 4, (uint64_t)minutes);
	put(bytes + 12, 4, tag_of(contact));
	if (!sign(keys, 0, incarnation, contact, bytes, sum))
		return false;
	memcpy(bytes + BODY, sum, SUM);
	encode(bytes, out);
	return true;
}

/* Without a branch on what is compared. */
static bool same(const unsigned char *a, const unsigned char *b, size_t n)
{
	volatile unsigned char differs = 0;

	for (size_t i = 0; i < n; i++)
		differs = (unsigned char)(differs | (a[i] ^ b[i]));
	return differs == 0;
}

static bool is_signed(const struct signature_keys *keys, uint64_t incarnation, const char *contact,
	const unsigned char bytes[BYTES])
{
	unsigned char sum[DIGEST_BYTES];
	bool found = false;

	for (size_t k = 0; k < keys->count; k++)
		found = (sign(keys, k, incarnation, contact, bytes, sum) && same(sum, bytes + BODY, SUM)) | found;
	return found;
}

int token_open(const struct signature_keys *keys, uint64_t incarnation, const char *const *contacts, size_t count,
	const char *text, struct token *token)
{
	unsigned char bytes[BYTES];
	int found = -1;
	size_t tried = 0;

	if (!decode(text, bytes))
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (tag_of(contacts[i]) != (uint32_t)get(bytes + 12, 4))
			continue;
		tried++;
		if (is_signed(keys, incarnation, contacts[i], bytes))
			found = (int)i;
	}
	if (tried == 0) /* a stranger's costs what a contact's does */
		is_signed(keys, incarnation, "", bytes);
	if (found < 0)
		return -1;
	*token = (struct token){ .alarm = (int64_t)get(bytes, 6),
		.change = (uint32_t)get(bytes + 6, 2),
		.expires = (wq_ms)get(bytes + 8, 4) * WQ_MINUTES(1) };
	return found;
}
