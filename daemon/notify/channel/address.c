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
