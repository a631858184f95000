/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers what it was handed. */
#include "fake_writer.h"

#include <stdlib.h>
#include <string.h>

struct writer *fake_writer_new(void)
{
	struct writer *writer = calloc(1, sizeof *writer);

	if (writer != NULL)
		writer->depth = WRITER_DEPTH;
	return writer;
}

struct commit_group *fake_writer_land(struct writer *writer)
{
	struct commit_group *group = writer->groups[0];

	writer->count--;
	memmove(writer->groups, writer->groups + 1, writer->count * sizeof writer->groups[0]);
	return group;
}

bool writer_submit(struct writer *writer, struct commit_group *group)
{
	if (writer->count >= writer->depth)
		return false;
	writer->groups[writer->count++] = group;
	writer->submitted++;
	return true;
}

void writer_ask_outbox(struct writer *writer)
{
	writer->asked++;
}

size_t writer_waiting(const struct writer *writer)
{
	return writer->count;
}
