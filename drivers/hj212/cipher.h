/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted content of HJ 212-2025, 6.4 (second-hand: the text was not read): SM4, ECB, no padding, 16-byte key; what lies
 * between CP=&& and the last && in whole blocks of 16 bytes, the rest stays plain; length and checksum are those of the plain
 * text. That the cipher text travels as raw bytes, not as hexadecimal digits, is our reading. */
#ifndef HJ212_CIPHER_H
#define HJ212_CIPHER_H

#include "wq/hj212.h"

#define HJ212_KEY 16

/* Decrypts a segment into `to` (room for its length). False: it has no whole block, or there is no SM4 here. */
bool hj212_unseal(struct wq_text segment, const unsigned char key[HJ212_KEY], char *to);

/* Encrypts the content of a whole frame in place. False: nothing was encrypted. */
bool hj212_seal(char *frame, size_t length, const unsigned char key[HJ212_KEY]);

/* 32 hexadecimal digits to a key. */
bool hj212_key_parse(const char *text, unsigned char key[HJ212_KEY]);

#endif
