/* SPDX-License-Identifier: Apache-2.0 */
/* What may not wait behind lesser things. Pure. The store knows the same as SQL (store/answers.c). */
#ifndef WQ_URGENT_H
#define WQ_URGENT_H

#include "wq/channel.h"

/* An escalation, or news (opened, raised, reopened, unshelved) of level alarm. */
bool notice_urgent(const struct wq_notice *notice);

#endif
