/* SPDX-License-Identifier: Apache-2.0 */
/* "name = field", taken apart. */
#include "template.h"

#include "wq/err.h"

#include <stdio.h>
#include <string.h>

static void cut(const char *from, const char *end, char out[TEMPLATE_TEXT])
{
	while (from < end && *from == ' ')
		from++;
	while (end > from && end[-1] == ' ')
		end--;
	snprintf(out, TEMPLATE_TEXT, "%.*s", (int)(end - from), from);
}

static void take_apart(const char *item, char name[TEMPLATE_TEXT], char field[TEMPLATE_TEXT])
{
	const char *equals = strchr(item, '=');

	name[0] = '\0';
	if (equals != NULL)
		cut(item, equals, name);
	cut(equals != NULL ? equals + 1 : item, item + strlen(item), field);
}

int template_check(const struct wq_list *variables, bool named, struct wq_err *err)
{
	static const struct fields none;
	char name[TEMPLATE_TEXT], field[TEMPLATE_TEXT];

	if (variables->count > TEMPLATE_VARIABLES)
		return wq_fail(err, WQ_E_INVALID, "variables: %zu given, %d are allowed",
		        variables->count, TEMPLATE_VARIABLES);
	for (size_t i = 0; i < variables->count; i++) {
		take_apart(variables->items[i], name, field);
		if (named != (name[0] != '\0'))
			return wq_fail(err, WQ_E_INVALID, "variables: '%.60s' must be written %s",
			        variables->items[i],
			        named ? "'name in the template = field'"
			              : "as a field alone: this template counts them");
		if (fields_named(&none, field) == NULL)
			return wq_fail(err, WQ_E_INVALID,
			        "variables: there is no field '%.60s'; fields are station, "
			        "parameter, value, unit, limit, "
			        "multiple, time, number, level, kind, rule",
			        field);
	}
	return 0;
}

void template_variable(const struct wq_list *variables, size_t i, const struct fields *fields,
        char name[TEMPLATE_TEXT], char value[TEMPLATE_TEXT])
{
	char field[TEMPLATE_TEXT];

	take_apart(variables->items[i], name, field);
	const char *text = fields_named(fields, field);

	fields_variable(text != NULL ? text : "", value, TEMPLATE_TEXT);
}
