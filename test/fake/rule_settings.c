/* SPDX-License-Identifier: Apache-2.0 */
/* Settings filled through option rows, as the configuration does it, but from one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rule_settings.h"

/* "a_1,b_2": the items "a 1" and "b 2". They live as long as the program. */
static struct wq_list list_of(const char *text)
{
	static const char *items[256];
	static char words[4096];
	static size_t used, written;
	struct wq_list list = { .count = 0, .items = items + used };

	while (text && *text) {
		const size_t length = strcspn(text, ",");

		assert_true(used < 256 && written + length < sizeof words);
		items[used++] = words + written;
		for (size_t i = 0; i < length; i++)
			words[written++] = text[i] == '_' ? ' ' : text[i];
		words[written++] = '\0';
		list.count++;
		text += length + (text[length] == ',');
	}
	return list;
}

static void set(const struct wq_option *option, void *settings, const char *text)
{
	unsigned char *field = (unsigned char *)settings + option->offset;
	const struct wq_choice *choice = option->choices;
	double number = text ? strtod(text, NULL) : NAN;
	int64_t whole = text ? (int64_t)number : INT64_MIN;
	wq_ms span = WQ_NO_TIME;
	int picked = -1;
	bool on = text && strcmp(text, "true") == 0;
	struct wq_list list;

	if (text && option->type == WQ_OPT_SPAN) {
		assert_int_equal(wq_span_parse(text, &span, NULL), 0);
		number = (double)span;
	}
	while (choice && choice->name && text && picked < 0) {
		if (strcmp(choice->name, text) == 0)
			picked = choice->value;
		choice++;
	}
	if (text && option->type == WQ_OPT_CHOICE)
		assert_true(picked >= 0);
	if (text && option->type != WQ_OPT_TEXT && option->type != WQ_OPT_SWITCH && option->type != WQ_OPT_LIST && (option->min < option->max))
		assert_true(number >= option->min && number <= option->max);
	switch (option->type) {
	case WQ_OPT_NUMBER:
		memcpy(field, &number, sizeof number);
		break;
	case WQ_OPT_INTEGER:
		memcpy(field, &whole, sizeof whole);
		break;
	case WQ_OPT_SPAN:
		memcpy(field, &span, sizeof span);
		break;
	case WQ_OPT_CHOICE:
		memcpy(field, &picked, sizeof picked);
		break;
	case WQ_OPT_SWITCH:
		memcpy(field, &on, sizeof on);
		break;
	case WQ_OPT_TEXT:
		memcpy(field, &text, sizeof text);
		break;
	case WQ_OPT_LIST:
		list = list_of(text);
		memcpy(field, &list, sizeof list);
		break;
	default:
		fail_msg("'%s': a type that rules do not use", option->key);
	}
}

void fake_settings(const struct wq_option *options, void *settings, char *text)
{
	char *rest = NULL;

	for (const struct wq_option *o = options; o->key; o++)
		set(o, settings, o->fallback);
	for (char *pair = strtok_r(text, " ", &rest); pair; pair = strtok_r(NULL, " ", &rest)) {
		char *equals = strchr(pair, '=');
		const struct wq_option *o = options;

		assert_non_null(equals);
		*equals = '\0';
		while (o->key && strcmp(o->key, pair) != 0)
			o++;
		assert_non_null(o->key);
		set(o, settings, equals + 1);
	}
}
