/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters known without configuration.
 *
 * Codes: HJ 525. Places shown: as the national real-time platform displays them. Places for
 * evaluation: as published programs for surface-water statistics have them; where none is known,
 * as measured. Plausible ranges: wide enough for spills and blooms, narrow enough for a dead probe
 * or a value in the wrong unit; a station may narrow them. */
#include "wq/parameter.h"

#include <string.h>

#define AS_MEASURED (-1)

#define ROW(code_, alias_, name_, english_, unit_, shown, evaluated, low_, high_)                  \
	{                                                                                          \
		.code = code_, .alias = alias_, .name = name_, .unit = unit_,                      \
		.display_places = shown, .evaluation_places = evaluated,                           \
		.mean = WQ_MEAN_ARITHMETIC, .low = low_, .high = high_, .english = english_        \
	}

/* Order of the first five: the evaluated items; see wq/standard.h. */
/* clang-format off */
const struct wq_parameter wq_parameters[] = {
	/*  code      alias  name  in English  unit  places shown, evaluated  plausible from, to */
	{ .code = "w01001", .alias = "ph", .name = "pH", .unit = "-", .display_places = 2,
		.evaluation_places = 0, .mean = WQ_MEAN_HYDROGEN, .low = 2, .high = 12, .english = "pH" },
	ROW("w01009", "do", "溶解氧", "dissolved oxygen", "mg/L", 2, 1, 0, 30),
	ROW("w01019", "codmn", "高锰酸盐指数", "permanganate index", "mg/L", 2, 1, 0, 200),
	ROW("w21003", "nh3n", "氨氮", "ammonia nitrogen", "mg/L", 3, 2, 0, 200),
	ROW("w21011", "tp", "总磷", "total phosphorus", "mg/L", 3, 3, 0, 20),
	ROW("w01010", "temp", "水温", "water temperature", "℃", 1, 1, -1, 45),
	ROW("w01014", "ec", "电导率", "conductivity", "μS/cm", 1, 1, 1, 80000),
	ROW("w01003", "turbidity", "浊度", "turbidity", "NTU", 1, 1, 0, 10000),
	ROW("w21001", "tn", "总氮", "total nitrogen", "mg/L", 2, 2, 0, 200),
	ROW("w01016", "chla", "叶绿素a", "chlorophyll a", "mg/L", 3, 3, 0, 5),
	ROW("w19011", "algae", "藻密度", "algal density", "cells/L", 0, 0, 0, 1e12),
	ROW("w01018", "cod", "化学需氧量", "chemical oxygen demand", "mg/L", 2, 1, 0, 2000),
	ROW("w01017", "bod5", "五日生化需氧量", "biochemical oxygen demand (5 d)", "mg/L", AS_MEASURED, 1, 0, 1000),
	ROW("w20122", "cu", "铜", "copper", "mg/L", AS_MEASURED, 3, 0, 100),
	ROW("w20123", "zn", "锌", "zinc", "mg/L", AS_MEASURED, 3, 0, 100),
	ROW("w21017", "f", "氟化物", "fluoride", "mg/L", AS_MEASURED, 3, 0, 500),
	ROW("w20128", "se", "硒", "selenium", "mg/L", AS_MEASURED, 4, 0, 10),
	ROW("w20141", "as", "砷", "arsenic", "mg/L", AS_MEASURED, 4, 0, 100),
	ROW("w20111", "hg", "汞", "mercury", "mg/L", AS_MEASURED, 5, 0, 10),
	ROW("w20115", "cd", "镉", "cadmium", "mg/L", AS_MEASURED, 5, 0, 100),
	ROW("w20117", "cr6", "六价铬", "hexavalent chromium", "mg/L", AS_MEASURED, 3, 0, 100),
	ROW("w20120", "pb", "铅", "lead", "mg/L", AS_MEASURED, 3, 0, 100),
	ROW("w21016", "cn", "氰化物", "cyanide", "mg/L", AS_MEASURED, 3, 0, 100),
	ROW("w23002", "phenol", "挥发酚", "volatile phenols", "mg/L", AS_MEASURED, 4, 0, 1000),
	ROW("w22001", "oil", "石油类", "petroleum oils", "mg/L", AS_MEASURED, 2, 0, 1000),
	ROW("w19002", "las", "阴离子表面活性剂", "anionic surfactants", "mg/L", AS_MEASURED, 2, 0, 1000),
	ROW("w21019", "sulfide", "硫化物", "sulfide", "mg/L", AS_MEASURED, 3, 0, 1000),
	ROW("w02003", "coliform", "粪大肠菌群", "faecal coliforms", "count/L", AS_MEASURED, AS_MEASURED, 0, 1e11),
	ROW("w21038", "so4", "硫酸盐", "sulfate", "mg/L", AS_MEASURED, AS_MEASURED, 0, 20000),
	ROW("w21022", "cl", "氯化物", "chloride", "mg/L", AS_MEASURED, AS_MEASURED, 0, 30000),
	ROW("w21007", "no3n", "硝酸盐氮", "nitrate nitrogen", "mg/L", AS_MEASURED, AS_MEASURED, 0, 1000),
	ROW("w20125", "fe", "铁", "iron", "mg/L", AS_MEASURED, AS_MEASURED, 0, 1000),
	ROW("w20124", "mn", "锰", "manganese", "mg/L", AS_MEASURED, AS_MEASURED, 0, 1000),
};
/* clang-format on */

const size_t wq_parameter_count = sizeof(wq_parameters) / sizeof(wq_parameters[0]);

/* Further spellings, as files and devices have them. */
static const struct {
	const char *name;
	const char *code;
} spellings[] = {
	{ "ph值", "w01001" },
	{ "ph_value", "w01001" },
	{ "溶氧", "w01009" },
	{ "do_mgl", "w01009" },
	{ "dissolved_oxygen", "w01009" },
	{ "高锰酸盐", "w01019" },
	{ "codmn_mgl", "w01019" },
	{ "imn", "w01019" },
	{ "permanganate", "w01019" },
	{ "nh3n_mgl", "w21003" },
	{ "nh3-n", "w21003" },
	{ "nh3_n", "w21003" },
	{ "nh4n", "w21003" },
	{ "nh4-n", "w21003" },
	{ "ammonia", "w21003" },
	{ "tp_mgl", "w21011" },
	{ "total_phosphorus", "w21011" },
	{ "temp_c", "w01010" },
	{ "temperature", "w01010" },
	{ "water_temp", "w01010" },
	{ "wt", "w01010" },
	{ "cond", "w01014" },
	{ "cond_uscm", "w01014" },
	{ "ec_uscm", "w01014" },
	{ "conductivity", "w01014" },
	{ "电导", "w01014" },
	{ "turb", "w01003" },
	{ "turb_ntu", "w01003" },
	{ "浑浊度", "w01003" },
	{ "tn_mgl", "w21001" },
	{ "total_nitrogen", "w21001" },
	{ "chla_mgl", "w01016" },
	{ "chl_a", "w01016" },
	{ "chlorophyll", "w01016" },
	{ "叶绿素", "w01016" },
	{ "algae_cells_l", "w19011" },
	{ "cod_mgl", "w01018" },
	{ "codcr", "w01018" },
	{ "bod", "w01017" },
	{ "bod5_mgl", "w01017" },
	{ "生化需氧量", "w01017" },
	{ "fluoride", "w21017" },
	{ "铬(六价)", "w20117" },
	{ "铬（六价）", "w20117" },
	{ "cr_vi", "w20117" },
	{ "cyanide", "w21016" },
	{ "fecal_coliform", "w02003" },
	{ "sulfate", "w21038" },
	{ "chloride", "w21022" },
	{ "nitrate_n", "w21007" },
	{ "no3-n", "w21007" },
	{ "硝酸盐", "w21007" },
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Equal but for the case of ASCII letters, whatever the locale. */
static bool same_name(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return false;
	for (; *a != '\0' && lower(*a) == lower(*b); a++)
		b++;
	return *a == *b;
}

static int find_exactly(const struct wq_parameter *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (same_name(table[i].code, name) || same_name(table[i].alias, name) ||
		        same_name(table[i].name, name))
			return (int)i;
	}
	return -1;
}

int wq_parameter_find(const struct wq_parameter *table, size_t count, const char *name)
{
	int found = find_exactly(table, count, name);

	for (size_t i = 0; found < 0 && i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (same_name(spellings[i].name, name))
			return find_exactly(table, count, spellings[i].code);
	}
	return found;
}
