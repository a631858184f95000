/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of peers. */
#include "peers.h"

#include "wq/err.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096

static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };

struct hj212_peer hj212_peer_of(const struct sockaddr_storage *address)
{
	struct hj212_peer peer = { { 0 } };

	if (address->ss_family == AF_INET) {
		memcpy(peer.bytes, mapped, sizeof mapped);
		memcpy(peer.bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
	} else if (address->ss_family == AF_INET6) {
		memcpy(peer.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	}
	return peer;
}

char *hj212_peer_format(const struct hj212_peer *peer, char buf[HJ212_PEER_TEXT])
{
	bool four = memcmp(peer->bytes, mapped, sizeof mapped) == 0;

	if (inet_ntop(four ? AF_INET : AF_INET6, peer->bytes + (four ? 12 : 0), buf, HJ212_PEER_TEXT) == NULL)
		snprintf(buf, HJ212_PEER_TEXT, "?");
	return buf;
}

/* The address alone; false: it is none. */
static bool parse_host(const char *text, struct sockaddr_storage *address, socklen_t *length, in_port_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = port;
		*length = sizeof *four;
		return true;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	six->sin6_port = port;
	*length = sizeof *six;
	return true;
}

int hj212_address_parse(const char *text, struct sockaddr_storage *address, socklen_t *length, struct wq_err *err)
{
	char host[HJ212_PEER_TEXT];
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	char *end = NULL;
	long port = colon != NULL && colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &end, 10) : 0;

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof host || end == NULL || *end != '\0' || port < 1 || port > 65535)
		return wq_fail(err, WQ_E_INVALID, "'%s' is no address with a port, as 0.0.0.0:9212 or [::]:9212 is", text);
	memcpy(host, text, n);
	host[n] = '\0';
	if (!parse_host(host, address, length, htons((in_port_t)port)))
		return wq_fail(err, WQ_E_INVALID, "'%s' is no IP address; names are not looked up here", host);
	return 0;
}

/* "10.0.0.0/8": the address and how many of its 128 bits count. */
static bool parse_network(const char *text, struct hj212_peer *network, unsigned *bits)
{
	struct sockaddr_storage address;
	char host[HJ212_PEER_TEXT], *end = NULL;
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	socklen_t length;

	if (n >= sizeof host)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (!parse_host(host, &address, &length, 0))
		return false;
	unsigned all = address.ss_family == AF_INET ? 32 : 128;
	unsigned long count = slash != NULL && slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : all;

	*network = hj212_peer_of(&address);
	*bits = (unsigned)count + 128 - all;
	return (slash == NULL || (end != NULL && *end == '\0')) && count <= all;
}

static bool same_bits(const struct hj212_peer *a, const struct hj212_peer *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a->bytes, b->bytes, whole) == 0 &&
		(rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0);
}

bool hj212_allowed(const struct wq_list *allow, const struct hj212_peer *peer)
{
	struct hj212_peer network;
	unsigned bits;

	for (size_t i = 0; i < allow->count; i++)
		if (parse_network(allow->items[i], &network, &bits) && same_bits(&network, peer, bits))
			return true;
	return allow->count == 0;
}

int hj212_allow_check(const struct wq_list *allow, struct wq_err *err)
{
	struct hj212_peer network;
	unsigned bits;

	for (size_t i = 0; i < allow->count; i++)
		if (!parse_network(allow->items[i], &network, &bits))
			return wq_fail(err, WQ_E_INVALID, "allow: '%s' is no address and no network, as 10.0.0.0/8 is",
				allow->items[i]);
	return 0;
}

/* -- connections by address: chains that only hold addresses with a connection -- */

struct node {
	struct node *next;
	struct hj212_peer peer;
	size_t count;
};

struct hj212_peers {
	struct node *buckets[BUCKETS];
};

struct hj212_peers *hj212_peers_new(void)
{
	return calloc(1, sizeof(struct hj212_peers));
}

void hj212_peers_free(struct hj212_peers *peers)
{
	for (size_t i = 0; peers != NULL && i < BUCKETS; i++)
		for (struct node *node = peers->buckets[i], *next; node != NULL; node = next) {
			next = node->next;
			free(node);
		}
	free(peers);
}

static struct node **find(struct hj212_peers *peers, const struct hj212_peer *peer)
{
	uint64_t hash = 1469598103934665603u;

	for (size_t i = 0; i < sizeof peer->bytes; i++)
		hash = (hash ^ peer->bytes[i]) * 1099511628211u;
	struct node **at = &peers->buckets[(hash >> 32) % BUCKETS];

	while (*at != NULL && memcmp((*at)->peer.bytes, peer->bytes, sizeof peer->bytes) != 0)
		at = &(*at)->next;
	return at;
}

bool hj212_peers_enter(struct hj212_peers *peers, const struct hj212_peer *peer, size_t most)
{
	struct node **at = find(peers, peer);

	if (*at == NULL && (*at = calloc(1, sizeof **at)) != NULL)
		(*at)->peer = *peer;
	if (*at == NULL || (*at)->count >= most)
		return false;
	(*at)->count++;
	return true;
}

void hj212_peers_leave(struct hj212_peers *peers, const struct hj212_peer *peer)
{
	struct node **at = find(peers, peer), *node = *at;

	if (node == NULL || --node->count > 0)
		return;
	*at = node->next;
	free(node);
}
