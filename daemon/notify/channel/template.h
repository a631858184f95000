/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of a cloud template, as the configuration names them: "station = station" binds the
 * template's variable to a field of the notice. Pure and thread-safe. */
#ifndef WQ_TEMPLATE_H
#define WQ_TEMPLATE_H

#include "notify/fields.h"

#include "wq/option.h"

#include <stdbool.h>
#include <stddef.h>

struct wq_err;

#define TEMPLATE_VARIABLES 12
#define TEMPLATE_TEXT      160

/* Checks a list of variables ("name = field"; or only "field" where the template counts them).
 * WQ_E_INVALID; the sentence begins with "variables". */
int template_check(const struct wq_list *variables, bool named, struct wq_err *err);

/* The i-th variable: its name in the template ("" where they are counted) and what it holds in this
 * notice. */
void template_variable(const struct wq_list *variables, size_t i, const struct fields *fields,
        char name[TEMPLATE_TEXT], char value[TEMPLATE_TEXT]);

#endif
