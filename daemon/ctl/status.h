/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's answer to GET /v1/status as an operator reads it. */
#ifndef WQ_CTL_STATUS_H
#define WQ_CTL_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints it; a member that is missing or of another kind than expected is shown as "-" or left out,
 * never an error: wqctl and the daemon may differ in age. False: memory ran out and something was
 * left out. */
bool status_print(const json_t *status, FILE *to);

#endif
