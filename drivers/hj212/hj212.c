/* SPDX-License-Identifier: Apache-2.0 */
/* The driver as the daemon sees it: keys, check, and a server for each bus. */
#include "keys.h"
#include "map.h"
#include "peers.h"
#include "server.h"

#include "wq/driver.h"
#include "wq/err.h"

#include <string.h>

extern const struct wq_driver wq_driver_hj212;

static const struct wq_choice profiles[] = {
	{ "2005", WQ_HJ212_2005 },
	{ "2017", WQ_HJ212_2017 },
	{ "2025", WQ_HJ212_2025 },
	{ "surface-water", WQ_HJ212_SURFACE },
	{ NULL, 0 },
};

static const struct wq_choice checksums[] = {
	{ "any", HJ212_ANY },
	{ "hj212", WQ_HJ212_STANDARD },
	{ "modbus", WQ_HJ212_MODBUS },
	{ "modbus-swapped", WQ_HJ212_MODBUS_SWAPPED },
	{ "off", HJ212_OFF },
	{ NULL, 0 },
};

static const struct wq_choice acknowledges[] = {
	{ "asked", HJ212_WHEN_ASKED },
	{ "always", HJ212_ALWAYS },
	{ "never", HJ212_NEVER },
	{ NULL, 0 },
};

static const struct wq_choice time_commands[] = {
	{ "1012", 1012 },
	{ "1015", 1015 },
	{ NULL, 0 },
};

#define BUS(field)   offsetof(struct hj212_bus_settings, field)
#define POINT(field) offsetof(struct hj212_point_settings, field)

static const struct wq_option bus_options[] = {
	{ .key = "listen", .type = WQ_OPT_TEXT, .min = 3, .max = 64, .offset = BUS(listen),
		.help = "address and port where stations connect: 0.0.0.0:9212; nothing listens unless it is given" },
	{ .key = "connect", .type = WQ_OPT_LIST, .max = 64, .offset = BUS(connect),
		.help = "instead: addresses and ports of stations that listen" },
	{ .key = "profile", .type = WQ_OPT_CHOICE, .fallback = "surface-water", .choices = profiles, .offset = BUS(profile),
		.help = "how the stations speak" },
	{ .key = "stations", .type = WQ_OPT_LIST, .offset = BUS(stations),
		.help = "MN=station: the stations by their MN; one that is not named has its id as MN" },
	{ .key = "profiles", .type = WQ_OPT_LIST, .offset = BUS(profiles),
		.help = "MN=profile: stations that speak otherwise" },
	{ .key = "checksum", .type = WQ_OPT_CHOICE, .fallback = "any", .choices = checksums, .offset = BUS(checksum),
		.help = "which checksum a frame must bear; any: one of the three; off: frames are taken whatever it is" },
	{ .key = "checksums", .type = WQ_OPT_LIST, .offset = BUS(checksums),
		.help = "MN=checksum: stations with another one" },
	{ .key = "password", .type = WQ_OPT_TEXT, .min = 1, .max = 32, .offset = BUS(password),
		.help = "the PW that stations send and are sent; absent: any. It travels in the clear" },
	{ .key = "passwords", .type = WQ_OPT_LIST, .offset = BUS(passwords),
		.help = "MN=PW: stations with another one" },
	{ .key = "key_file", .type = WQ_OPT_TEXT, .min = 1, .max = 1024, .offset = BUS(key_file),
		.help = "file of SM4 keys, a line \"MN KEY\" each, 32 hexadecimal digits; not readable by others" },
	{ .key = "none", .type = WQ_OPT_LIST, .max = 16, .offset = BUS(none),
		.help = "values that stand for no value, in the station's unit: { \"-99\", \"-9999\" }" },
	{ .key = "allow", .type = WQ_OPT_LIST, .max = 64, .offset = BUS(allow),
		.help = "addresses and networks that may connect: { \"10.8.0.0/16\" }; absent: any" },
	{ .key = "max_connections", .type = WQ_OPT_INTEGER, .min = 1, .max = 50000, .fallback = "1024",
		.offset = BUS(max_connections), .help = "connections at once" },
	{ .key = "max_per_address", .type = WQ_OPT_INTEGER, .min = 1, .max = 50000, .fallback = "64",
		.offset = BUS(max_per_address),
		.help = "of these from one address; many stations may share one behind a mobile network" },
	{ .key = "idle", .type = WQ_OPT_SPAN, .min = 0, .max = 604800000, .fallback = "5h", .offset = BUS(idle),
		.help = "a connection without a frame for this long is closed; longer than the longest cycle. 0: never" },
	{ .key = "frame_timeout", .type = WQ_OPT_SPAN, .min = 1000, .max = 300000, .fallback = "10s",
		.offset = BUS(frame_timeout), .help = "a frame has to be complete within this" },
	{ .key = "acknowledge", .type = WQ_OPT_CHOICE, .fallback = "asked", .choices = acknowledges,
		.offset = BUS(acknowledge),
		.help = "which frames are answered: those that ask for it, always, never. Data always once they are on disk" },
	{ .key = "calibrate", .type = WQ_OPT_SPAN, .min = 0, .max = 86400000, .fallback = "0", .offset = BUS(calibrate),
		.help = "a station whose clock is wrong by more than this is told ours, once a day at most. 0: never" },
	{ .key = "time_command", .type = WQ_OPT_CHOICE, .fallback = "1012", .choices = time_commands,
		.offset = BUS(time_command), .help = "the command for it: 1012, or 1015 where stations know that one" },
	{ .key = "backfill", .type = WQ_OPT_SPAN, .min = 0, .max = 2678400000.0, .fallback = "0", .offset = BUS(backfill),
		.help = "minute, hour and day records that are lacking are asked for, back to this. 0: never" },
	WQ_OPTION_END,
};

static const struct wq_option point_options[] = {
	{ .key = "code", .type = WQ_OPT_TEXT, .min = 1, .max = 32, .offset = POINT(code),
		.help = "the station's code for it; absent: the parameter's HJ 525 code" },
	{ .key = "suffix", .type = WQ_OPT_TEXT, .min = 1, .max = 16, .offset = POINT(suffix),
		.help = "which of a code's values; absent: Rtd of real-time records, Avg of the others" },
	{ .key = "cn", .type = WQ_OPT_LIST, .min = 1, .max = 4, .offset = POINT(cn),
		.help = "records that it is taken from: 2011, 2051, 2061, 2031; absent: 2061 of surface-water stations, 2011 of others" },
	WQ_OPTION_END,
};

static int check_addresses(const struct hj212_bus_settings *settings, struct wq_err *err)
{
	struct sockaddr_storage address;
	socklen_t length;
	int rc = 0;

	if ((settings->listen != NULL) == (settings->connect.count > 0))
		return wq_fail(err, WQ_E_INVALID, "one of listen and connect must be given");
	if (settings->listen != NULL)
		rc = hj212_address_parse(settings->listen, &address, &length, err);
	for (size_t i = 0; rc == 0 && i < settings->connect.count; i++)
		rc = hj212_address_parse(settings->connect.items[i], &address, &length, err);
	return rc < 0 ? rc : hj212_allow_check(&settings->allow, err);
}

static int check(const struct wq_bus *bus, size_t *bad, struct wq_err *err)
{
	struct hj212_map map;
	int rc;

	*bad = SIZE_MAX;
	if ((rc = check_addresses(bus->settings, err)) < 0 || (rc = hj212_map_open(&map, bus, bad, err)) < 0)
		return rc;
	hj212_map_close(&map);
	return 0;
}

struct state {
	struct hj212_server *server;
};

static size_t state_size(const struct wq_bus *bus)
{
	(void)bus;
	return sizeof(struct state);
}

static int open_bus(void *state, const struct wq_bus *bus, struct wq_err *err)
{
	struct wq_err own = { .code = WQ_E_MEMORY };
	struct hj212_server *server = hj212_server_open(bus, err != NULL ? err : &own);

	((struct state *)state)->server = server;
	return server != NULL ? 0 : err != NULL ? err->code : own.code;
}

static void close_bus(void *state)
{
	struct state *own = state;

	hj212_server_close(own->server);
	own->server = NULL;
}

static int start(void *state, const struct wq_sink *sink, struct wq_err *err)
{
	return hj212_server_start(((struct state *)state)->server, sink, err);
}

static void stop(void *state)
{
	hj212_server_stop(((struct state *)state)->server);
}

static uint64_t progress(const void *state)
{
	return hj212_server_progress(((const struct state *)state)->server);
}

const struct wq_driver wq_driver_hj212 = {
	.name = "hj212",
	.help = "stations that speak HJ 212 over TCP",
	.bus_options = bus_options,
	.bus_settings_size = sizeof(struct hj212_bus_settings),
	.point_options = point_options,
	.point_settings_size = sizeof(struct hj212_point_settings),
	.remark = "HJ 212 names no units: its own table gives Hg, Cd, Cr6+, As, Pb and Se in ug/L, GB 3838 and many "
		  "stations mg/L; a wrong `unit` is a factor of 1000, so hold a first value against the station's display",
	.check = check,
	.state_size = state_size,
	.open = open_bus,
	.close = close_bus,
	.start = start,
	.stop = stop,
	.progress = progress,
};
