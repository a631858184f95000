/* SPDX-License-Identifier: Apache-2.0 */
/* Plays a test of rules and says where it went otherwise than it asks for. */
#ifndef WQ_CTL_JUDGE_H
#define WQ_CTL_JUDGE_H

#include "rulefile.h"

#include <stdio.h>

struct wq_err;

/* Failures go to `to` as "file:line: …". Returns how many there were, or a negative code: it could
 * not be played. */
int judge_test(const char *file, const struct rulefile_test *test, FILE *to, struct wq_err *err);

#endif
