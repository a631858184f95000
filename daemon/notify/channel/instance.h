/* SPDX-License-Identifier: Apache-2.0 */
/* One channel, opened: its state, and which secrets it was opened with, so that a new text of one
 * is taken over without a restart. Not thread-safe. */
#ifndef WQ_INSTANCE_H
#define WQ_INSTANCE_H

#include "config/config.h"
#include "secret.h"

#include <stdbool.h>
#include <stddef.h>

#define INSTANCE_SECRETS 4

struct instance {
	const struct config_channel *use;
	const char *credentials; /* folder of the credentials; NULL: the environment's */
	void *state;             /* NULL: it could not be opened, see `why` */
	size_t count;
	struct {
		const char *reference;
		struct secret_stamp stamp;
	} secrets[INSTANCE_SECRETS];
	char why[160];
};

/* False: no memory. A channel that does not open is no error. `use` and `credentials` outlive it.
 */
bool instance_open(
        struct instance *instance, const struct config_channel *use, const char *credentials);
void instance_close(struct instance *instance);

/* Opens anew when the file of a secret is another one now. True: `state` has been replaced (the old
 * one is closed). One that cannot be used leaves the old state in place. */
bool instance_refresh(struct instance *instance);

#endif
