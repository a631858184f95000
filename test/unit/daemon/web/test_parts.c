/* SPDX-License-Identifier: Apache-2.0 */
/* The form's field, the pages, how often one may ask. */
#include "form.h"
#include "page.h"
#include "rate.h"

#include "notify/channel/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_note_is_taken_out_of_the_form(void **state)
{
	static const struct {
		const char *body;
		bool good;
		const char *note;
	} rows[] = {
		{ "", true, "" },
		{ "note=", true, "" },
		{ "note=ok", true, "ok" },
		{ "note=%E5%B7%B2%E6%B4%BE%E4%BA%BA", true, "已派人" },
		{ "a=1&note=two+words&b=2", true, "two words" },
		{ "note=+%20x+", true, "x" },
		{ "note=a%0d%0ab%00", false, "" },
		{ "note=a%0d%0ab", true, "a  b" },
		{ "note=%ff%fe", true, "??" },
		{ "note=%", false, "" },
		{ "note=%4", false, "" },
		{ "note=%4g", false, "" },
		{ "note=%41%", false, "" },
		{ "note=a&note=b", false, "" },
		{ "note=%26%3D%25", true, "&=%" },
		{ "%6eote=x", true, "x" },
		{ "notes=x", true, "" },
		{ "&&&", true, "" },
		{ "x", true, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char note[FORM_NOTE];
		bool good = form_note(rows[i].body, strlen(rows[i].body), note);

		if (good != rows[i].good || (good && strcmp(note, rows[i].note) != 0))
			fail_msg("%s: %d, '%s'", rows[i].body, good, note);
	}
}

static void a_long_note_is_cut_at_a_character(void **state)
{
	char body[8000] = "note=", note[FORM_NOTE];

	(void)state;
	for (int i = 0; i < 300; i++)
		strcat(body, "%E6%B0%B4");
	assert_true(form_note(body, strlen(body), note));
	assert_int_equal(strlen(note), FORM_NOTE - 1);
	assert_int_equal(strlen(note) % 3, 0);
}

/* Bytes of all kinds, without a NUL at the end: nothing is read beyond. */
static void any_bytes_are_survived(void **state)
{
	unsigned seed = 20261124;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t length = (size_t)(rand_r(&seed) % 60);
		char *body = malloc(length + 1), note[FORM_NOTE];

		for (size_t i = 0; i < length; i++)
			body[i] = "note=&%+0aF\xe6\xb0\xb4\xff\x01"[rand_r(&seed) % 16];
		char *exact = realloc(body, length > 0 ? length : 1);

		if (form_note(exact, length, note))
			assert_true(strlen(note) < FORM_NOTE && strpbrk(note, "\r\n\x01") == NULL);
		free(exact);
	}
}

static const struct page_facts facts = { .number = "W20260305-007",
	.station = "<一干河>",
	.parameter = "总磷",
	.level = "预警",
	.opened = "2026-03-05 16:00",
	.text = "总磷0.3mg/L \"超过\" 0.2 & 'more'",
	.contact = "张三",
	.by = "李<四>",
	.at = "2026-03-05 16:10" };

static void a_page_is_complete_in_itself(void **state)
{
	char page[PAGE_TEXT];

	(void)state;
	for (int kind = 0; kind < PAGE_KINDS; kind++) {
		size_t n = page_write((enum page_kind)kind, &facts, page);

		assert_int_equal(n, strlen(page));
		assert_true(page_status((enum page_kind)kind) >= 200);
		assert_non_null(strstr(page, "</main></body></html>"));
		assert_null(strstr(page, "<script"));
		assert_null(strstr(page, "://"));
		assert_null(strstr(page, "<一"));
		assert_null(strstr(page, "<四>"));
		assert_non_null(strstr(page, "&lt;一干河&gt;"));
		assert_non_null(strstr(page, "&quot;超过&quot; 0.2 &amp; &#39;more&#39;"));
		/* Only one has a button. */
		assert_int_equal(strstr(page, "<button>") != NULL, kind == PAGE_ASK);
		assert_int_equal(strstr(page, "已由李&lt;四&gt;于2026-03-05 16:10确认") != NULL,
			kind == PAGE_ANSWERED || kind == PAGE_AGAIN);
	}
}

static void what_is_long_is_cut_and_the_button_stays(void **state)
{
	char page[PAGE_TEXT], text[4000] = "";
	struct page_facts much = facts;

	(void)state;
	for (int i = 0; i < 600; i++)
		strcat(text, "<水&");
	much.text = much.station = much.contact = much.parameter = much.level = much.opened = text;
	assert_true(page_write(PAGE_ASK, &much, page) < PAGE_TEXT);
	assert_non_null(strstr(page, "<button>确认</button></form></main></body></html>"));
	assert_null(strstr(page, "&am<"));
}

static void nothing_is_told_where_nothing_is_known(void **state)
{
	char page[PAGE_TEXT];

	(void)state;
	page_write(PAGE_INVALID, NULL, page);
	assert_null(strstr(page, "<dl>"));
}

/* The policy allows the one style sheet, by its hash, and nothing else. */
static void the_policy_has_the_hash_of_the_style(void **state)
{
	char hex[DIGEST_HEX], base64[DIGEST_BASE64], wanted[80];
	unsigned char sum[DIGEST_BYTES];

	(void)state;
	assert_true(digest_sha256_hex(page_style, strlen(page_style), hex));
	for (size_t i = 0; i < sizeof sum; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		sum[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	digest_base64(sum, base64);
	snprintf(wanted, sizeof wanted, "style-src 'sha256-%s'", base64);
	assert_non_null(strstr(page_policy, wanted));
	assert_non_null(strstr(page_policy, "default-src 'none'"));
}

static void one_address_may_ask_so_often(void **state)
{
	static struct rate rate;
	wq_ms at = 5000;
	int granted = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		granted += rate_take(&rate, "203.0.113.9", at);
	assert_int_equal(granted, RATE_BURST);
	assert_true(rate_take(&rate, "203.0.113.10", at));
	at += WQ_MINUTES(1) / RATE_MINUTE;
	assert_true(rate_take(&rate, "203.0.113.9", at));
	assert_false(rate_take(&rate, "203.0.113.9", at));
	const wq_ms end = at + WQ_HOURS(1);

	for (granted = 0; at < end; at += 100)
		granted += rate_take(&rate, "203.0.113.9", at);
	assert_in_range(granted, 60 * RATE_MINUTE - 1, 60 * RATE_MINUTE + 1);
}

static void a_network_of_ipv6_is_one_address(void **state)
{
	static struct rate rate;
	char address[64];
	int granted = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof address, "2001:db8:1:2::%x", i);
		granted += rate_take(&rate, address, 1000);
	}
	assert_int_equal(granted, RATE_BURST);
	assert_true(rate_take(&rate, "2001:db8:1:3::1", 1000));
	/* IPv4 written as IPv6 is that IPv4. */
	for (granted = 0; granted < RATE_BURST; granted++)
		assert_true(rate_take(&rate, "::ffff:192.0.2.1", 1000));
	assert_false(rate_take(&rate, "192.0.2.1", 1000));
	assert_true(rate_take(&rate, "192.0.2.2", 1000));
	/* What is no address is one. */
	for (granted = 0; granted < RATE_BURST; granted++)
		assert_true(rate_take(&rate, granted % 2 ? "unknown" : "", 1000));
	assert_false(rate_take(&rate, "' OR 1=1", 1000));
}

static void many_addresses_push_out_the_quietest(void **state)
{
	static struct rate rate;
	char address[64];

	(void)state;
	for (int i = 0; i < RATE_BURST; i++)
		assert_true(rate_take(&rate, "10.0.0.1", 1000));
	assert_false(rate_take(&rate, "10.0.0.1", 1001));
	for (int i = 0; i < RATE_ADDRESSES - 1; i++) {
		snprintf(address, sizeof address, "10.1.%d.%d", i / 256, i % 256);
		assert_true(rate_take(&rate, address, 1002));
	}
	assert_false(rate_take(&rate, "10.0.0.1", 1003));
	assert_true(rate_take(&rate, "10.2.0.1", 1004));
	assert_false(rate_take(&rate, "10.0.0.1", 1004));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_is_taken_out_of_the_form),
		cmocka_unit_test(a_long_note_is_cut_at_a_character),
		cmocka_unit_test(any_bytes_are_survived),
		cmocka_unit_test(a_page_is_complete_in_itself),
		cmocka_unit_test(what_is_long_is_cut_and_the_button_stays),
		cmocka_unit_test(nothing_is_told_where_nothing_is_known),
		cmocka_unit_test(the_policy_has_the_hash_of_the_style),
		cmocka_unit_test(one_address_may_ask_so_often),
		cmocka_unit_test(a_network_of_ipv6_is_one_address),
		cmocka_unit_test(many_addresses_push_out_the_quietest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
