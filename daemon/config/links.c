/* SPDX-License-Identifier: Apache-2.0 */
/* Links by which officers acknowledge alarms: where the pages are served, and how they are reached. */
#include "fill.h"
#include "load.h"

#include "notify/channel/address.h"
#include "wq/err.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define PORT_LEAST 1024 /* below it takes a privilege that the daemon does not have */

/* "127.0.0.1:8090", "[::1]:8090". False: it is no such thing. */
static bool take_address(struct loader *l, const char *text, struct config_links *out)
{
	const char *colon = strrchr(text, ':');
	unsigned char bytes[16];
	bool six = text[0] == '[' && colon != NULL && colon > text + 1 && colon[-1] == ']';

	if (colon == NULL || colon == text || strlen(colon + 1) < 4 || strlen(colon + 1) > 5 ||
	        colon[1 + strspn(colon + 1, "0123456789")] != '\0')
		return false;
	size_t n = (size_t)(colon - text) - (six ? 2 : 0);
	char *host = arena_take(l->arena, n + 1);
	long port = strtol(colon + 1, NULL, 10);

	memcpy(host, text + (six ? 1 : 0), n);
	host[n] = '\0';
	out->host = host;
	out->port = (uint16_t)port;
	return port >= PORT_LEAST && port <= 65535 && inet_pton(six ? AF_INET6 : AF_INET, host, bytes) == 1;
}

static bool is_loopback(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static void check_listen(struct loader *l, const struct section *section, struct config_links *links)
{
	if (links->listen[0] == '/') {
		links->path = links->listen;
		return;
	}
	if (!take_address(l, links->listen, links))
		load_error(l, section, "listen", 0,
		        "listen = \"%.60s\": a numeric address and a port from %d to 65535 are allowed, 127.0.0.1:8090 or "
		        "[::1]:8090, or the path of a Unix socket, which begins with /",
		        links->listen, PORT_LEAST);
	else if (!is_loopback(links->host))
		load_warning(l, section, "listen",
		        "listen = \"%.60s\" can be reached from other machines, and there is no TLS: let a reverse proxy "
		        "speak HTTPS and listen on 127.0.0.1",
		        links->listen);
}

static const char *without_slash(struct loader *l, const char *url)
{
	size_t n = strlen(url);
	char *copy = arena_take(l->arena, n + 1);

	while (n > 0 && url[n - 1] == '/')
		n--;
	memcpy(copy, url, n);
	copy[n] = '\0';
	return copy;
}

static void check_url(struct loader *l, const struct section *section, const struct links_settings *given,
        struct config_links *links)
{
	struct wq_err err;

	if (address_check(given->url, "https", "http", given->allow_plain, &err) < 0)
		load_error(l, section, "url", 0, "%s", err.text);
	else if (strpbrk(given->url, "?#\"\\<>") != NULL)
		load_error(l, section, "url", 0, "url: an address and a path only: the links are made by adding to it");
	links->url = without_slash(l, given->url);
}

static void warn_alone(struct loader *l)
{
	for (const struct section *s = load_next(l, SECTION_CHANNEL, NULL); s != NULL; s = load_next(l, SECTION_CHANNEL, s)) {
		const struct entry *entry = section_entry(s, "link");

		if (entry != NULL && strcmp(entry->items[0], "true") == 0)
			load_warning(l, s, "link", "link = true: there is no section links, so there are no links");
	}
}

void load_links(struct loader *l)
{
	const struct section *section = load_single(l, SECTION_LINKS);
	struct links_settings given;

	if (section == NULL) {
		if (l->document.lost_count == 0)
			warn_alone(l);
		return;
	}
	struct config_links *links = arena_take(l->arena, sizeof *links);

	fill_settings(section, schema_links, &given, l->arena, l->report);
	*links = (struct config_links){ .secret = given.secret, .valid = given.valid, .listen = given.listen };
	if (given.listen != NULL)
		check_listen(l, section, links);
	if (given.url != NULL)
		check_url(l, section, &given, links);
	l->config->links = links;
}
