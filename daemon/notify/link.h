/* SPDX-License-Identifier: Apache-2.0 */
/* The link of a notice, by which its contact acknowledges the alarm, put where people and machines find it. Pure and
 * thread-safe. */
#ifndef WQ_LINK_H
#define WQ_LINK_H

#include "wq/channel.h"

#include <stddef.h>

/* Room of a text, and of the data, with their links. */
#define LINK_TEXT (WQ_NOTICE_TEXT + WQ_LINK_TEXT + 16)
#define LINK_DATA (WQ_NOTICE_DATA + WQ_LINK_TEXT + 16)

/* Whether a notice asks for an acknowledgement: of its contact, who is in the lead, by its change. */
bool link_asked(const struct wq_notice *notice);

/* Adds to a message of at most WQ_NOTICE_TEXT bytes the line "确认:https://…" where the notice has a link. */
void link_add(const struct wq_notice *notice, char text[LINK_TEXT]);

/* The notice's text, and on a line of its own "确认:https://…" where it has a link. Returns out. */
const char *link_text(const struct wq_notice *notice, char out[LINK_TEXT]);

/* The notice's data, an object, with a member "link" where it has one. Returns out. */
const char *link_data(const struct wq_notice *notice, char out[LINK_DATA]);

#endif
