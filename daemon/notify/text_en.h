/* SPDX-License-Identifier: Apache-2.0 */
/* The same message in English, for contacts that ask for it. Pure and thread-safe. */
#ifndef WQ_TEXT_EN_H
#define WQ_TEXT_EN_H

#include "text.h"

/* As text_message(): what, where, when, value and unit, limit, what is asked, number. Begins with "[" and ends in "No. W…".
 * A rule's reason exists in Chinese only: `limit` has an English sentence of its own, the program's own rules have one each,
 * any other is told by its title and the facts of its evidence. Of its own words nothing is outside GSM 03.38; names and what
 * people said may be. */
void text_message_en(const struct wq_site *site, const struct wq_change *change, bool assist, char out[WQ_NOTICE_TEXT]);

/* True for a text that text_message_en() made. */
bool text_is_english(const char *text);

#endif
