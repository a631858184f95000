/* SPDX-License-Identifier: Apache-2.0 */
/* The server of the pages: takes requests within bounds, learns who asks, sends pages with the headers that keep them to
 * themselves.
 *
 * Bounds: 32 connections (one more is turned away), 16 KiB of headers, 2 KiB of body, 10 s of silence, 20 s of life, one
 * request a connection, RATE_BURST requests at once and RATE_MINUTE a minute of one address. */
#ifndef WQ_HTTP_H
#define WQ_HTTP_H

#include "links.h"

#include "ctl/server.h"

struct wq_err;
struct http;

#define HTTP_CONNECTIONS CTL_SERVER_CONNECTIONS
#define HTTP_HEADERS     ((size_t)16 * 1024)
#define HTTP_BODY        ((size_t)2 * 1024)

/* Serves on a listening descriptor, which it takes over, on threads of its own. `ask`: as the control socket asks main. NULL
 * with *err. */
struct http *http_start(int listener, struct links *links, ctl_handle *ask, void *owner, struct wq_err *err);

/* Waits for the handlers that run, so main has to go on answering. NULL is fine. */
void http_stop(struct http *http);

#endif
