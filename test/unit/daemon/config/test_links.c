/* SPDX-License-Identifier: Apache-2.0 */
/* Section `links`: what it means, and what is said of mistakes. */
#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct config_report report;

static struct config *load(const char *sections)
{
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels, wq_uplinks };
	char text[2000];

	snprintf(text, sizeof text, "site { name = \"城\" }\nstation \"*\" { name = \"任一\" kind = national }\n%s", sections);
	return config_load_text(text, strlen(text), "test", &tables, &report);
}

static bool said(const char *text)
{
	for (size_t i = 0; i < report.error_count + report.warning_count; i++)
		if (strstr(report.problems[i].text, text) != NULL)
			return true;
	return false;
}

#define REST " url = \"https://wq.example.org/\" secret = \"credential:links\" }"

static void there_are_no_links_without_the_section(void **state)
{
	struct config *config = load("");

	(void)state;
	assert_non_null(config);
	assert_null(config->links);
	config_free(config);
}

static void the_section_has_its_settings(void **state)
{
	struct config *config = load("links {" REST);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->links->url, "https://wq.example.org");
	assert_string_equal(config->links->secret, "credential:links");
	assert_string_equal(config->links->host, "127.0.0.1");
	assert_int_equal(config->links->port, 8090);
	assert_null(config->links->path);
	assert_int_equal(config->links->valid, WQ_HOURS(24));
	assert_true(said("credential 'links' was not looked for")); /* like any other secret */
	config_free(config);
}

static void it_listens_on_an_address_or_a_path(void **state)
{
	static const struct {
		const char *listen, *host;
		int port;
		const char *says; /* NULL: it is right */
		bool usable;
	} rows[] = {
		{ "127.0.0.1:8090", "127.0.0.1", 8090, NULL, true },
		{ "127.5.0.1:65535", "127.5.0.1", 65535, NULL, true },
		{ "[::1]:1024", "::1", 1024, NULL, true },
		{ "/run/wqd/links.sock", NULL, 0, NULL, true },
		{ "0.0.0.0:8090", "0.0.0.0", 8090, "can be reached from other machines", true },
		{ "[::]:8090", "::", 8090, "can be reached from other machines", true },
		{ "10.1.2.3:8090", "10.1.2.3", 8090, "HTTPS", true },
		{ "127.0.0.1", NULL, 0, "a numeric address and a port", false },
		{ "127.0.0.1:80", NULL, 0, "from 1024 to 65535", false },
		{ "127.0.0.1:65536", NULL, 0, "from 1024", false },
		{ "127.0.0.1:123456", NULL, 0, "from 1024", false },
		{ "127.0.0.1:-8090", NULL, 0, "from 1024", false },
		{ "127.0.0.1:8090x", NULL, 0, "from 1024", false },
		{ "localhost:8090", NULL, 0, "a numeric address", false },
		{ "::1:8090", NULL, 0, "a numeric address", false },
		{ "[::1:8090", NULL, 0, "a numeric address", false },
		{ "[]:8090", NULL, 0, "a numeric address", false },
		{ ":8090", NULL, 0, "a numeric address", false },
		{ "links.sock", NULL, 0, "a numeric address", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[300];

		snprintf(text, sizeof text, "links { listen = \"%s\"" REST, rows[i].listen);
		struct config *config = load(text);

		if ((config != NULL) != rows[i].usable || (rows[i].says != NULL && !said(rows[i].says)))
			fail_msg("%s: usable %d", rows[i].listen, config != NULL);
		if (config == NULL)
			continue;
		if (rows[i].host == NULL) {
			assert_string_equal(config->links->path, rows[i].listen);
		} else {
			assert_string_equal(config->links->host, rows[i].host);
			assert_int_equal(config->links->port, rows[i].port);
		}
		assert_int_equal(said("can be reached"), rows[i].says != NULL);
		config_free(config);
	}
}

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *sections, *says;
	} rows[] = {
		{ "links { secret = \"credential:links\" }", "url" },
		{ "links { url = \"https://wq.example.org\" }", "secret" },
		{ "links { url = \"https://wq.example.org\" secret = \"whsec_AAAA\" }", "credential:" },
		{ "links { url = \"http://wq.example.org\" secret = \"credential:links\" }", "allow_plain" },
		{ "links { url = \"ftp://wq.example.org\" secret = \"credential:links\" }", "https://" },
		{ "links { url = \"https://wq.example.org/?a=b\" secret = \"credential:links\" }", "an address and a path only" },
		{ "links { url = \"https://a:b@wq.example.org/\" secret = \"credential:links\" }", "user or password" },
		{ "links { valid = \"1m\"" REST, "valid" },
		{ "links {" REST "\nlinks {" REST, "twice" },
		{ "links \"x\" {" REST, "links" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_null(load(rows[i].sections));
		if (!said(rows[i].says))
			fail_msg("%s: not told '%s'", rows[i].sections, rows[i].says);
	}
}

static void a_channel_that_asks_for_links_that_are_not_made_is_doubtful(void **state)
{
	static const char channel[] = "exec \"c\" { program = \"/bin/true\" link = true }\n";
	char both[400];
	struct config *config = load(channel);

	(void)state;
	assert_non_null(config);
	assert_true(said("there is no section links"));
	assert_true(config->channels[0].link);
	config_free(config);
	snprintf(both, sizeof both, "%slinks {" REST, channel);
	config = load(both);
	assert_non_null(config);
	assert_false(said("there is no section links"));
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_no_links_without_the_section),
		cmocka_unit_test(the_section_has_its_settings),
		cmocka_unit_test(it_listens_on_an_address_or_a_path),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(a_channel_that_asks_for_links_that_are_not_made_is_doubtful),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
