/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of peers: how they are written, which may connect, and how many connections each has. Not thread-safe. */
#ifndef HJ212_PEERS_H
#define HJ212_PEERS_H

#include "wq/option.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct wq_err;

#define HJ212_PEER_TEXT 64

/* An IPv6 address; one of IPv4 as ::ffff:a.b.c.d. */
struct hj212_peer {
	unsigned char bytes[16];
};

struct hj212_peer hj212_peer_of(const struct sockaddr_storage *address);

/* "10.1.2.3", "2001:db8::1". Returns buf. */
char *hj212_peer_format(const struct hj212_peer *peer, char buf[HJ212_PEER_TEXT]);

/* "0.0.0.0:9212" "[::]:9212"; names are not looked up. */
int hj212_address_parse(const char *text, struct sockaddr_storage *address, socklen_t *length, struct wq_err *err);

/* Whether a list of "10.0.0.0/8" "10.1.2.3" "2001:db8::/32" holds the peer; an empty one holds everybody. */
bool hj212_allowed(const struct wq_list *allow, const struct hj212_peer *peer);
int hj212_allow_check(const struct wq_list *allow, struct wq_err *err);

struct hj212_peers; /* connections by address */

struct hj212_peers *hj212_peers_new(void);
void hj212_peers_free(struct hj212_peers *peers);

/* One more; false: it has `most` already, or no memory. */
bool hj212_peers_enter(struct hj212_peers *peers, const struct hj212_peer *peer, size_t most);
void hj212_peers_leave(struct hj212_peers *peers, const struct hj212_peer *peer);

#endif
