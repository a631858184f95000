/* SPDX-License-Identifier: Apache-2.0 */
/* "0.12x3" -> cells. */
#include "values.h"

#include "wq/decimal.h"
#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITEM_TEXT 64

/* One text: what, and how often. */
struct item {
	char text[ITEM_TEXT];
	long count;
	bool counted;
	struct wq_decimal first, step; /* of a value; step 0: all the same */
	uint8_t state;
};

static int wrong(const char *text, struct wq_err *err)
{
	return wq_fail(err, WQ_E_INVALID,
	        "'%.40s' is none of: 0.12, 0.12x3 (three times), 0.1+0.02x4 (0.1 0.12 0.14 0.16), "
	        "_ "
	        "(no value), * (nothing came)",
	        text);
}

/* Cuts "x3" off. */
static int take_count(struct item *item)
{
	char *x = strrchr(item->text, 'x');
	item->count = 1;
	item->counted = x != NULL;
	if (x == NULL)
		return 0;
	if (x[1] == '\0' || strlen(x + 1) > 6 || strspn(x + 1, "0123456789") != strlen(x + 1))
		return WQ_E_INVALID;
	item->count = strtol(x + 1, NULL, 10);
	*x = '\0';
	return item->count > 0 ? 0 : WQ_E_INVALID;
}

/* The sign between start and step: not the first one, not that of an exponent. */
static char *step_of(char *text)
{
	for (char *c = text; *c != '\0'; c++)
		if (c > text && (*c == '+' || *c == '-') && c[-1] != 'e' && c[-1] != 'E')
			return c;
	return NULL;
}

static int take_number(struct item *item)
{
	char *step = step_of(item->text);
	bool down = step != NULL && *step == '-';
	item->state = WQ_CELL_VALUE;
	item->step = (struct wq_decimal){ 0, 0 };
	if (step != NULL) {
		*step = '\0';
		if (!item->counted || wq_decimal_parse(step + 1, &item->step, NULL) < 0)
			return WQ_E_INVALID;
	}
	if (down)
		item->step.digits = -item->step.digits;
	return wq_decimal_parse(item->text, &item->first, NULL);
}

static int take_item(struct item *item, const char *text, size_t length, struct wq_err *err)
{
	char whole[ITEM_TEXT];
	snprintf(whole, sizeof whole, "%.*s", (int)length, text);
	memcpy(item->text, whole, sizeof whole);
	if (length >= ITEM_TEXT || take_count(item) < 0)
		return wrong(whole, err);
	item->state = WQ_CELL_MISSING;
	if (strcmp(item->text, "_") == 0)
		return 0;
	item->state = WQ_CELL_NOT_MEASURED;
	if (strcmp(item->text, "*") == 0)
		return 0;
	return take_number(item) < 0 ? wrong(whole, err) : 0;
}

static int put(const struct item *item, struct readings_cell *cells, struct wq_err *err)
{
	for (long i = 0; i < item->count; i++) {
		cells[i] = (struct readings_cell){ NAN, item->state };
		if (item->state == WQ_CELL_VALUE &&
		        wq_value_from_scaled(i, item->step, item->first, &cells[i].value, err) < 0)
			return WQ_E_INVALID;
	}
	return 0;
}

int values_parse(const char *text, struct readings_cell *cells, struct wq_err *err)
{
	struct item item;
	long count = 0;
	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");
		if (take_item(&item, text, length, err) < 0)
			return WQ_E_INVALID;
		if (count + item.count > VALUES_MAX)
			return wq_fail(err, WQ_E_INVALID, "more than %d values", VALUES_MAX);
		if (cells != NULL && put(&item, cells + count, err) < 0)
			return WQ_E_INVALID;
		count += item.count;
		text += length;
	}
	return count > 0 ? (int)count : wq_fail(err, WQ_E_INVALID, "there are no values");
}
