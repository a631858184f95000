/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration file: refused with a reason or taken, with the program's own
 * plug-ins, twice with the same words. */
#include "load.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_report first, second;
	const struct config_tables tables = { wq_drivers, wq_rules, wq_channels };
	struct config *config;

	if (size > 64 * 1024)
		return 0;
	config = config_load_text((const char *)data, size, "fuzz", &tables, &first);
	if ((config == NULL) != (first.error_count > 0))
		abort();
	config_free(config);
	config_free(config_load_text((const char *)data, size, "fuzz", &tables, &second));
	if (first.error_count != second.error_count || first.warning_count != second.warning_count)
		abort();
	for (size_t i = 0; i < CONFIG_PROBLEMS; i++)
		if (strcmp(first.problems[i].text, second.problems[i].text) != 0)
			abort();
	return 0;
}
