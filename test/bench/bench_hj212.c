/* SPDX-License-Identifier: Apache-2.0 */
/* Frames a second of one core: framing, checksum and items of the frames of a file (or of a built-in one), beside the
 * checksum alone and a copy of the same bytes.
 *
 *   bench_hj212 [FILE] */
#include "wq/hj212.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOM ((size_t)1 << 20)

static const char sample[] =
	"##0321ST=32;CN=2011;PW=123456;MN=DM000001;CP=&&DataTime=20191223165100;w01001-Rtd=15.294,w01001-Flag=N;w01006-Rtd=12.122,"
	"w01006-Flag=N;w01010-Rtd=21.639,w01010-Flag=N;w01014-Rtd=92.088,w01014-Flag=N;w21003-Rtd=78.741,w21003-Flag=N;"
	"w21011-Rtd=92.488,w21011-Flag=N;w01019-Rtd=51.248,w01019-Flag=N;w01003-Rtd=3.262,w01003-Flag=N&&A141\r\n";

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Frames of the buffer; *items: values in them. */
static size_t decode(const char *bytes, size_t count, bool read, size_t *items)
{
	static struct wq_hj212_record record;
	struct wq_hj212_frame frame;
	size_t frames = 0, used, junk;

	for (size_t at = 0; wq_hj212_next(bytes + at, count - at, true, &frame, &used, &junk) == WQ_HJ212_FRAME; at += used) {
		frames++;
		if (!read)
			continue;
		wq_hj212_read(frame.segment, &wq_zone_china, &record);
		*items += record.count;
	}
	return frames;
}

static size_t fill(char *bytes, const char *file)
{
	size_t n = 0;
	FILE *from = file != NULL ? fopen(file, "rb") : NULL;

	if (file != NULL && from == NULL) {
		perror(file);
		exit(1);
	}
	if (from != NULL) {
		n = fread(bytes, 1, ROOM / 2, from);
		fclose(from);
	} else {
		memcpy(bytes, sample, n = sizeof sample - 1);
	}
	size_t one = n;

	while (one > 0 && n + one <= ROOM) {
		memcpy(bytes + n, bytes, one);
		n += one;
	}
	return n;
}

int main(int argc, char **argv)
{
	char *bytes = malloc(ROOM);

	if (bytes == NULL)
		return 1;
	size_t count = fill(bytes, argc > 1 ? argv[1] : NULL), items = 0, frames = 0, framed = 0;
	unsigned sum = 0;
	double began = now();

	for (int i = 0; i < 200; i++)
		frames += decode(bytes, count, true, &items);
	double decoded = now() - began;

	began = now();
	for (int i = 0; i < 200; i++)
		framed += decode(bytes, count, false, &items);
	double framing = now() - began;

	began = now();
	for (int i = 0; i < 200; i++)
		sum += wq_hj212_crc(bytes, count);
	double checksum = now() - began;

	char *copy = malloc(count);

	if (copy == NULL)
		return 1;
	began = now();
	for (int i = 0; i < 200; i++) {
		memcpy(copy, bytes, count);
		sum += (unsigned char)copy[(size_t)i % count];
	}
	double copied = now() - began;

	free(copy);
	printf("%.0f bytes and %.1f items a frame\n", (double)count * 200 / (double)frames, (double)items / (double)frames);
	printf("frames read            %12.0f a second\n", (double)frames / decoded);
	printf("frames found, not read %12.0f a second\n", (double)framed / framing);
	printf("checksum alone         %12.0f a second (%x)\n", (double)frames / checksum, sum);
	printf("copied by memcpy       %12.0f a second\n", (double)frames / copied);
	free(bytes);
	return 0;
}
