/* SPDX-License-Identifier: Apache-2.0 */
/* Settings filled through option rows, as the configuration does it, but from one line. */
#ifndef WQ_FAKE_SETTINGS_H
#define WQ_FAKE_SETTINGS_H

#include "wq/option.h"

/* Fills the struct that the rows describe from "key=value key=value …", the rest by the rows'
 * fallbacks. Cuts `text` up; TEXT values point into it. Fails the test when a key is unknown or a
 * value not what its row allows. For the types that rules use: TEXT NUMBER INTEGER SPAN CHOICE SWITCH. */
void fake_settings(const struct wq_option *options, void *settings, char *text);

#endif
