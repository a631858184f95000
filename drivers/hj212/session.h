/* SPDX-License-Identifier: Apache-2.0 */
/* What a frame of a connection leads to: samples to the sink, answers, requests. Knows no socket but to send. */
#ifndef HJ212_SESSION_H
#define HJ212_SESSION_H

#include "conn.h"
#include "keys.h"
#include "map.h"
#include "promises.h"

#include "wq/driver.h"

#define HJ212_BAD_MAX     20                /* broken frames, or frames of strangers, in a row */
#define HJ212_JUNK_MAX    16384             /* bytes that belong to no frame, in a row */
#define HJ212_ASKING_MAX  32                /* requests under way on a bus */

/* What the frames of all connections share. The server's thread only. */
struct hj212_sessions {
	const struct wq_bus *bus;
	const struct hj212_bus_settings *settings;
	const struct wq_sink *sink;
	struct hj212_map map;
	struct hj212_promises *promises;
	size_t asking; /* stations with a request under way, as of the last tick */
	wq_ms now;     /* since boot */

	/* for the frame that is being read */
	struct hj212_conn *conn;
	struct hj212_station *station;
	struct wq_hj212_record record;
	struct wq_sample samples[WQ_HJ212_ITEMS_MAX];
	struct wq_check checks[WQ_HJ212_ITEMS_MAX];
	char plain[10240];
};

/* Reads the frames of `bytes`. ended: what is unfinished will not be finished. Returns how many bytes are done with; fewer
 * than there are where a frame is unfinished, or where the inbox has no room (conn->blocked). connection: how promises
 * name it. */
size_t hj212_sessions_read(struct hj212_sessions *sessions, struct hj212_conn *conn, uint64_t connection,
	const char *bytes, size_t length, bool ended);

/* Sends the station what is due; conn: where it was heard last. */
void hj212_sessions_ask(struct hj212_sessions *sessions, struct hj212_station *station, struct hj212_conn *conn);

/* Tells the sink, with the peer's address. */
void hj212_sessions_refuse(const struct hj212_sessions *sessions, const struct hj212_conn *conn, enum wq_refusal why,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
