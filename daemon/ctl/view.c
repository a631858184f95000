/* SPDX-License-Identifier: Apache-2.0 */
/* Names of views, and cells in them. */
#include "view.h"

#include "wq/err.h"

#include <string.h>

bool ctl_view(const char *name, enum wq_rounding *view)
{
	static const char *const names[] = {
		[WQ_RAW] = "raw", [WQ_DISPLAYED] = "displayed", [WQ_EVALUATION] = "evaluation"
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*view = (enum wq_rounding)i;
		return true;
	}
	return false;
}

int ctl_rounded(const struct wq_csv_field *field, const struct wq_parameter *parameter,
        enum wq_rounding view, struct wq_decimal *d)
{
	const char *text = field->text + strspn(field->text, " \t");
	const size_t length = strcspn(text, " \t");
	char number[1100];

	if (length >= sizeof number)
		return WQ_E_INVALID;
	memcpy(number, text, length);
	number[length] = '\0';
	return wq_decimal_parse_evaluate(number, wq_places(parameter, view), d, NULL);
}
