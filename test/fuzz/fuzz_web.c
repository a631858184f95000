/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request of the pages: a method, a path, a body, parted by newlines, and their first as a token. Never a crash;
 * what is not signed is no link, main is not asked of it, and a page is whole. */
#include "answer.h"
#include "form.h"
#include "rate.h"
#include "token.h"

#include "wq/err.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static const struct config_contact contacts[] = { { .id = "zhang", .name = "张三" }, { .id = "li", .name = "李四" } };
static const struct config_links section = { .url = "https://h", .secret = "credential:none", .valid = WQ_HOURS(1) };
static const struct config config = { .contact_count = 2, .contacts = contacts, .links = &section,
	.paths = { .credentials = "/nonexistent" } };

static wq_ms wall(void)
{
	return WQ_MINUTES(29545000);
}

static bool trusted(void)
{
	return true;
}

static int nobody(void *owner, const struct ctl_request *request, struct ctl_reply *reply)
{
	(void)owner, (void)request, (void)reply;
	abort();
}

static void note(const char *body, size_t length)
{
	char text[FORM_NOTE];

	memset(text, 'x', sizeof text);
	if (form_note(body, length, text)) {
		promise(memchr(text, '\0', sizeof text) != NULL);
		for (const char *c = text; *c != '\0'; c++)
			promise((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

static void page(const char *text)
{
	const struct page_facts facts = { .number = text, .station = text, .parameter = text, .level = text, .opened = text,
		.text = text, .contact = text, .by = text, .at = text };
	char out[PAGE_TEXT];

	for (int kind = 0; kind < PAGE_KINDS; kind++) {
		size_t n = page_write((enum page_kind)kind, &facts, out);

		promise(n == strlen(out) && n < PAGE_TEXT && strstr(out, "</main></body></html>\n") == out + n - 22);
		promise(strstr(out, "<script") == NULL);
	}
}

static void signed_by_nobody(const char *text)
{
	static const char *const ids[] = { "zhang", "li" };
	struct signature_keys keys = { .count = 2, .key = { { 32, { 1 } }, { 24, { 2 } } } };
	struct token token;

	promise(token_open(&keys, 7, ids, 2, text, &token) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct links *links;
	static struct rate rate;
	static wq_ms now;
	const struct links_clock clock = { wall, trusted };
	char *text = malloc(size + 1), *parts[3] = { text, text + size, text + size }, out[PAGE_TEXT];
	size_t length = 0;

	if (links == NULL)
		links = links_new(&config, 7, &clock, NULL);
	promise(text != NULL && links != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	note(text, size);
	page(text);
	signed_by_nobody(text);
	rate_take(&rate, text, now += 100);
	for (int i = 1; i < 3; i++) {
		char *end = strchr(parts[i - 1], '\n');

		if (end == NULL)
			break;
		*end = '\0';
		parts[i] = end + 1;
	}
	const struct web_request request = { .method = parts[0], .path = parts[1], .body = parts[2], .length = strlen(parts[2]),
		.form = true };
	enum page_kind kind = web_answer(links, nobody, NULL, &request, out, &length);

	promise(kind == PAGE_INVALID || kind == PAGE_METHOD);
	promise(length == strlen(out));
	free(text);
	return 0;
}
