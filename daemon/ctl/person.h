/* SPDX-License-Identifier: Apache-2.0 */
/* What commands that act for a person have in common: who it is, and texts of bounded length. */
#ifndef WQ_CTL_PERSON_H
#define WQ_CTL_PERSON_H

#include "wq/alarm.h"

#include <argp.h>
#include <stddef.h>

/* The option --who, for the `children` of a subcommand's argp; its parser sets the const char *
 * that state->child_inputs points to. */
extern const struct argp person_argp;

/* A text of 1 to `max` bytes of UTF-8, or the program ends with a usage error. */
const char *person_text(struct argp_state *state, const char *what, const char *text, size_t max);

/* `who`, or where that is NULL the person at the terminal, in `login`. */
const char *person_name(const char *who, char login[WQ_PERSON_TEXT]);

#endif
