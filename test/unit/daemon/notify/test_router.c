/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "bureau.h"
#include "roster.h"
#include "router.h"
#include "wq/rule.h"

#include <stdio.h>
#include <string.h>

#define NOW 1772697605000

static struct wq_notice notices[8];

/* "zhang:lead li:lead …" */
static const char *told(const struct config *config, const struct wq_change *change)
{
	static char text[256];
	size_t n = router_notices(config, change, 0xabc, NOW, notices, 8);

	text[0] = '\0';
	assert_true(n <= config->contact_count);
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s:%s",
		        i > 0 ? " " : "", notices[i].contact,
		        notices[i].assist ? "assist" : "lead");
	return text;
}

/* Whoever is told has a reason, of the same role, and nobody else has. */
static void assert_reasons_fit(const struct config *config, const struct wq_change *change)
{
	const size_t n = router_notices(config, change, 1, NOW, notices, 8);

	for (uint32_t i = 0; i < config->contact_count; i++) {
		struct router_reason reasons[4];
		const size_t count = router_reasons(config, change, i, reasons, 4);
		int as = -1; /* 1: lead, 0: assist */

		for (size_t k = 0; k < n; k++)
			if (strcmp(notices[k].contact, config->contacts[i].id) == 0)
				as = notices[k].assist ? 0 : 1;
		if (config->contacts[i].channel_count == 0)
			continue;
		assert_int_equal(count > 0, as >= 0);
		for (size_t k = 0, lead = 0; k < count; k++) {
			lead |= reasons[k].lead;
			assert_true(reasons[k].route < config->route_count && reasons[k].group < config->group_count);
			assert_true((reasons[k].why == ROUTER_MEMBER) == (reasons[k].roster == WQ_NONE));
			assert_true(k + 1 < count || (int)lead == as);
		}
	}
}

static void routes_decide_who_is_told(void **state)
{
	static const struct {
		enum wq_change_kind kind;
		enum wq_level level;
		uint32_t station;
		const char *who;
	} rows[] = {
		/* li is in the lead and in copy: in the lead, once */
		{ WQ_OPENED, WQ_LEVEL_WATCH, YIGAN, "zhang:lead li:lead wang:assist" },
		{ WQ_OPENED, WQ_LEVEL_INFO, YIGAN, "" },
		{ WQ_RAISED, WQ_LEVEL_ALARM, NANHENG, "zhang:lead li:lead wang:assist" },
		{ WQ_ESCALATED, WQ_LEVEL_ALARM, YIGAN,
		        "zhang:lead li:lead leader:lead wang:assist" },
		{ WQ_ACKNOWLEDGED, WQ_LEVEL_ALARM, YIGAN, "zhang:lead li:lead wang:assist" },
		{ WQ_CORRECTED, WQ_LEVEL_ALARM, YIGAN, "zhang:lead li:lead" },
		{ WQ_RECOVERED, WQ_LEVEL_ALARM, YIGAN, "zhang:lead li:lead wang:assist" },
		{ WQ_SHELVED, WQ_LEVEL_ALARM, YIGAN, "zhang:lead li:lead wang:assist" },
		{ WQ_UNSHELVED, WQ_LEVEL_ALARM, YIGAN, "zhang:lead li:lead wang:assist" },
		{ WQ_OPENED, WQ_LEVEL_ALARM, NEW_STATION, "installer:lead" },
		{ WQ_OPENED, WQ_LEVEL_INFO, NEW_STATION, "installer:lead" },
		{ WQ_ESCALATED, WQ_LEVEL_ALARM, NEW_STATION, "installer:lead" },
		{ WQ_OPENED, WQ_LEVEL_ALARM, WQ_NONE, "zhang:lead li:lead wang:assist" },
	};
	const struct config config = bureau();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wq_change change = bureau_change(rows[i].kind, rows[i].level);

		change.station = rows[i].station;
		assert_string_equal(told(&config, &change), rows[i].who);
		assert_reasons_fit(&config, &change);
	}
}

static void nobody_is_told_of_what_is_on_the_shelf_or_held_back(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);

	(void)state;
	for (int hush = WQ_HUSH_NONE; hush <= WQ_HUSH_FLOOD; hush++) {
		change.hush = (enum wq_hush)hush;
		assert_int_equal(strcmp(told(&config, &change), "") != 0, hush == WQ_HUSH_NONE);
	}
}

static void routes_match_by_kind_and_by_station(void **state)
{
	static const uint32_t only[] = { NANHENG, QINGLONG };
	struct config config = bureau();
	struct config_route route = config.routes[0];
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);

	(void)state;
	config.routes = &route;
	config.route_count = 1;
	route.kinds = 1u << WQ_SOURCE_BACKUP;
	assert_string_not_equal(told(&config, &change), "");
	route.kinds = ~(1u << WQ_SOURCE_BACKUP);
	assert_string_equal(told(&config, &change), "");
	route.kinds = ~0u;
	route.all_stations = false;
	route.stations = only;
	route.station_count = 2;
	assert_string_equal(told(&config, &change), "");
	change.station = QINGLONG;
	assert_string_not_equal(told(&config, &change), "");
	change.station = WQ_NONE; /* about the site: not for a route that names stations */
	assert_string_equal(told(&config, &change), "");
}

/* The change of the bench is of 2026-03-05, total phosphorus at yigan in 杨舍镇. */
static void routes_match_by_town_parameter_and_day_of_the_year(void **state)
{
	static const char *const here[] = { "大新镇", "杨舍镇" };
	static const uint32_t tp[] = { 0 }, other[] = { 1 };
	static const struct {
		size_t towns, parameters;
		const uint32_t *which;
		struct wq_season season;
		uint32_t station, series;
		enum router_no no;
	} rows[] = {
		{ 2, 0, NULL, { 0 }, YIGAN, YIGAN_TP, ROUTER_YES },
		{ 1, 0, NULL, { 0 }, YIGAN, YIGAN_TP, ROUTER_NO_TOWN },
		{ 2, 0, NULL, { 0 }, NANHENG, 0, ROUTER_NO_TOWN }, /* it has no town */
		{ 2, 0, NULL, { 0 }, WQ_NONE, WQ_NONE, ROUTER_NO_SITE },
		{ 0, 0, NULL, { 0 }, WQ_NONE, WQ_NONE, ROUTER_YES },
		{ 0, 1, tp, { 0 }, YIGAN, YIGAN_TP, ROUTER_YES },
		{ 0, 1, other, { 0 }, YIGAN, YIGAN_TP, ROUTER_NO_PARAMETER },
		{ 0, 1, tp, { 0 }, YIGAN, WQ_NONE, ROUTER_NO_PARAMETER }, /* the station as a whole */
		{ 0, 1, tp, { 0 }, WQ_NONE, WQ_NONE, ROUTER_NO_PARAMETER },
		{ 0, 0, NULL, { 3, 5, 3, 5 }, YIGAN, YIGAN_TP, ROUTER_YES },
		{ 0, 0, NULL, { 3, 6, 3, 4 }, YIGAN, YIGAN_TP, ROUTER_NO_SEASON },
		{ 0, 0, NULL, { 11, 1, 3, 5 }, YIGAN, YIGAN_TP, ROUTER_YES },
		{ 0, 0, NULL, { 5, 1, 9, 30 }, YIGAN, YIGAN_TP, ROUTER_NO_SEASON },
		{ 2, 1, tp, { 1, 1, 12, 31 }, YIGAN, YIGAN_TP, ROUTER_YES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config config = bureau();
		struct config_route route = config.routes[0];
		struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);

		config.routes = &route;
		config.route_count = 1;
		route.towns = here;
		route.town_count = rows[i].towns;
		route.parameters = rows[i].which;
		route.parameter_count = rows[i].parameters;
		route.season = rows[i].season;
		change.station = rows[i].station;
		change.series = rows[i].series;
		assert_int_equal(router_refuses(&config, 0, &change), rows[i].no);
		assert_int_equal(strcmp(told(&config, &change), "") != 0, rows[i].no == ROUTER_YES);
		assert_reasons_fit(&config, &change);
	}
}

/* The day is that of the site, and of the moment at which it was decided. */
static void a_season_begins_at_the_site_s_midnight(void **state)
{
	struct config config = bureau();
	struct config_route route = config.routes[0];
	struct wq_change change = bureau_change(WQ_CLEARED, WQ_LEVEL_ALARM);

	(void)state;
	config.routes = &route;
	config.route_count = 1;
	route.season = (struct wq_season){ 3, 6, 9, 30 };
	change.decided = 1772697605000 + WQ_HOURS(8) - WQ_SECONDS(6); /* 03-05 23:59:59 */
	assert_int_equal(router_refuses(&config, 0, &change), ROUTER_NO_SEASON);
	change.decided += WQ_SECONDS(1);
	assert_int_equal(router_refuses(&config, 0, &change), ROUTER_YES);
	change.level = WQ_LEVEL_INFO;
	assert_int_equal(router_refuses(&config, 0, &change), ROUTER_NO_LEVEL);
}

static void a_reminder_goes_to_the_lead_of_routes_that_asked_for_it(void **state)
{
	struct config config = bureau();
	struct config_route routes[2] = { config.routes[0], config.routes[0] };
	struct wq_change change = bureau_change(WQ_REMINDED, WQ_LEVEL_WARNING);

	(void)state;
	config.routes = routes;
	routes[1].lead = 1; /* wang leads here */
	change.reminder = 3;
	change.state = WQ_LIFE_ACTIVE;
	assert_string_equal(told(&config, &change), "");
	assert_int_equal(router_refuses(&config, 0, &change), ROUTER_NO_REMINDER);
	routes[0].remind.open[WQ_LEVEL_WARNING] = WQ_HOURS(2);
	routes[0].remind_most = 3;
	assert_string_equal(told(&config, &change), "zhang:lead li:lead");
	assert_reasons_fit(&config, &change);
	change.reminder = 4;
	assert_string_equal(told(&config, &change), "");
	change.reminder = 1;
	change.state = WQ_LIFE_ACKNOWLEDGED;
	assert_string_equal(told(&config, &change), "");
	routes[1].remind.acknowledged[WQ_LEVEL_WARNING] = WQ_DAYS(1);
	routes[1].remind_most = 1;
	assert_string_equal(told(&config, &change), "li:lead wang:lead");
}

/* Two routes with ladders of their own: zhang and li by 40 s, wang after it and the leader at 100 s; li's law office by 90 s. */
static void each_route_climbs_its_own_ladder(void **state)
{
	static const uint32_t steps[] = { 1, 2 }, installers[] = { 3 };
	static const struct {
		int waited;
		const char *who;
	} rows[] = {
		{ 40, "zhang:lead li:lead wang:lead" },
		{ 90, "li:lead wang:lead installer:lead" },
		{ 100, "zhang:lead li:lead wang:lead leader:lead" },
		{ 60, "" },
		{ 160, "" }, /* there is no third step */
	};
	struct config config = bureau();
	struct config_route routes[2] = { config.routes[0], config.routes[0] };
	struct wq_change change = bureau_change(WQ_ESCALATED, WQ_LEVEL_ALARM);

	(void)state;
	config.routes = routes;
	routes[0].assist_count = routes[1].assist_count = 0;
	routes[0].escalate_to = steps;
	routes[0].escalate_count = 2;
	routes[0].escalate_after[WQ_LEVEL_ALARM] = WQ_SECONDS(40);
	routes[0].escalate_next[WQ_LEVEL_ALARM] = WQ_SECONDS(60);
	routes[1].lead = 1; /* wang and li lead here */
	routes[1].escalate_to = installers;
	routes[1].escalate_after[WQ_LEVEL_ALARM] = WQ_SECONDS(90);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		change.waited = WQ_SECONDS(rows[i].waited);
		assert_string_equal(told(&config, &change), rows[i].who);
		assert_reasons_fit(&config, &change);
		if (rows[i].who[0] == '\0')
			assert_int_equal(router_refuses(&config, 0, &change), ROUTER_NO_STEP);
	}
}

/* Its stations do not ring meanwhile: whoever hears of one of them must hear of the bus. */
static void a_bus_is_told_to_the_routes_of_what_is_read_from_it(void **state)
{
	static const uint32_t only[] = { QINGLONG };
	static const char *const sources[] = { "plc", "broker" };
	static const struct wq_rule bus = { .name = "bus", .scope = WQ_SCOPE_NETWORK, .about = WQ_ABOUT_DEVICE, .parent = true };
	static const struct wq_rule_use rules[] = { { .rule = &bus, .name = "wqd:bus:plc" }, { .rule = &bus, .name = "wqd:bus:broker" } };
	struct config config = bureau();
	struct wq_series series[4];
	struct config_route routes[2] = { config.routes[0], config.routes[1] };
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_WARNING);

	(void)state;
	memcpy(series, config.site.series, sizeof series);
	series[QINGLONG].source = series[NEW_STATION].source = 1;
	config.site.series = series;
	config.site.rules = rules;
	config.site.rule_count = 2;
	config.site.sources = sources;
	config.site.source_count = 2;
	config.routes = routes;
	routes[0].all_stations = false;
	routes[0].stations = only;
	routes[0].station_count = 1;
	change.station = change.series = WQ_NONE;
	change.rule = 0;
	assert_string_equal(told(&config, &change), "");
	change.rule = 1;
	assert_string_equal(told(&config, &change), "zhang:lead li:lead installer:lead wang:assist");
	routes[0].stations = (const uint32_t[]){ YIGAN };
	assert_string_equal(told(&config, &change), "installer:lead");
	change.rule = 0;
	assert_string_equal(told(&config, &change), "zhang:lead li:lead wang:assist");
	assert_non_null(strstr(notices[0].text, "【设备告警】"));
	change.level = WQ_LEVEL_INFO;
	assert_string_equal(told(&config, &change), "");
}

static void a_maintenance_that_nobody_ended_is_told_to_the_lead_whatever_the_level(void **state)
{
	static const struct wq_rule rule = { .name = "maintenance", .scope = WQ_SCOPE_STATION, .about = WQ_ABOUT_DEVICE, .to_lead = true };
	static const struct wq_rule_use use = { .rule = &rule, .name = "wqd:maintenance" };
	struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_INFO);

	(void)state;
	config.site.rules = &use;
	config.site.rule_count = 1;
	change.rule = 0;
	assert_string_equal(told(&config, &change), "zhang:lead li:lead");
	change.station = NEW_STATION;
	assert_string_equal(told(&config, &change), "installer:lead");
}

/* By the roster zhang and li lead by turns from 08:00 to 20:00 and over night, wang assists, the leader is on call. The change
 * of the bench is decided at 16:00:05. */
static const struct roster_shift shifts[] = { { "day", WQ_HOURS(8), WQ_HOURS(12) }, { "night", WQ_HOURS(20), WQ_HOURS(12) } };
static const uint32_t leading[] = { ZHANG, LI }, assisting[] = { WANG }, on_call[] = { LEADER },
                      known[] = { ZHANG, LI, WANG, LEADER };

static struct roster duty_of(size_t leads, size_t assists, size_t leaders)
{
	return (struct roster){ .id = "water", .name = "值班", .zone = &wq_zone_china,
		.shift_count = 2, .shifts = shifts,
		.turns = { [ROSTER_LEAD] = { leads, leading, ROSTER_BY_SHIFT },
		        [ROSTER_ASSIST] = { assists, assisting, ROSTER_BY_SHIFT },
		        [ROSTER_LEADER] = { leaders, on_call, ROSTER_BY_WEEK } },
		.everybody_count = 4, .everybody = known };
}

static void a_group_tells_who_is_on_duty_at_that_moment(void **state)
{
	static const struct {
		enum wq_change_kind kind;
		wq_ms later;
		size_t leads, assists, leaders;
		bool in_lead, in_assist, to_leaders; /* where the route names the roster's group */
		const char *who;
	} rows[] = {
		{ WQ_OPENED, 0, 2, 1, 1, true, false, false, "zhang:lead wang:assist" },
		{ WQ_OPENED, WQ_HOURS(4), 2, 1, 1, true, false, false, "li:lead wang:assist" },
		{ WQ_OPENED, WQ_HOURS(16), 2, 1, 1, true, false, false, "zhang:lead wang:assist" },
		{ WQ_OPENED, 0, 2, 1, 1, false, true, false, "zhang:assist wang:assist" },
		{ WQ_CORRECTED, 0, 2, 1, 1, true, false, false, "zhang:lead" },
		{ WQ_ESCALATED, 0, 2, 1, 1, true, false, false, "zhang:lead leader:lead wang:assist" },
		{ WQ_ESCALATED, 0, 2, 1, 1, false, false, true, "leader:lead" },
		{ WQ_ESCALATED, 0, 2, 1, 0, false, false, true, "zhang:lead wang:lead" },
		{ WQ_OPENED, 0, 2, 1, 1, false, false, true, "" },
		/* nobody has the lead: never silence */
		{ WQ_OPENED, 0, 0, 1, 1, true, false, false, "zhang:lead li:lead wang:lead leader:lead" },
		{ WQ_OPENED, 0, 0, 0, 0, false, true, false, "zhang:assist li:assist wang:assist leader:assist" },
		{ WQ_CORRECTED, 0, 0, 0, 0, true, false, false, "zhang:lead li:lead wang:lead leader:lead" },
		{ WQ_ESCALATED, 0, 0, 0, 0, false, false, true, "zhang:lead li:lead wang:lead leader:lead" },
	};
	static const uint32_t first[] = { 0 };
	static const struct config_group groups[] = { { .id = "duty", .roster_count = 1, .rosters = first }, { .id = "none" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct roster roster = duty_of(rows[i].leads, rows[i].assists, rows[i].leaders);
		struct config config = bureau();
		struct config_route route = config.routes[0];
		struct wq_change change = bureau_change(rows[i].kind, WQ_LEVEL_ALARM);

		config.groups = groups;
		config.group_count = 2;
		config.rosters = &roster;
		config.roster_count = 1;
		config.routes = &route;
		config.route_count = 1;
		route.lead = rows[i].in_lead ? 0 : 1;
		route.assist = rows[i].in_assist ? first : (const uint32_t[]){ 1 };
		route.escalate_to = rows[i].to_leaders ? first : (const uint32_t[]){ 1 };
		change.decided += rows[i].later;
		assert_string_equal(told(&config, &change), rows[i].who);
		assert_true((router_vacant(&config, &change) != NULL) == (rows[i].leads == 0));
		assert_reasons_fit(&config, &change);
	}
}

static void a_contact_in_two_routes_is_told_once_in_the_lead(void **state)
{
	struct config config = bureau();
	struct config_route routes[2] = { config.routes[0], config.routes[0] };
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);

	(void)state;
	routes[1].lead = 1; /* law leads here */
	routes[1].assist_count = 0;
	config.routes = routes;
	assert_string_equal(told(&config, &change), "zhang:lead li:lead wang:lead");
}

static void a_notice_is_complete(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_RAISED, WQ_LEVEL_ALARM);

	(void)state;
	change.number = 2;
	told(&config, &change);
	assert_string_equal(notices[0].id, "abc-W20260305-007-2-zhang");
	assert_int_equal(notices[0].alarm, 2026030500007);
	assert_int_equal(notices[0].number, 2);
	assert_int_equal(notices[0].kind, WQ_RAISED);
	assert_int_equal(notices[0].level, WQ_LEVEL_ALARM);
	assert_int_equal(notices[0].time, change.time);
	assert_int_equal(notices[0].created, NOW);
	assert_int_equal(notices[0].expires, NOW + WQ_HOURS(12));
	assert_string_equal(notices[0].channel, "centre");
	assert_string_equal(notices[0].address, "13800000001");
	assert_string_equal(notices[1].address, "");
	assert_string_equal(notices[2].channel, "modem");
	assert_non_null(strstr(notices[0].text, "请20秒内核查并回复"));
	assert_non_null(strstr(notices[2].text, "请配合核查"));
	assert_non_null(strstr(notices[2].data, "\"contact\":\"wang\",\"role\":\"assist\""));
}

static void ids_hold_no_dot_and_fit_and_differ(void **state)
{
	struct config config = bureau();
	struct config_contact contacts[6];
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);
	char first[WQ_NOTICE_ID];

	(void)state;
	memcpy(contacts, config.contacts, sizeof contacts);
	config.contacts = contacts;
	contacts[ZHANG].id = "zhang.san@bureau.example";
	contacts[LI].id = "a_very_long_contact_name_that_goes_on_and_on_until_63_bytes_are";
	change.number = UINT32_MAX;
	assert_int_equal(router_notices(&config, &change, UINT64_MAX, NOW, notices, 8), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_null(strpbrk(notices[i].id, ". @"));
		assert_true(strlen(notices[i].id) < WQ_NOTICE_ID - 1);
	}
	assert_string_not_equal(notices[0].id, notices[1].id);
	snprintf(first, sizeof first, "%s", notices[0].id);
	router_notices(&config, &change, UINT64_MAX, NOW + 1, notices, 8);
	assert_string_equal(notices[0].id, first);
	change.number--;
	router_notices(&config, &change, UINT64_MAX, NOW, notices, 8);
	assert_string_not_equal(notices[0].id, first);
}

static void too_little_room_loses_copies_first_and_says_how_many_there_are(void **state)
{
	const struct config config = bureau();
	struct wq_change change = bureau_change(WQ_ESCALATED, WQ_LEVEL_ALARM);
	struct wq_notice few[3];

	(void)state;
	memset(few, 0, sizeof few);
	assert_int_equal(router_notices(&config, &change, 1, NOW, few, 2), 4);
	assert_string_equal(few[1].contact, "li");
	assert_string_equal(few[2].contact, "");
	assert_int_equal(router_notices(&config, &change, 1, NOW, NULL, 0), 4);
}

static void without_a_lifetime_a_notice_lives_a_day(void **state)
{
	struct config config = bureau();
	struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_ALARM);

	(void)state;
	config.paths.notice_lifetime = WQ_NO_TIME;
	told(&config, &change);
	assert_int_equal(notices[0].expires, NOW + WQ_HOURS(24));
}

static void the_shortest_deadline_of_the_routes_that_name_the_contact_counts(void **state)
{
	const struct wq_change change = bureau_change(WQ_OPENED, WQ_LEVEL_WARNING);
	struct config config = bureau();
	struct config_route routes[3] = { config.routes[0], config.routes[0], config.routes[0] };

	(void)state;
	routes[0].deadline = WQ_SECONDS(90);
	routes[1].deadline = WQ_SECONDS(30);
	routes[1].assist_count = 0; /* names zhang and li only */
	routes[2].deadline = WQ_SECONDS(5);
	routes[2].min_level = WQ_LEVEL_ALARM; /* does not match */
	config.routes = routes;
	config.route_count = 3;
	assert_string_equal(told(&config, &change), "zhang:lead li:lead wang:assist");
	assert_int_equal(notices[0].deadline, WQ_SECONDS(30));
	assert_int_equal(notices[1].deadline, WQ_SECONDS(30));
	assert_int_equal(notices[2].deadline, WQ_SECONDS(90));
	assert_int_equal(notices[0].since, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_deadline_of_the_routes_that_name_the_contact_counts),
		cmocka_unit_test(routes_decide_who_is_told),
		cmocka_unit_test(nobody_is_told_of_what_is_on_the_shelf_or_held_back),
		cmocka_unit_test(routes_match_by_kind_and_by_station),
		cmocka_unit_test(routes_match_by_town_parameter_and_day_of_the_year),
		cmocka_unit_test(a_season_begins_at_the_site_s_midnight),
		cmocka_unit_test(a_reminder_goes_to_the_lead_of_routes_that_asked_for_it),
		cmocka_unit_test(each_route_climbs_its_own_ladder),
		cmocka_unit_test(a_bus_is_told_to_the_routes_of_what_is_read_from_it),
		cmocka_unit_test(a_maintenance_that_nobody_ended_is_told_to_the_lead_whatever_the_level),
		cmocka_unit_test(a_group_tells_who_is_on_duty_at_that_moment),
		cmocka_unit_test(a_contact_in_two_routes_is_told_once_in_the_lead),
		cmocka_unit_test(a_notice_is_complete),
		cmocka_unit_test(ids_hold_no_dot_and_fit_and_differ),
		cmocka_unit_test(too_little_room_loses_copies_first_and_says_how_many_there_are),
		cmocka_unit_test(without_a_lifetime_a_notice_lives_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
