/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, taken apart by hand: only what has to be known of them. */
#include "address.h"

#include "wq/err.h"

#include <stdio.h>
#include <string.h>

/* Length of "scheme://" when the address begins so, else 0. */
static size_t scheme_length(const char *url, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(url, scheme, n) == 0 && strncmp(url + n, "://", 3) == 0 ? n + 3 : 0;
}

/* A name or an IPv4 address, or an IPv6 address in brackets, and perhaps a port: NULL, or what is wrong. */
static const char *host_fault(const char *host, size_t length)
{
	const char *end = host + length, *stop = host[0] == '[' ? memchr(host, ']', length) : memchr(host, ':', length);
	const char *port = host[0] == '[' && stop != NULL ? stop + 1 : stop;
	unsigned number = 0;

	if (host[0] == '[' && (stop == NULL || stop == host + 1))
		return "an IPv6 address stands in brackets, [2001:db8::1]";
	if (port == NULL || port == end)
		return NULL;
	for (const char *c = port + 1; c < end; c++)
		number = *c >= '0' && *c <= '9' && number <= 65535 ? number * 10 + (unsigned)(*c - '0') : 65536;
	return *port == ':' && number > 0 && number <= 65535 ? NULL : "behind the host there may be a port, :1 to :65535, and no other ':'";
}

int address_check(
        const char *url, const char *secure, const char *plain, bool open, struct wq_err *err)
{
	size_t start = scheme_length(url, secure);
	size_t bare = scheme_length(url, plain);

	if (start == 0 && bare > 0 && !open)
		return wq_fail(err, WQ_E_INVALID,
		        "url: %s:// sends what it is given, keys and names, for everybody to read; "
		        "write %s://, or "
		        "allow_plain = true where the way is short and your own",
		        plain, secure);
	start = start > 0 ? start : bare;
	if (start == 0)
		return wq_fail(err, WQ_E_INVALID, "url: must begin with %s://%s%s%s", secure,
		        open ? " or " : "", open ? plain : "", open ? "://" : "");
	size_t host = strcspn(url + start, "/?#");

	if (host == 0 || url[start] == ':')
		return wq_fail(err, WQ_E_INVALID, "url: there is no host in it");
	if (memchr(url + start, '@', host) != NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "url: a user or password in it would be a secret in the configuration");
	const char *fault = host_fault(url + start, host);

	if (fault != NULL)
		return wq_fail(err, WQ_E_INVALID, "url: %s", fault);
	for (const char *c = url; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return wq_fail(err, WQ_E_INVALID,
			        "url: only visible ASCII is allowed; write other characters as "
			        "%%XX");
	return 0;
}

bool address_host(const char *url, char *out, size_t cap)
{
	const char *host = strstr(url, "://");

	host = host != NULL ? host + 3 : url;
	size_t n = strcspn(host, "/?#");

	if (n >= cap)
		return false;
	memcpy(out, host, n);
	out[n] = '\0';
	return true;
}
