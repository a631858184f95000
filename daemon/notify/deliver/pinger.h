/* SPDX-License-Identifier: Apache-2.0 */
/* Says to somebody outside that we live: a GET on a thread of its own, so that no name server and no dead endpoint holds up
 * anything. TLS is checked, no redirect followed, no proxy used. */
#ifndef WQ_PINGER_H
#define WQ_PINGER_H

#include "config/config.h"

#include <stdbool.h>

struct wq_err;
struct pinger;

struct pinger_events {
	void *owner;
	/* From the thread, after each ping: trouble NULL, it was taken (2xx); otherwise one line of why, with the host and never
	 * with the address, which may be a secret. None after pinger_stop(). Must not block. */
	void (*answered)(void *owner, bool alive, const char *trouble);
};

/* ping and credentials (directory, NULL: systemd's) outlive it; an address that is a credential is read anew for every ping. NULL
 * with *err: no memory, no thread. */
struct pinger *pinger_start(const struct config_ping *ping, const char *credentials, const struct pinger_events *events,
        struct wq_err *err);

/* Asks `url` (alive) or `url_fail`. Does not wait; what is asked while one is under way follows it, the newest only. Thread-safe. */
void pinger_ask(struct pinger *pinger, bool alive);

/* Cuts short what is under way and ends the thread. False: it hangs for longer than `patience`, in a resolver that does not answer;
 * then it is left alone and keeps what it uses. NULL is fine. */
bool pinger_stop(struct pinger *pinger, wq_ms patience);

#endif
