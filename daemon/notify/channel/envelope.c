/* SPDX-License-Identifier: Apache-2.0 */
/* One line of printing: ids and addresses are plain, the data is JSON already. */
#include "envelope.h"

#include "notify/link.h"
#include "notify/memo.h"

#include <stdio.h>
#include <string.h>

static int plain(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* What an address holds that JSON would want escaped has no business there. */
static void copy_plain(const char *from, char *to, size_t cap)
{
	size_t n = 0;

	for (; *from != '\0' && n + 1 < cap; from++)
		if (plain(*from))
			to[n++] = *from;
	to[n] = '\0';
}

size_t envelope_write(const struct wq_notice *notice, char out[ENVELOPE_TEXT])
{
	char data[LINK_DATA], time[WQ_INSTANT_TEXT], type[MEMO_TYPE], id[WQ_NOTICE_ID], address[WQ_NAME_TEXT];

	copy_plain(notice->id, id, sizeof id);
	copy_plain(notice->address, address, sizeof address);
	int n = snprintf(out, ENVELOPE_TEXT,
	        "{\"id\":\"%s\",\"type\":\"%s\",\"timestamp\":\"%s\",\"address\":\"%s\","
	        "\"data\":%s}",
	        id, memo_type(notice, type),
	        wq_instant_format(&wq_zone_china, notice->time, time), address,
	        link_data(notice, data));

	return n > 0 && n < ENVELOPE_TEXT ? (size_t)n : 0;
}
