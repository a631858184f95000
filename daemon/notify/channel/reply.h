/* SPDX-License-Identifier: Apache-2.0 */
/* A short message that came back: who sent it and which alarm it means. Pure and thread-safe. */
#ifndef WQ_REPLY_H
#define WQ_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLY_TEXT 512

struct reply {
	char from[24];         /* digits, with country code as the network gave it */
	char text[REPLY_TEXT]; /* UTF-8 */
};

/* Reads a file of smstools' incoming/: headers, an empty line, the text (Alphabet UCS2: big-endian; UTF-8; anything else is
 * taken for ISO 8859-1). False: it has no sender. */
bool reply_parse(const char *bytes, size_t length, struct reply *out);

enum reply_meaning {
	REPLY_NOTHING, /* not understood */
	REPLY_ONE,     /* 收到, OK …: the only one that waits */
	REPLY_SHORT,   /* 7, 7 OK, 收到7: the day's number of an alarm */
	REPLY_NAMED,   /* W20260305-007 */
	REPLY_ALL,     /* 全部, all */
};

/* What a text says; *number: the alarm's id (NAMED) or the day's number (SHORT). A text with words that are none of these
 * is not understood: nobody acknowledges by accident. */
enum reply_meaning reply_meaning(const char *text, int64_t *number);

#endif
