/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON that machines get where nothing but the message carries it: the webhook's body with the
 * notice's id and contact. Pure and thread-safe. */
#ifndef WQ_ENVELOPE_H
#define WQ_ENVELOPE_H

#include "wq/channel.h"

#include <stddef.h>

#define ENVELOPE_TEXT (WQ_NOTICE_DATA + WQ_LINK_TEXT + 512)

/* {"id":…,"type":"alarm.opened","timestamp":…,"address":…,"data":{…}}: the same bytes on every
 * attempt. The length, or 0: it does not fit. */
size_t envelope_write(const struct wq_notice *notice, char out[ENVELOPE_TEXT]);

#endif
