/* SPDX-License-Identifier: Apache-2.0 */
/* From "libconfuse stopped here" to a sentence for a technician and a text that can be read again.
 */
#ifndef WQ_CONFIG_REPAIR_H
#define WQ_CONFIG_REPAIR_H

#include "scan.h"
#include "schema.h"

struct failure {
	int line;
	char text[256]; /* libconfuse's own words */
};

/* Reports the failure and blanks the statement or section at fault. Always takes something out. */
void repair(struct scan *scan, const struct schema *schema, const struct failure *failure);

#endif
