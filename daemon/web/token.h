/* SPDX-License-Identifier: Apache-2.0 */
/* What a link says, signed: which alarm, by which of its changes, who, until when.
 *
 * 16 bytes, big endian: alarm (6), change (2), expiry in minutes since 1970 (4), tag of the contact (4); then the first 16
 * bytes of HMAC-SHA256 over a word for the purpose, the incarnation of the history, these 16 bytes and the contact's id. As
 * base64url that is 43 characters. The tag only finds the contact: who it is is signed with its whole id, and an alarm's number
 * is worth nothing in another history. Pure and thread-safe. */
#ifndef WQ_TOKEN_H
#define WQ_TOKEN_H

#include "notify/channel/signature.h"

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_LENGTH 43
#define TOKEN_TEXT   (TOKEN_LENGTH + 1)
#define TOKEN_CHANGE_MAX 65535u

struct token {
	int64_t alarm;   /* as struct wq_alarm, at most 2^48 - 1 */
	uint32_t change; /* number of the change that was told; TOKEN_CHANGE_MAX stands for all from there on */
	wq_ms expires;   /* our clock; rounded up to minutes. 0: with the alarm */
};

/* Signed with the first of the keys. False: there is none, a number is out of its range, or the library has no HMAC. */
bool token_make(const struct signature_keys *keys, uint64_t incarnation, const char *contact, const struct token *token,
	char out[TOKEN_TEXT]);

/* The index of the contact whose token it is, by any of the keys, and *token; -1: it is none that was made here. What is
 * well formed costs the same whether it is right or wrong: every key is tried and all of the bytes are compared. */
int token_open(const struct signature_keys *keys, uint64_t incarnation, const char *const *contacts, size_t count,
	const char *text, struct token *token);

#endif
