/* SPDX-License-Identifier: Apache-2.0 */
/* The same message in English, for contacts that ask for it. Pure and thread-safe. */
#ifndef WQ_TEXT_EN_H
#define WQ_TEXT_EN_H

#include "text.h"

/* As text_message(): what, where, when, value and unit, limit, what is asked, number. Begins with "[" and ends in "No. W…".
 * A rule's own sentence exists in Chinese only: here each kind of rule has one made of the facts of its evidence, and each of the
 * program's own rules; a kind that is not known is told by its title and its first facts. Of its own words nothing is outside
 * GSM 03.38; names and what people said may be. */
void text_message_en(const struct wq_site *site, const struct wq_change *change, bool assist, char out[WQ_NOTICE_TEXT]);

/* What a rule that is about no parameter is called where there is no room for its sentence, "bus down: plc"; the title itself
 * where there is no such word. Returns buf. */
const char *text_rule_en(const char *title, const char *kind, char *buf, size_t cap);

/* True for a text that text_message_en() made. */
bool text_is_english(const char *text);

#endif
