/* SPDX-License-Identifier: Apache-2.0 */
/* A message made to fit a telephone. Pure and thread-safe. */
#ifndef WQ_SHORT_H
#define WQ_SHORT_H

#include <stdbool.h>
#include <stddef.h>

/* Characters of UCS-2 in one short message, and in each part of a longer one (3GPP TS 23.040: 140
 * octets, of which a part's header takes 6). */
#define SHORT_ONE  70
#define SHORT_PART 67

/* The same in the telephone's own alphabet (GSM 03.38, 7 bits a character), which English messages keep to. */
#define SHORT_GSM_ONE  160
#define SHORT_GSM_PART 153

/* Whether a text is an English message in that alphabet; what it may have of characters then, in so many parts; how many
 * parts it makes. Brackets count twice there. */
bool short_gsm(const char *text);
size_t short_gsm_room(const char *text, size_t parts);
size_t short_gsm_parts(const char *text);

/* Characters of a UTF-8 text; how many parts that makes; how many characters fit `parts` parts. */
size_t short_length(const char *text);
size_t short_parts(size_t length);
size_t short_room(size_t parts);

/* Shortens a message of text_message() to at most `room` characters, room >= SHORT_ONE: first goes
 * what the reader misses least (the station downstream, "并回复", the limit in brackets, the day
 * where the number says it too, …), then the middle is cut and marked "…". What it is about, where,
 * what is asked and the number stay. out gets at most cap - 1 bytes of whole characters; a text
 * that fits already is copied. */
void short_text(const char *text, size_t room, char *out, size_t cap);

#endif
