/* SPDX-License-Identifier: Apache-2.0 */
/* A writer that commits when the test says so: linked before the real one, it takes its place. */
#ifndef FAKE_WRITER_H
#define FAKE_WRITER_H

#include "store/writer.h"

/* What was submitted and has not landed, oldest first. */
struct writer {
	struct commit_group *groups[WRITER_DEPTH];
	size_t count;
	size_t depth; /* takes no more than this; at most WRITER_DEPTH */
	size_t submitted, asked;
};

struct writer *fake_writer_new(void);

/* The oldest group, out of the list: as committed. */
struct commit_group *fake_writer_land(struct writer *writer);

#endif
