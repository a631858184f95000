/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an HJ 212 stream: every byte is used once, every text of a record lies within its frame, and in one piece and
 * in pieces it says the same. (But for frames of a wrong length: where both the declared end and an earlier one bear a
 * right checksum, what has arrived decides.) */
#include "wq/hj212.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(struct wq_text text, struct wq_text within)
{
	require(text.at == NULL || (text.at >= within.at && text.at + text.length <= within.at + within.length));
}

static void check_record(struct wq_text segment)
{
	static struct wq_hj212_record record;

	wq_hj212_read(segment, &wq_zone_china, &record);
	const struct wq_text texts[] = { record.qn, record.st, record.cn, record.pw, record.mn, record.flag };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_text(texts[i], segment);
	require(record.count <= WQ_HJ212_ITEMS_MAX);
	for (size_t i = 0; i < record.count; i++) {
		check_text(record.items[i].code, segment);
		check_text(record.items[i].suffix, segment);
		check_text(record.items[i].value, segment);
		check_text(record.items[i].flag, segment);
	}
}

struct sum {
	size_t frames, used, junk;
	uint64_t hash;
	bool odd; /* a frame had another length than declared */
};

/* Feeds pieces of `step` bytes through a buffer, as a connection does. */
static struct sum feed(const char *bytes, size_t count, size_t step, bool read)
{
	static char held[2 * WQ_HJ212_FRAME_MAX];
	struct sum sum = { .hash = 1469598103934665603u };
	size_t length = 0;

	for (size_t at = 0;; at += step) {
		size_t n = count - at < step ? count - at : step;
		bool ended = count - at <= step;
		enum wq_hj212_found what;

		memcpy(held + length, bytes + at, n);
		length += n;
		do {
			struct wq_hj212_frame frame = { .declared = 0 };
			size_t used, junk;

			what = wq_hj212_next(held, length, ended, &frame, &used, &junk);
			require(used <= length && junk <= used && (what != WQ_HJ212_FRAME || used > 0));
			sum.junk += junk;
			sum.used += used;
			if (what == WQ_HJ212_FRAME) {
				require(frame.segment.at >= held && frame.segment.at + frame.segment.length <= held + used);
				sum.frames++;
				sum.odd = sum.odd || (frame.problems & WQ_HJ212_LENGTH) != 0;
				sum.hash = (sum.hash ^ frame.segment.length ^ (uint64_t)frame.problems << 32) * 1099511628211u;
				if (read)
					check_record(frame.segment);
			}
			length -= used;
			memmove(held, held + used, length);
		} while (what == WQ_HJ212_FRAME);
		require(length <= WQ_HJ212_FRAME_MAX);
		if (ended) {
			require(length == 0 && sum.used == count);
			return sum;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > WQ_HJ212_FRAME_MAX)
		return 0;
	struct sum whole = feed((const char *)data, size, WQ_HJ212_FRAME_MAX, true);
	struct sum pieces = feed((const char *)data, size, 1 + size % 61, false);

	require(whole.odd || pieces.odd ||
		(whole.frames == pieces.frames && whole.junk == pieces.junk && whole.hash == pieces.hash));
	check_record((struct wq_text){ (const char *)data, size });
	return 0;
}
