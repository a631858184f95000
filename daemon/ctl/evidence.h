/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence of an alarm for people to read. */
#ifndef WQ_CTL_EVIDENCE_H
#define WQ_CTL_EVIDENCE_H

#include "query.h"

#include <jansson.h>
#include <stdio.h>

/* One change: its evidence as docs/store.md tells it. */
void evidence_print(const json_t *evidence, FILE *to);

/* Every change of query->alarm; with the format json an array of objects. Returns the exit status.
 */
int evidence_run(const struct query *query);

#endif
