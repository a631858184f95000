/* SPDX-License-Identifier: Apache-2.0 */
/* Which notices ask, and where each channel puts the link. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "digest.h"
#include "kit.h"
#include "link.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW  1772697605000
#define LINK "https://wq.example.org/a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void only_who_is_asked_to_acknowledge_has_a_link(void **state)
{
	static const bool asked[WQ_CHANGE_KINDS] = { [WQ_OPENED] = true, [WQ_RAISED] = true, [WQ_ESCALATED] = true,
		[WQ_RECOVERED] = true, [WQ_REOPENED] = true, [WQ_UNSHELVED] = true, [WQ_REMINDED] = true };

	(void)state;
	for (int kind = 0; kind < WQ_CHANGE_KINDS; kind++) {
		struct wq_notice n = { .kind = (enum wq_change_kind)kind };

		assert_int_equal(link_asked(&n), asked[kind]);
		/* Who is reminded of what somebody has acknowledged has nothing left to acknowledge. */
		snprintf(n.data, sizeof n.data, "{\"state\":\"acknowledged\",\"text\":\"x\"}");
		assert_int_equal(link_asked(&n), asked[kind] && kind != WQ_REMINDED && kind != WQ_UNSHELVED);
		snprintf(n.data, sizeof n.data, "{\"text\":\"\\\"state\\\":\\\"acknowledged\\\"\"}");
		n.assist = true;
		assert_false(link_asked(&n));
		n = (struct wq_notice){ .kind = (enum wq_change_kind)kind, .test = true };
		assert_false(link_asked(&n));
		n = (struct wq_notice){ .kind = (enum wq_change_kind)kind, .topic = WQ_TOPIC_DIGEST };
		assert_false(link_asked(&n));
	}
}

static void data_stays_one_object(void **state)
{
	static const struct {
		const char *data, *link, *want;
	} rows[] = {
		{ "{\"a\":1}", "", "{\"a\":1}" },
		{ "{\"a\":1}", "x", "{\"a\":1,\"link\":\"x\"}" },
		{ "{}", "x", "{\"link\":\"x\"}" },
		{ "", "x", "{}" },
		{ "[1]", "x", "{}" },
		{ "{\"cut\":", "x", "{\"cut\":" },
	};
	char out[LINK_DATA];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_notice n = { 0 };

		snprintf(n.data, sizeof n.data, "%s", rows[i].data);
		snprintf(n.link, sizeof n.link, "%s", rows[i].link);
		assert_string_equal(link_data(&n, out), rows[i].want);
	}
}

static void the_largest_message_has_room_for_the_longest_link(void **state)
{
	struct wq_notice n = { 0 };
	char out[LINK_TEXT], data[LINK_DATA];

	(void)state;
	memset(n.text, 'x', sizeof n.text - 1);
	memset(n.link, 'y', sizeof n.link - 1);
	memset(n.data, ' ', sizeof n.data - 1);
	n.data[0] = '{';
	n.data[sizeof n.data - 2] = '}';
	assert_int_equal(strlen(link_text(&n, out)), sizeof n.text - 1 + sizeof n.link - 1 + strlen("\n确认:"));
	assert_non_null(strstr(link_data(&n, data), "y\"}"));
}

/* What a channel sends of the usual notice with a link; a mail's body decoded. */
static void body_of(const char *section, const char *link, char out[20000])
{
	struct kit kit = kit_open(section);
	struct wq_notice n = kit_notice();
	struct wq_request request = { 0 };
	struct wq_err err;

	snprintf(n.link, sizeof n.link, "%s", link);
	snprintf(n.email, sizeof n.email, "zhang@bureau.example");
	assert_int_equal(kit.channel->prepare(kit.state, &n, NOW, &request, &err), 0);
	snprintf(out, 20000, "%s", request.body);
	const char *coded = request.mail_to != NULL ? strstr(request.body, "base64\r\n\r\n") : NULL;

	if (coded != NULL) {
		char plain[20000];
		size_t used = 0;

		for (coded += 10; *coded != '\0'; coded++)
			if (*coded != '\r' && *coded != '\n')
				plain[used++] = *coded;
		int length = EVP_DecodeBlock((unsigned char *)out, (unsigned char *)plain, (int)used);

		assert_true(length > 0);
		out[length] = '\0';
	}
	kit_close(&kit);
}

static void each_channel_carries_it_where_people_or_machines_look(void **state)
{
	static const struct {
		const char *section, *part;
		bool carries; /* by itself */
	} rows[] = {
		{ "dingtalk \"c\" { token = \"credential:t\" }", "\\n确认:" LINK, true },
		{ "wecom \"c\" { key = \"credential:t\" }", "\\n确认:" LINK "\"", true },
		{ "feishu \"c\" { hook = \"credential:t\" }", "\\n确认:" LINK "\"", true },
		{ "alertmanager \"c\" { url = \"https://h/\" }", "\"link\":\"" LINK "\"", true },
		{ "mail \"c\" { url = \"smtps://h\" from = \"w@s.example\" }", "\r\n确认:" LINK, true },
		{ "mqtt_topic \"c\" { broker = \"mqtts://h\" topic = \"t\" }", NULL, false },
		{ "exec \"c\" { program = \"/bin/true\" }", NULL, false },
		{ "sms \"c\" { spool = \"/tmp\" }", NULL, false },
		{ "voice \"c\" { key_id = \"k\" key_secret = \"credential:t\" template = \"t\" }", NULL, false },
		{ "aliyun_sms \"c\" { key_id = \"k\" key_secret = \"credential:t\" signature = \"s\" template = \"t\" }", NULL, false },
	};
	static char body[20000], bare[20000];

	(void)state;
	kit_secret("693a91f6-7eee-4bc4"); /* one robot takes hexadecimal digits only */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kit kit = kit_open(rows[i].section);

		assert_int_equal(kit.config->channels[0].link, rows[i].carries);
		kit_close(&kit);
		if (rows[i].part == NULL)
			continue;
		body_of(rows[i].section, LINK, body);
		if (strstr(body, rows[i].part) == NULL)
			fail_msg("%s: %s", rows[i].section, body);
		body_of(rows[i].section, "", bare);
		assert_null(strstr(bare, "确认:http"));
		assert_null(strstr(bare, "\"link\""));
	}
	kit_secret(NULL);
}

static void a_section_decides_but_not_against_a_template(void **state)
{
	(void)state;
	struct kit kit = kit_open("dingtalk \"c\" { token = \"credential:t\" link = false }");

	assert_false(kit.config->channels[0].link);
	kit_close(&kit);
	assert_non_null(strstr(kit_problem("aliyun_sms \"c\" { key_id = \"k\" key_secret = \"credential:t\" signature = \"s\" "
					   "template = \"t\" link = true }"),
		"cannot carry a link"));
	assert_non_null(strstr(kit_problem("voice \"c\" { key_id = \"k\" key_secret = \"credential:t\" template = \"t\" link = true }"),
		"cannot carry a link"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_is_asked_to_acknowledge_has_a_link),
		cmocka_unit_test(data_stays_one_object),
		cmocka_unit_test(the_largest_message_has_room_for_the_longest_link),
		cmocka_unit_test(each_channel_carries_it_where_people_or_machines_look),
		cmocka_unit_test(a_section_decides_but_not_against_a_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
