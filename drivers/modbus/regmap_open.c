/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of a point -> a map ready to decode. */
#include "regmap.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

static struct wq_decimal strip(struct wq_decimal d)
{
	while (d.places > 0 && d.digits % 10 == 0) {
		d.digits /= 10;
		d.places--;
	}
	return d;
}

static int multiply(struct wq_decimal a, struct wq_decimal b, const char *key,
        struct wq_decimal *product, struct wq_err *err)
{
	struct wq_decimal p;

	a = strip(a);
	b = strip(b);
	p.places = a.places + b.places;
	if (__builtin_mul_overflow(a.digits, b.digits, &p.digits) || p.places > 18)
		return wq_fail(err, WQ_E_INVALID,
		        "%s: times the factor of the unit it has more than 18 digits", key);
	*product = p;
	return 0;
}

static int read_decimal(const char *key, const char *text, struct wq_decimal *d, struct wq_err *err)
{
	struct wq_err why;

	if (wq_decimal_parse(text, d, &why) < 0)
		return wq_fail(err, WQ_E_INVALID, "%s = \"%s\": %s", key, text, why.text);
	return 0;
}

static int open_scale(struct regmap *map, const struct modbus_point_settings *settings,
        struct wq_decimal factor, struct wq_err *err)
{
	struct wq_decimal scale, offset;
	int r;

	if ((r = read_decimal("scale", settings->scale, &scale, err)) < 0 ||
	        (r = read_decimal("offset", settings->offset, &offset, err)) < 0)
		return r;
	if (scale.digits == 0)
		return wq_fail(err, WQ_E_INVALID, "scale = \"%s\": must not be 0", settings->scale);
	if ((r = multiply(scale, factor, "scale", &map->scale, err)) < 0 ||
	        (r = multiply(offset, factor, "offset", &map->offset, err)) < 0)
		return r;
	map->plain = map->scale.digits == 1 && map->scale.places == 0 && map->offset.digits == 0;
	return 0;
}

/* ---- invalid ---- */

/* "0xFFFF": bits as the registers hold them, put into ABCD order. */
static int invalid_bits(
        int type, const char *text, struct regmap_invalid *invalid, struct wq_err *err)
{
	size_t digits = (size_t)regmap_value_width(type) * 4;

	if (strlen(text + 2) == 0 || strlen(text + 2) > digits ||
	        strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
		return wq_fail(err, WQ_E_INVALID,
		        "invalid: \"%s\" is not 0x and 1 to %zu hexadecimal digits", text, digits);
	invalid->bits = strtoull(text + 2, NULL, 16);
	return 0;
}

/* 4567 -> 0x4567. */
static uint64_t to_bcd(int64_t number)
{
	uint64_t bits = 0;

	for (int shift = 0; number > 0; shift += 4, number /= 10)
		bits |= (uint64_t)(number % 10) << shift;
	return bits;
}

/* "65535" of an int16 is meant as the register shows it, not as a number out of range. */
static int invalid_integer(int type, struct wq_decimal d, const char *text,
        struct regmap_invalid *invalid, struct wq_err *err)
{
	uint16_t width = regmap_value_width(type);
	uint64_t mask = width == 1 ? UINT16_MAX : width == 2 ? UINT32_MAX : UINT64_MAX;
	int64_t low, high;

	regmap_type_range(type, &low, &high);
	if (type == MODBUS_INT16 || type == MODBUS_INT32)
		high = (int64_t)mask;
	if (d.places != 0 || d.digits < low || d.digits > high)
		return wq_fail(err, WQ_E_INVALID,
		        "invalid: \"%s\" is not a whole number that %s registers can hold (%lld to "
		        "%lld)",
		        text, regmap_type_name(type), (long long)low, (long long)high);
	invalid->bits = (uint64_t)d.digits & mask;
	if (type == MODBUS_BCD16 || type == MODBUS_BCD32)
		invalid->bits = to_bcd(d.digits);
	else if (type == MODBUS_PACKED32)
		invalid->bits = (uint64_t)(d.digits / 10000) << 16 | (uint64_t)(d.digits % 10000);
	return 0;
}

static int open_invalid(struct regmap_lists *lists, int type, const char *text, struct wq_err *err)
{
	struct regmap_invalid *invalid = &lists->invalid[lists->invalid_count];
	struct wq_decimal d;
	int r = 0;

	if (strncmp(text, "0x", 2) == 0) {
		r = invalid_bits(type, text, invalid, err);
	} else if (wq_decimal_parse(text, &d, NULL) < 0) {
		r = wq_fail(err, WQ_E_INVALID,
		        "invalid: \"%s\" is neither a number of up to 18 digits nor a pattern like "
		        "0xFFFF",
		        text);
	} else if (regmap_type_is_float(type)) {
		invalid->number = true;
		invalid->value = wq_decimal_to_double(d);
	} else {
		r = invalid_integer(type, strip(d), text, invalid, err);
	}
	if (r == 0)
		lists->invalid_count++;
	return r;
}

static int open_invalids(struct regmap_lists *lists, int type, const struct wq_list *list, struct wq_err *err)
{
	int r = 0;

	if (list->count > MODBUS_INVALID)
		return wq_fail(err, WQ_E_INVALID, "invalid: %zu items; at most %d are allowed",
		        list->count, MODBUS_INVALID);
	for (size_t i = 0; i < list->count && r == 0; i++)
		r = open_invalid(lists, type, list->items[i], err);
	return r;
}

/* ---- bits, flags, words ---- */

/* A number of up to five decimal digits, or 0x and up to four; *end is what follows. */
static bool read_number(const char *text, const char **end, unsigned *number)
{
	bool hex = strncmp(text, "0x", 2) == 0;
	const char *digits = hex ? text + 2 : text;
	size_t count = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");

	if (count == 0 || count > (hex ? 4u : 5u))
		return false;
	*number = (unsigned)strtoul(digits, NULL, hex ? 16 : 10);
	*end = digits + count;
	return *number <= UINT16_MAX;
}

/* "3" or "2-7". */
static bool read_range(const char *text, unsigned *low, unsigned *high)
{
	const char *end;

	if (!read_number(text, &end, low))
		return false;
	*high = *low;
	if (*end == '-' && !read_number(end + 1, &end, high))
		return false;
	return *end == '\0' && *low <= *high;
}

static int open_bits(struct regmap *map, const char *text, struct wq_err *err)
{
	unsigned low, high, most = map->registers * 16u - 1;

	if (text == NULL)
		return 0;
	if (map->type != MODBUS_UINT16 && map->type != MODBUS_UINT32 && map->type != MODBUS_UINT64)
		return wq_fail(err, WQ_E_INVALID,
		        "bits = \"%s\": type = \"%s\" has none to choose from; use uint16, uint32 "
		        "or uint64",
		        text, regmap_type_name(map->type));
	if (!read_range(text, &low, &high) || high > most)
		return wq_fail(err, WQ_E_INVALID,
		        "bits = \"%s\": must be one bit like \"3\" or some like \"4-7\", 0 to %u",
		        text, most);
	map->first_bit = (uint8_t)low;
	map->bit_count = (uint8_t)(high - low + 1);
	return 0;
}

static int open_matches(struct regmap_matches *matches, const struct wq_list *list,
        const char *what, const char *which, struct wq_err *err)
{
	for (size_t i = 0; i < list->count && i < MODBUS_LISTED; i++) {
		const char *text = list->items[i];
		bool bit = strncmp(text, "bit ", 4) == 0;
		unsigned low, high;

		if (!read_range(bit ? text + 4 : text, &low, &high) ||
		        (bit && (low != high || low > 15)))
			return wq_fail(err, WQ_E_INVALID,
			        "%s_%s: \"%.40s\" is neither a number or a range of 0 to 65535 nor "
			        "\"bit 0\" to \"bit 15\"",
			        what, which, text);
		struct regmap_match *match = &matches->items[matches->count++];

		match->bit = bit;
		match->low = (uint16_t)(bit ? 1u << low : low);
		match->high = (uint16_t)high;
	}
	return 0;
}

static int open_word(struct regmap_lists *lists, const struct modbus_point_settings *settings, int which,
        struct wq_err *err)
{
	static const char *const names[MODBUS_WORDS] = { "status", "alarm", "fault" };
	const struct wq_list *bad = &settings->words[which].bad;
	const struct wq_list *maintenance = &settings->words[which].maintenance;
	struct regmap_word *word = &lists->words[which];
	int r;

	word->there = settings->words[which].address >= 0;
	if (!word->there && (bad->count > 0 || maintenance->count > 0))
		return wq_fail(err, WQ_E_INVALID, "%s_%s says nothing without %s_address",
		        names[which], bad->count > 0 ? "bad" : "maintenance", names[which]);
	if (!word->there)
		return 0;
	word->address = (uint16_t)modbus_address(settings, settings->words[which].address);
	if ((r = open_matches(&word->bad, bad, names[which], "bad", err)) < 0 ||
	        (r = open_matches(&word->maintenance, maintenance, names[which], "maintenance",
	                 err)) < 0)
		return r;
	if (which == MODBUS_FAULT && word->bad.count == 0)
		word->bad.items[word->bad.count++] =
		        (struct regmap_match){ .low = 1, .high = UINT16_MAX };
	/* A status may be read along: the register between a value and its flag. */
	if (which == MODBUS_ALARM && word->bad.count == 0)
		return wq_fail(err, WQ_E_INVALID,
		        "alarm_address is read for nothing: alarm_bad must say which alarms matter");
	return 0;
}

/* "6=L" */
static int open_code(struct regmap_lists *lists, const char *text, struct wq_err *err)
{
	struct regmap_code *code = &lists->codes[lists->code_count];
	const char *end;
	unsigned number;

	if (!read_number(text, &end, &number) || *end != '=' || end[1] == '\0' ||
	        strlen(end + 1) >= WQ_FLAG_TEXT)
		return wq_fail(err, WQ_E_INVALID,
		        "flags: \"%.40s\" is not a number of 0 to 65535, = and a flag of 1 to %d "
		        "characters, like \"0=N\"",
		        text, WQ_FLAG_TEXT - 1);
	for (size_t i = 0; i < lists->code_count; i++)
		if (lists->codes[i].number == number)
			return wq_fail(err, WQ_E_INVALID, "flags: %u is told twice", number);
	code->number = (uint16_t)number;
	strcpy(code->flag, end + 1);
	lists->code_count++;
	return 0;
}

static int open_flag(struct regmap *map, struct regmap_lists *lists,
        const struct modbus_point_settings *settings, struct wq_err *err)
{
	bool code = settings->flag_type == MODBUS_FLAG_CODE;
	int r = 0;

	map->flag_type = (uint8_t)settings->flag_type;
	map->flag_order = settings->flag_order < 0 ? map->order : (uint8_t)settings->flag_order;
	if (settings->flag_address < 0)
		return settings->flags.count == 0
		        ? 0
		        : wq_fail(err, WQ_E_INVALID, "flags say nothing without flag_address");
	map->flag_address = (uint16_t)modbus_address(settings, settings->flag_address);
	map->flag_registers = (uint16_t)settings->flag_registers;
	if (code != (settings->flags.count > 0))
		return wq_fail(err, WQ_E_INVALID,
		        "flag_type = \"%s\" %s flags that tell what its numbers mean",
		        code ? "code" : "ascii", code ? "needs" : "takes no");
	if (code && settings->flag_registers != 1)
		return wq_fail(err, WQ_E_INVALID,
		        "flag_registers = %lld: a flag_type \"code\" has one",
		        (long long)settings->flag_registers);
	for (size_t i = 0; i < settings->flags.count && i < MODBUS_LISTED && r == 0; i++)
		r = open_code(lists, settings->flags.items[i], err);
	return r;
}

static int open_type(
        struct regmap *map, const struct modbus_point_settings *settings, struct wq_err *err)
{
	bool bits;

	map->table = (uint8_t)modbus_table(settings);
	bits = modbus_table_of_bits(map->table);
	map->type = (uint8_t)(settings->type >= 0 ? settings->type : bits ? MODBUS_BIT : MODBUS_FLOAT32);
	if (bits != (map->type == MODBUS_BIT))
		return wq_fail(err, WQ_E_INVALID, "type = \"%s\" cannot be read from %s",
		        regmap_type_name(map->type), modbus_table_name(map->table));
	if (bits && (settings->time_address >= 0 || settings->flag_address >= 0))
		return wq_fail(err, WQ_E_INVALID, "%s hold no time and no flag",
		        modbus_table_name(map->table));
	return 0;
}

static bool lists_something(const struct regmap_lists *lists)
{
	bool any = lists->invalid_count > 0 || lists->code_count > 0;

	for (int which = 0; which < MODBUS_WORDS; which++)
		any = any || lists->words[which].there;
	return any;
}

int regmap_open(struct regmap *map, struct regmap_lists *lists, const struct modbus_point_settings *settings,
        struct wq_decimal factor, struct wq_err *err)
{
	int r;

	memset(map, 0, sizeof *map);
	memset(lists, 0, sizeof *lists);
	if ((r = open_type(map, settings, err)) < 0)
		return r;
	map->order = (uint8_t)settings->order;
	map->address = (uint16_t)modbus_address(settings, settings->address);
	map->registers = regmap_value_width(map->type);
	map->time_type = (uint8_t)settings->time_type;
	map->time_order = (uint8_t)(settings->time_order < 0 ? settings->order : settings->time_order);
	if (settings->time_address >= 0) {
		map->time_address = (uint16_t)modbus_address(settings, settings->time_address);
		map->time_registers = regmap_time_width(settings->time_type);
	}
	if ((r = open_bits(map, settings->bits, err)) < 0 ||
	        (r = open_invalids(lists, map->type, &settings->invalid, err)) < 0 ||
	        (r = open_flag(map, lists, settings, err)) < 0)
		return r;
	for (int which = 0; which < MODBUS_WORDS; which++)
		if ((r = open_word(lists, settings, which, err)) < 0)
			return r;
	map->lists = lists_something(lists) ? lists : &regmap_nothing;
	return open_scale(map, settings, factor, err);
}
