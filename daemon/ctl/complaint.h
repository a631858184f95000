/* SPDX-License-Identifier: Apache-2.0 */
/* What wqctl says about the rows of a file: bounded, and safe to look at whatever the file holds.
 */
#ifndef WQ_CTL_COMPLAINT_H
#define WQ_CTL_COMPLAINT_H

#include <stddef.h>

#define COMPLAINTS_SHOWN 50

/* Prints a line to standard error, control characters as '?', while fewer than COMPLAINTS_SHOWN
 * were printed; counts all in *count. */
__attribute__((format(printf, 2, 3))) void ctl_complain(size_t *count, const char *format, ...);
/* Says how many were not shown, if any. */
void ctl_complained(size_t count);

#endif
