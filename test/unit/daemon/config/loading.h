/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a text in a test, and asking the report about it. */
#ifndef WQ_TEST_LOADING_H
#define WQ_TEST_LOADING_H

#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* A right file to which tests add something: 12 lines. */
#define HEAD                                                                                       \
	"site { name = \"城\" }\n"                                                                \
	"serial \"plc\" { host = \"10.0.0.1\" interval = \"30s\" }\n"                              \
	"post \"broker\" { }\n"                                                                    \
	"horn \"h\" { url = \"http://x\" }\n"                                                      \
	"contact \"wang\" { name = \"王\" channels = { \"h\" } }\n"                               \
	"group \"lead\" { members = { \"wang\" } }\n"                                              \
	"route \"all\" { lead = \"lead\" }\n"                                                      \
	"station \"yigan\" {\n"                                                                    \
	"	name = \"一干河\" kind = \"source-backup\" cycle = \"4h\"\n"                          \
	"	point \"tp\" { bus = \"plc\" unit = \"ug/L\" address = 1 }\n"                            \
	"	point \"nh3n\" { bus = \"broker\" unit = \"mg/L\" cycle = \"0\" }\n"                     \
	"}\n"

static inline struct config *load(const char *text, struct config_report *report)
{
	return config_load_text(text, strlen(text), "test.conf", &tables, report);
}

/* A file that must be right. */
static inline struct config *load_right(const char *text)
{
	static struct config_report report;
	struct config *config = load(text, &report);

	if (config == NULL)
		config_report_print(&report, NULL, stderr);
	assert_non_null(config);
	return config;
}

/* The problem on this line whose text holds `part`; NULL: there is none. */
static inline const struct config_problem *problem(
        const struct config_report *report, int line, const char *part)
{
	const size_t kept = report->error_count + report->warning_count - report->more;

	for (size_t i = 0; i < kept; i++) {
		if (report->problems[i].line == line &&
		        strstr(report->problems[i].text, part) != NULL)
			return &report->problems[i];
	}
	return NULL;
}

#endif
