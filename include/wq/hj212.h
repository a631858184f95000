/* SPDX-License-Identifier: Apache-2.0 */
/* HJ 212 as it is on the wire: frames out of a stream of bytes, and what a frame says. Source of layout, checksum and
 * item syntax: HJ 212-2017, 6.3 and Annex A (read in full); the other two checksums, the odd lengths and the missing
 * pieces below are what stations really send.
 *
 * Pure, thread-safe, allocates nothing. Every text points into the bytes that were given and is not NUL-terminated. */
#ifndef WQ_HJ212_H
#define WQ_HJ212_H

#include "wq/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wq_hj212_checksum {
	WQ_HJ212_BAD,
	WQ_HJ212_STANDARD,       /* Annex A */
	WQ_HJ212_MODBUS,         /* CRC-16/MODBUS, high byte first */
	WQ_HJ212_MODBUS_SWAPPED, /* the same, low byte first */
};

/* "bad" "hj212" "modbus" "modbus-swapped" */
const char *wq_hj212_checksum_name(enum wq_hj212_checksum kind);

/* The checksum of Annex A over a data segment. It has only 256 values: eight bits in four digits. */
uint16_t wq_hj212_crc(const char *segment, size_t length);

/* CRC-16/MODBUS over a data segment. */
uint16_t wq_hj212_crc_modbus(const char *segment, size_t length);

struct wq_text {
	const char *at;
	size_t length;
};

/* What was odd about a frame that is read all the same, or why it is not. */
enum wq_hj212_problem {
	WQ_HJ212_CRC = 1 << 0,          /* no checksum matches: refuse */
	WQ_HJ212_LENGTH = 1 << 1,       /* another length than declared */
	WQ_HJ212_SHORT = 1 << 2,        /* the stream ended within it: refuse */
	WQ_HJ212_NO_CP = 1 << 3,        /* no CP=&&: refuse */
	WQ_HJ212_NO_CP_END = 1 << 4,    /* no closing && */
	WQ_HJ212_TIME = 1 << 5,         /* DataTime is no time: refuse */
	WQ_HJ212_CLOCK = 1 << 6,        /* DataTime before 2000 or after 2099: to be kept apart */
	WQ_HJ212_NUMBER = 1 << 7,       /* a measured value that is no number: it counts as missing */
	WQ_HJ212_PARTS = 1 << 8,        /* PNO greater than PNUM, or announced and not there */
	WQ_HJ212_ITEMS = 1 << 9,        /* more than WQ_HJ212_ITEMS_MAX items; the rest is left out */
	WQ_HJ212_HEADER = 1 << 10,      /* a header field without a value, or unknown */
	WQ_HJ212_CIPHER = 1 << 11,      /* the content is no text: encrypted (2025) or broken */
	WQ_HJ212_ITEM = 1 << 12,        /* an item without a name */
};
#define WQ_HJ212_REFUSED (WQ_HJ212_CRC | WQ_HJ212_SHORT | WQ_HJ212_NO_CP | WQ_HJ212_TIME)
#define WQ_HJ212_PROBLEMS 13

/* "crc" "len_mismatch" … of one bit. */
const char *wq_hj212_problem_name(enum wq_hj212_problem bit);

/* -- frames -- */

struct wq_hj212_frame {
	struct wq_text segment; /* between length and checksum */
	size_t declared;        /* its length as the frame says */
	enum wq_hj212_checksum checksum;
	unsigned problems; /* bits of enum wq_hj212_problem */
};

enum wq_hj212_found {
	WQ_HJ212_FRAME, /* *frame; its bytes and what stood before are used up */
	WQ_HJ212_MORE,  /* nothing whole yet; junk before is used up */
};

/* Longest frame: "##", four digits, 9,999 bytes, checksum, line end. A stream's buffer needs no more room. */
#define WQ_HJ212_FRAME_MAX (2 + 4 + 9999 + 4 + 2)

/* Looks for the next frame. *used: bytes that are done with (the caller drops them and calls again). *junk: how many of
 * them belonged to no frame, line ends apart. A frame goes by its declared length; where that does not lead to a right checksum, by the
 * next line end or frame head. ended: no more bytes will come (the peer closed, or has been silent): what is incomplete
 * is then told as SHORT, or as junk, instead of MORE. */
enum wq_hj212_found wq_hj212_next(const char *bytes, size_t count, bool ended, struct wq_hj212_frame *frame,
	size_t *used, size_t *junk);

/* -- content -- */

#define WQ_HJ212_ITEMS_MAX 128

/* One value: "w01001-Rtd=7.1" has code w01001, suffix Rtd. Items without a hyphen have no suffix. `flag` is that of the
 * same code in the same group (between two semicolons); it is no item of its own. */
struct wq_hj212_item {
	struct wq_text code, suffix, value, flag;
	bool measured; /* its suffix is one of a measured value: value is a number or missing */
	bool missing;  /* empty, --, *, NaN, null, N/A, or no number */
};

struct wq_hj212_record {
	struct wq_text qn, st, cn, pw, mn, flag;
	long flag_number; /* -1: none */
	long part, parts; /* PNO, PNUM; 0: none */
	wq_ms time;       /* DataTime in UTC, read in `zone`; WQ_NO_TIME: none */
	size_t count;
	struct wq_hj212_item items[WQ_HJ212_ITEMS_MAX];
	unsigned problems;
};

/* Reads a data segment. What cannot be read is left out and said in `problems`; it never fails. */
void wq_hj212_read(struct wq_text segment, const struct wq_zone *zone, struct wq_hj212_record *record);

/* Whether a text equals a word, to the letter. */
bool wq_text_is(struct wq_text text, const char *word);

#endif
