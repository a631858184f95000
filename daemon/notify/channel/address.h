/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that channels send to: where they may lead, and what of them is signed. Pure and
 * thread-safe. */
#ifndef WQ_ADDRESS_H
#define WQ_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

#define ADDRESS_MAX 1024

/* Whether `url` is one that a channel may post to: scheme `secure` ("https"), or `plain` ("http")
 * where `open` is set; a host, perhaps a port, no user or password, visible ASCII only. WQ_E_INVALID; the sentence
 * begins with "url: ". */
int address_check(
        const char *url, const char *secure, const char *plain, bool open, struct wq_err *err);

/* The host and, where it is given, the port: as a client says it in the Host header. False: cap is
 * too small. */
bool address_host(const char *url, char *out, size_t cap);

#endif
