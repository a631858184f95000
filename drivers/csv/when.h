/* SPDX-License-Identifier: Apache-2.0 */
/* Times of tables; the parsing itself is wq_table_time() (wq/table.h). */
#ifndef WQ_DRIVERS_CSV_WHEN_H
#define WQ_DRIVERS_CSV_WHEN_H

#include "wq/table.h"

/* True: the time has no year; its month as written. */
bool csv_when_month(const char *text, int *month);

#endif
