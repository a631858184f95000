/* SPDX-License-Identifier: Apache-2.0 */
/* HJ 212 as it is on the wire: frames out of a stream of bytes, and what a frame says. Source of layout, checksum and
 * item syntax: HJ 212-2017, 6.3 and Annex A (read in full); the other two checksums, the odd lengths and the missing
 * pieces below are what stations really send.
 *
 * Pure, thread-safe, allocates nothing. Every text points into the bytes that were given and is not NUL-terminated. */
#ifndef WQ_HJ212_H
#define WQ_HJ212_H

#include "wq/check.h"
#include "wq/decimal.h"
#include "wq/instant.h"
#include "wq/sample.h"

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

/* For content that is encrypted while length and checksum are those of the plain text (2025). Gets a segment of the
 * declared length; returns its plain text, in memory of its own that is good until the next call, or length 0: it is not
 * encrypted for us. */
struct wq_hj212_opener {
	void *owner;
	struct wq_text (*open)(void *owner, struct wq_text segment);
};

/* As wq_hj212_next(); what the opener opens comes as its plain text (frame->segment), where its checksum is right. */
enum wq_hj212_found wq_hj212_next_sealed(const char *bytes, size_t count, bool ended, const struct wq_hj212_opener *opener,
	struct wq_hj212_frame *frame, size_t *used, size_t *junk);

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
	bool again;       /* RF (2025): sent once more */
	wq_ms time;       /* DataTime in UTC, read in `zone`; WQ_NO_TIME: none */
	size_t count;
	struct wq_hj212_item items[WQ_HJ212_ITEMS_MAX];
	unsigned problems;
};

/* Reads a data segment. What cannot be read is left out and said in `problems`; it never fails. */
void wq_hj212_read(struct wq_text segment, const struct wq_zone *zone, struct wq_hj212_record *record);

/* Whether a text equals a word, to the letter. */
bool wq_text_is(struct wq_text text, const char *word);

/* -- profiles: how a station speaks -- */

enum wq_hj212_profile {
	WQ_HJ212_2005,
	WQ_HJ212_2017,
	WQ_HJ212_2025,
	WQ_HJ212_SURFACE, /* surface-water stations: HJ 212 frames with commands and flags of their own */
};
#define WQ_HJ212_PROFILES 4

/* "2005" "2017" "2025" "surface-water"; the profile of a name, or -1. */
const char *wq_hj212_profile_name(enum wq_hj212_profile profile);
int wq_hj212_profile_find(const char *name);

/* What a frame is about, by its CN; bits, so that a set of them is a number. */
enum wq_hj212_kind {
	WQ_HJ212_REALTIME = 1 << 0,  /* 2011 */
	WQ_HJ212_MINUTE = 1 << 1,    /* 2051 */
	WQ_HJ212_HOUR = 1 << 2,      /* 2061: hour, or the cycle of a surface-water station */
	WQ_HJ212_DAY = 1 << 3,       /* 2031 */
	WQ_HJ212_CHECK = 1 << 4,     /* a check of an analyser */
	WQ_HJ212_NOTE = 1 << 5,      /* states, run times, boot, information: acknowledged and not stored */
	WQ_HJ212_HEARTBEAT = 1 << 6, /* 9015 and what others use for it */
	WQ_HJ212_ASKS_TIME = 1 << 7, /* 1013: wants to be told the time */
	WQ_HJ212_ANSWER = 1 << 8,    /* 9011 9012 9013 9014 */
	WQ_HJ212_OTHER = 1 << 9,
};
#define WQ_HJ212_DATA (WQ_HJ212_REALTIME | WQ_HJ212_MINUTE | WQ_HJ212_HOUR | WQ_HJ212_DAY)

enum wq_hj212_kind wq_hj212_kind_of(enum wq_hj212_profile profile, struct wq_text cn);

/* What a station's flag says of a value: UNCHECKED (N, no flag, an unknown one: it proves nothing), MAINTENANCE, BAD or MISSING. */
enum wq_quality wq_hj212_quality(enum wq_hj212_profile profile, struct wq_text flag);

/* Whether a value with this flag is a check of the analyser, and of which kind. */
bool wq_hj212_check_flag(enum wq_hj212_profile profile, struct wq_text flag, enum wq_check_kind *kind);

/* The code that a legacy one of HJ/T 212-2005 ("011") stands for; others as they are. */
struct wq_text wq_hj212_code(struct wq_text code);

/* -- records to samples -- */

struct wq_hj212_target {
	uint32_t series;
	struct wq_decimal factor; /* unit of the station × factor = canonical unit */
};

/* Why something of a record was not taken; `item` NULL: the record itself. */
enum wq_hj212_refusal { WQ_HJ212_NO_TIME, WQ_HJ212_UNKNOWN_ITEM, WQ_HJ212_NO_NUMBER };

struct wq_hj212_mapper {
	enum wq_hj212_profile profile;
	size_t none_count;
	const double *none; /* values that stand for "none": -99 …; in the station's unit */
	void *owner;
	/* Where a value goes, by the record's kind (WQ_HJ212_CHECK for checks), its code and suffix; NULL: it is not wanted. */
	const struct wq_hj212_target *(*find)(void *owner, enum wq_hj212_kind kind, struct wq_text code,
		struct wq_text suffix);
	/* May be NULL. Values with a suffix that is not wanted are not told, nor are the texts of a record. */
	void (*refuse)(void *owner, enum wq_hj212_refusal why, const struct wq_hj212_item *item);
};

struct wq_hj212_taken {
	size_t samples, checks;
};

/* The samples and checks of a data record. Both arrays have WQ_HJ212_ITEMS_MAX places. A record with a problem of
 * WQ_HJ212_REFUSED, without a time or with WQ_HJ212_CLOCK gives none. `at` is DataTime: of an aggregate the start of its
 * stretch. Pure. */
struct wq_hj212_taken wq_hj212_take(const struct wq_hj212_mapper *mapper, const struct wq_hj212_record *record,
	struct wq_sample *samples, struct wq_check *checks);

/* -- writing -- */

#define WQ_HJ212_SEGMENT_MAX 1024 /* 6.3.1: bytes of a data segment */
#define WQ_HJ212_CONTENT_MAX 950  /* 6.3.2: of CP=&&…&& */
#define WQ_HJ212_WRITTEN_MAX (2 + 4 + WQ_HJ212_SEGMENT_MAX + 4 + 2)

/* "w01001-Avg=7.1,w01001-Flag=N". Neighbours of the same code share a group and its flag (that of the last with one). */
struct wq_hj212_value {
	struct wq_text code, suffix, value, flag; /* suffix, flag: length 0, none */
};

struct wq_hj212_out {
	struct wq_text qn;  /* of an answer, repeated as it came; length 0: made of `sent` */
	wq_ms sent;         /* WQ_NO_TIME: no QN. Part k of a split record has the QN of k-1 ms later */
	struct wq_text st, cn, pw, mn; /* length 0: left out */
	int version;        /* bits V of Flag: 0 2005, 1 2017, 2 2025 and surface water; -1: no Flag at all */
	bool wants_answer;  /* bit A */
	bool again;         /* RF=1 (2025) */
	const struct wq_zone *zone;
	struct wq_text lead; /* what stands first in the content, without its last semicolon: "QnRtn=1" */
	wq_ms time;          /* DataTime; WQ_NO_TIME: none */
	size_t count;
	const struct wq_hj212_value *values;
	enum wq_hj212_checksum checksum; /* BAD stands for STANDARD */
};

struct wq_err;

/* How many frames the values need (1 without values); each holds whole groups and, with `lead` and DataTime, is complete in
 * itself. WQ_E_INVALID: a field holds what it may not (; , = & # or a control character, in texts //…// only line ends
 * and &&), a group alone is too long, or more than 9999 parts. */
long wq_hj212_parts(const struct wq_hj212_out *out, struct wq_err *err);

/* Writes part 1 … parts: ## to CR LF, no NUL. Returns its bytes, or an error as above. */
int wq_hj212_write(const struct wq_hj212_out *out, long part, char frame[WQ_HJ212_WRITTEN_MAX], struct wq_err *err);

/* "20241225080000", "20241225080000250": in `zone`; 15 and 18 bytes with NUL. Return buf. */
char *wq_hj212_time(const struct wq_zone *zone, wq_ms at, char buf[15]);
char *wq_hj212_qn(const struct wq_zone *zone, wq_ms at, char buf[18]);

#endif
