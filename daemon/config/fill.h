/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the file to the typed fields of a settings struct, by the option rows. */
#ifndef WQ_CONFIG_FILL_H
#define WQ_CONFIG_FILL_H

#include "document.h"
#include "wq/option.h"

struct arena;

/* Writes every field of the rows: what the section gives, otherwise the fallback, otherwise
 * "absent". Wrong values and missing keys go to the report (and the field stays absent). */
void fill_settings(const struct section *section, const struct wq_option *rows, void *settings,
        struct arena *arena, struct config_report *report);

/* A zeroed settings struct filled by fill_settings(); sections that say the same share it. */
const void *fill_new(const struct section *section, const struct wq_option *rows, size_t size,
        struct arena *arena, struct config_report *report);

#endif
