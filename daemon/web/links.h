/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the links of notices and knows them again: holds the keys, takes over new ones without a restart.
 *
 * What time decides. A link serves for `valid` from when its notice was made; where half of that is over before the notice
 * goes out (a channel was down, or our clock was set), from when it goes out. While our clock is not trusted, links are made
 * that end with their alarm only, and none that comes is too old: a wrong clock must not lock anybody out, and a link is
 * good for one open alarm at most whatever the time. */
#ifndef WQ_LINKS_H
#define WQ_LINKS_H

#include "config/config.h"

#include "wq/channel.h"
#include "wq/instant.h"

#include <stdbool.h>
#include <stdint.h>

struct wq_err;
struct links;

#define LINKS_WHY 192

/* Thread-safe. */
struct links_clock {
	wq_ms (*wall)(void);
	bool (*trusted)(void);
};

/* A link that is ours. */
struct links_found {
	const struct config_contact *contact;
	int64_t alarm;
	uint32_t change; /* number of the change of which it was told */
	bool expired;
};

/* config has links and outlives it. Keys that cannot be read are no error: links_refresh() tells. NULL: no memory. */
struct links *links_new(const struct config *config, uint64_t incarnation, const struct links_clock *clock, struct wq_err *err);
void links_free(struct links *links); /* NULL is fine */

/* Reads the keys where their file is another one now. True: `why` says that they cannot be used (what was known before
 * stays in use), or is "" when they can be again. Reads the disk; one thread at a time. */
bool links_refresh(struct links *links, char why[LINKS_WHY]);

/* Any thread, never waits for the disk. "" where there is no key or no such contact. */
void links_write(struct links *links, const struct wq_notice *notice, char out[WQ_LINK_TEXT]);

/* Any thread. False: it is none of ours, or of somebody who is no longer a contact. */
bool links_open(struct links *links, const char *token, struct links_found *found);

#endif
