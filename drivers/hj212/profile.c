/* SPDX-License-Identifier: Apache-2.0 */
/* What commands, flags and codes mean, by profile. HJ 212-2017: 6.6.5, Table 8 and Table B.1 (read in full); of 2005, 2025 and
 * the surface-water stations only what programs of the field show. The same letters mean different things in different
 * profiles: F is "stopped" in 2017 and "does not communicate" at a surface-water station. */
#include "wq/hj212.h"

#include <string.h>

static const char *const profiles[WQ_HJ212_PROFILES] = { "2005", "2017", "2025", "surface-water" };

const char *wq_hj212_profile_name(enum wq_hj212_profile profile)
{
	return profiles[profile];
}

int wq_hj212_profile_find(const char *name)
{
	for (int i = 0; i < WQ_HJ212_PROFILES; i++)
		if (strcmp(profiles[i], name) == 0)
			return i;
	return -1;
}

/* -- commands -- */

#define ALL   0xFu
#define OF(p) (1u << (p))

static const struct {
	char cn[5];
	unsigned profiles;
	enum wq_hj212_kind kind;
} commands[] = {
	{ "2011", ALL, WQ_HJ212_REALTIME },
	{ "2051", ALL, WQ_HJ212_MINUTE },
	{ "2061", ALL, WQ_HJ212_HOUR },
	{ "2031", ALL, WQ_HJ212_DAY },
	/* 2062 of 2025 is the automatic check with a standard sample, too; whatever they are elsewhere, no river water. */
	{ "2062", ALL, WQ_HJ212_CHECK },
	{ "2063", ALL, WQ_HJ212_CHECK },
	{ "2064", ALL, WQ_HJ212_CHECK },
	{ "2065", ALL, WQ_HJ212_CHECK },
	{ "2066", ALL, WQ_HJ212_CHECK },
	{ "2013", OF(WQ_HJ212_2025), WQ_HJ212_NOTE },
	{ "2019", ALL, WQ_HJ212_NOTE },
	{ "2021", ALL, WQ_HJ212_NOTE },
	{ "2041", ALL, WQ_HJ212_NOTE },
	{ "2052", OF(WQ_HJ212_2025), WQ_HJ212_NOTE },
	{ "2071", ALL, WQ_HJ212_NOTE },
	{ "2072", ALL, WQ_HJ212_NOTE },
	{ "2081", ALL, WQ_HJ212_NOTE },
	{ "2111", OF(WQ_HJ212_2025), WQ_HJ212_NOTE },
	{ "3005", OF(WQ_HJ212_SURFACE), WQ_HJ212_NOTE },
	{ "3015", ALL, WQ_HJ212_NOTE },
	{ "3016", OF(WQ_HJ212_SURFACE), WQ_HJ212_NOTE },
	{ "3019", ALL, WQ_HJ212_NOTE },
	{ "3020", ALL, WQ_HJ212_NOTE },
	{ "3025", OF(WQ_HJ212_SURFACE), WQ_HJ212_NOTE },
	{ "3040", OF(WQ_HJ212_SURFACE), WQ_HJ212_NOTE },
	{ "3041", OF(WQ_HJ212_SURFACE), WQ_HJ212_NOTE },
	{ "2091", ALL, WQ_HJ212_HEARTBEAT },
	{ "8013", ALL, WQ_HJ212_HEARTBEAT },
	{ "8051", ALL, WQ_HJ212_HEARTBEAT },
	{ "9015", ALL, WQ_HJ212_HEARTBEAT },
	{ "9021", ALL, WQ_HJ212_HEARTBEAT },
	{ "1013", ALL, WQ_HJ212_ASKS_TIME },
	{ "9011", ALL, WQ_HJ212_ANSWER },
	{ "9012", ALL, WQ_HJ212_ANSWER },
	{ "9013", ALL, WQ_HJ212_ANSWER },
	{ "9014", ALL, WQ_HJ212_ANSWER },
};

enum wq_hj212_kind wq_hj212_kind_of(enum wq_hj212_profile profile, struct wq_text cn)
{
	if (cn.length != 4)
		return WQ_HJ212_OTHER;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (memcmp(commands[i].cn, cn.at, 4) == 0 && (commands[i].profiles & OF(profile)) != 0)
			return commands[i].kind;
	return WQ_HJ212_OTHER;
}

/* -- flags -- */

#define STANDARD (OF(WQ_HJ212_2005) | OF(WQ_HJ212_2017) | OF(WQ_HJ212_2025))
#define SURFACE  OF(WQ_HJ212_SURFACE)

static const struct {
	char flag[4];
	unsigned profiles;
	enum wq_quality quality;
} flags[] = {
	{ "N", ALL, WQ_UNCHECKED },
	{ "F", ALL, WQ_BAD }, /* stopped; surface water: does not communicate */
	{ "M", ALL, WQ_MAINTENANCE },
	{ "S", ALL, WQ_BAD }, /* set by hand */
	{ "D", ALL, WQ_BAD },
	{ "C", STANDARD, WQ_MAINTENANCE }, /* is being calibrated */
	{ "T", ALL, WQ_BAD },              /* above the range that it can measure */
	{ "B", ALL, WQ_BAD },
	{ "L", SURFACE, WQ_BAD }, /* below it */
	{ "P", SURFACE, WQ_BAD }, /* power */
	{ "Z", SURFACE, WQ_BAD }, /* no water at the intake */
	{ "hd", SURFACE, WQ_UNCHECKED }, /* started by hand at the station: river water all the same */
	{ "lr", SURFACE, WQ_BAD },
	{ "lp", SURFACE, WQ_BAD },
	{ "lw", SURFACE, WQ_BAD },
	{ "ls", SURFACE, WQ_BAD },
};

enum wq_quality wq_hj212_quality(enum wq_hj212_profile profile, struct wq_text flag)
{
	for (size_t i = 0; flag.length > 0 && i < sizeof flags / sizeof *flags; i++)
		if ((flags[i].profiles & OF(profile)) != 0 && wq_text_is(flag, flags[i].flag))
			return flags[i].quality;
	return WQ_UNCHECKED;
}

bool wq_hj212_check_flag(enum wq_hj212_profile profile, struct wq_text flag, enum wq_check_kind *kind)
{
	static const struct {
		char flag[3];
		enum wq_check_kind kind;
	} checks[] = { { "sc", WQ_CHECK_STANDARD }, { "cz", WQ_CHECK_ZERO }, { "cs", WQ_CHECK_SPAN },
		{ "ra", WQ_CHECK_RECOVERY }, { "pt", WQ_CHECK_PARALLEL }, { "ps", WQ_CHECK_PARALLEL } };

	/* The standard has no flags of two letters: who sends these means what surface-water stations mean. */
	(void)profile;
	for (size_t i = 0; flag.length == 2 && i < sizeof checks / sizeof *checks; i++)
		if (wq_text_is(flag, checks[i].flag)) {
			*kind = checks[i].kind;
			return true;
		}
	return false;
}

/* -- codes: Table B.1 of HJ 212-2017 gives both -- */

struct wq_text wq_hj212_code(struct wq_text code)
{
	static const struct {
		char legacy[4], code[7];
	} codes[] = { { "001", "w01001" }, { "002", "w01002" }, { "003", "w01012" }, { "010", "w01017" },
		{ "011", "w01018" }, { "015", "w01020" }, { "020", "w20111" }, { "022", "w20115" },
		{ "023", "w20116" }, { "024", "w20117" }, { "026", "w20119" }, { "027", "w20120" },
		{ "028", "w20121" }, { "029", "w20122" }, { "030", "w20123" }, { "031", "w20124" },
		{ "032", "w20125" }, { "035", "w20128" }, { "060", "w21003" }, { "063", "w21006" },
		{ "064", "w21007" }, { "065", "w21001" }, { "070", "w21016" }, { "071", "w21019" },
		{ "072", "w21017" }, { "080", "w22001" }, { "090", "w21022" }, { "101", "w21011" },
		{ "110", "w23002" }, { "520", "w19002" }, { "550", "w02003" }, { "B01", "w00000" } };

	for (size_t i = 0; code.length == 3 && i < sizeof codes / sizeof *codes; i++)
		if (memcmp(codes[i].legacy, code.at, 3) == 0)
			return (struct wq_text){ codes[i].code, 6 };
	return code;
}
