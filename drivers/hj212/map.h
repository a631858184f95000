/* SPDX-License-Identifier: Apache-2.0 */
/* The stations of a bus by their MN, and where their values go. Immutable but for what a station says meanwhile. */
#ifndef HJ212_MAP_H
#define HJ212_MAP_H

#include "cipher.h"
#include "dialog.h"

#include "wq/driver.h"

#define HJ212_MN_TEXT 65
#define HJ212_NOBODY  UINT64_MAX

struct hj212_entry {
	struct wq_text code, suffix; /* suffix length 0: Rtd of real time, Avg of the others */
	unsigned kinds;              /* of enum wq_hj212_kind */
	struct wq_hj212_target target;
};

struct hj212_station {
	char mn[HJ212_MN_TEXT];
	const char *id;
	enum wq_hj212_profile profile;
	const char *password; /* NULL: any */
	int accepts;          /* enum hj212_accepts, or the one checksum that its frames must bear */
	bool has_key;
	unsigned char key[HJ212_KEY];
	unsigned kinds; /* that its points take */
	wq_ms cycle;    /* the shortest of its points; 0: not known */
	size_t first, count; /* of its entries */

	/* what it said last, for our requests */
	uint64_t connection; /* where it was heard last; HJ212_NOBODY: nowhere */
	bool told_item;      /* an item without a point was told since then */
	char st[5];
	int version;
	enum wq_hj212_checksum checksum;
	struct hj212_dialog dialog;
};

struct hj212_map {
	size_t station_count, entry_count, none_count;
	struct hj212_station *stations; /* ascending by MN */
	struct hj212_entry *entries;
	double *none;
};

/* *bad: index of the point at fault, SIZE_MAX: the bus. Keys are read by hj212_map_keys(). */
int hj212_map_open(struct hj212_map *map, const struct wq_bus *bus, size_t *bad, struct wq_err *err);
void hj212_map_close(struct hj212_map *map);

/* Reads the key file, "MN KEY" a line; # begins a comment. */
int hj212_map_keys(struct hj212_map *map, const char *path, struct wq_err *err);

/* NULL: no station has this MN. */
struct hj212_station *hj212_map_station(const struct hj212_map *map, struct wq_text mn);

const struct wq_hj212_target *hj212_map_find(const struct hj212_map *map, const struct hj212_station *station,
	enum wq_hj212_kind kind, struct wq_text code, struct wq_text suffix);

#endif
