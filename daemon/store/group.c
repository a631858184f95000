/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a commit group. */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

void commit_group_reset(struct commit_group *group)
{
	wq_outcome_reset(&group->outcome);
	group->notice_count = group->delivery_count = group->outage_count = group->check_count = group->uplink_count = 0;
	group->fold_count = group->mark_count = group->wait_count = group->owe_count = 0;
	group->manual_count = group->import_count = group->command_count = 0;
	group->last_sequence = 0;
	group->batch_count = 0;
	group->first_received = 0;
}

void commit_group_free(struct commit_group *group)
{
	wq_outcome_free(&group->outcome);
	free(group->notices);
	free(group->folds);
	free(group->marks);
	free(group->waits);
	free(group->owes);
	free(group->deliveries);
	free(group->outages);
	free(group->checks);
	free(group->uplinks);
	free(group->commands);
	free(group->manuals);
	free(group->imports);
	memset(group, 0, sizeof *group);
}
