/* SPDX-License-Identifier: Apache-2.0 */
/* The address of a broker, checked before the library cuts it apart without a word. */
#include "address.h"

#include "wq/err.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *after_scheme(const char *broker)
{
	static const char *const schemes[] = { "tcp://", "mqtt://", "ssl://", "mqtts://" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncmp(broker, schemes[i], strlen(schemes[i])) == 0)
			return broker + strlen(schemes[i]);
	return NULL;
}

static bool is_port(const char *text)
{
	size_t length = strspn(text, "0123456789");
	long port = length > 0 && length <= 5 ? strtol(text, NULL, 10) : 0;

	return text[length] == '\0' && port >= 1 && port <= 65535;
}

int mqtt_address_check(const char *broker, struct wq_err *err)
{
	const char *host = after_scheme(broker), *end;

	/* Not repeated: what is said of a configuration goes into the journal. */
	if (strchr(broker, '@') != NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "broker: a name and a password do not stand in the address; write username and "
		        "password = \"credential:NAME\"");
	if (host == NULL)
		return wq_fail(err, WQ_E_INVALID,
		        "broker \"%s\": must begin with tcp:// or ssl:// (also mqtt://, mqtts://)",
		        broker);
	if (host[0] == '[')
		end = strchr(host, ']') != NULL ? strchr(host, ']') + 1 : host;
	else
		end = host + strcspn(host, ":/ \t@?#");
	if (end == host)
		return wq_fail(
		        err, WQ_E_INVALID, "broker \"%s\": no host after the scheme", broker);
	if (*end == '\0' || (*end == ':' && is_port(end + 1)))
		return 0;
	return wq_fail(err, WQ_E_INVALID,
	        "broker \"%s\": after the host only :PORT may follow, 1 to 65535", broker);
}
