/* SPDX-License-Identifier: Apache-2.0 */
/* A contact as part of an id. */
#include "notice_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t fnv1a(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

char *notice_id_contact(const char *contact, char out[NOTICE_ID_CONTACT])
{
	static const char plain[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (strlen(contact) > 40 || contact[strspn(contact, plain)] != '\0')
		snprintf(out, NOTICE_ID_CONTACT, "h_%016" PRIx64, fnv1a(contact));
	else
		snprintf(out, NOTICE_ID_CONTACT, "%s", contact);
	return out;
}
