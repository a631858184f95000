/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the answer of a Modbus device, any registers as value and time, any addresses as a
 * plan. */
#include "frame.h"
#include "plan.h"
#include "regmap.h"
#include "rtu.h"

#include "wq/decimal.h"
#include "wq/instant.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define POINTS 64

/* The first bytes choose the request, the rest is the answer. */
static void try_frame(const uint8_t *data, size_t size)
{
	uint16_t registers[FRAME_REGISTERS];
	struct frame_request request = { .function = 3, .count = 1 };
	int r;

	if (size < 5)
		return;
	request.transaction = (uint16_t)(data[0] << 8 | data[1]);
	request.unit_id = data[2];
	request.function = (uint8_t)(1 + data[3] % 4);
	request.count = (uint16_t)(1 + data[4] % FRAME_REGISTERS);
	r = frame_read(&request, data + 5, size - 5, registers, NULL);
	if (r > 255 || (r == 0 && size - 5 != 9u + (request.function > 2 ? 2u * request.count : (request.count + 7u) / 8u)))
		abort();
}

/* The same for RTU, byte by byte: what is told of a part must hold for the whole. Half of the inputs
 * get a right CRC, or few would come past it. */
static void try_rtu(const uint8_t *data, size_t size)
{
	uint8_t bytes[FRAME_ANSWER];
	uint16_t registers[FRAME_REGISTERS];
	struct frame_request request = { .function = 3, .count = 1 };
	int expected = 0, r;

	if (size < 4 || size - 4 > sizeof bytes)
		return;
	request.unit_id = data[0];
	request.function = (uint8_t)(1 + data[1] % 4);
	request.count = (uint16_t)(1 + data[2] % FRAME_REGISTERS);
	memcpy(bytes, data + 4, size -= 4);
	if (data[3] % 2 && size > 2) {
		uint16_t crc = rtu_crc(bytes, size - 2);

		bytes[size - 2] = (uint8_t)crc;
		bytes[size - 1] = (uint8_t)(crc >> 8);
	}
	for (size_t have = 0; have <= size && expected >= 0; have++) {
		r = rtu_length(&request, bytes, have, NULL);
		if (r > RTU_ANSWER || (expected > 0 && r != expected))
			abort();
		expected = r;
	}
	r = rtu_read(&request, bytes, size, registers, NULL);
	if (r > 255 || (r >= 0 && (expected != (int)size || rtu_crc(bytes, size) != 0)))
		abort();
}

/* A flag and a word of what stands in the registers: always a text that ends. */
static void try_flag(const struct modbus_point_settings *plain, const uint8_t *data)
{
	static const char *const codes[] = { "0=N", "6=L" }, *const bad[] = { "2-9", "bit 15" };
	struct modbus_point_settings s = *plain;
	uint16_t registers[REGMAP_TIME_REGISTERS];
	char flag[WQ_FLAG_TEXT];
	struct regmap_lists lists;
	struct regmap map;

	if (s.table != MODBUS_HOLDING)
		return;
	memcpy(registers, data + 4, sizeof registers);
	s.flag_address = 100;
	s.flag_type = data[0] % 2;
	s.flag_registers = s.flag_type == MODBUS_FLAG_CODE ? 1 : 1 + data[1] % REGMAP_TIME_REGISTERS;
	s.flags = (struct wq_list){ s.flag_type == MODBUS_FLAG_CODE ? 2 : 0, codes };
	s.words[MODBUS_STATUS].address = 200;
	s.words[MODBUS_STATUS].bad = (struct wq_list){ 2, bad };
	s.scale = "1";
	if (regmap_open(&map, &lists, &s, (struct wq_decimal){ 1, 0 }, NULL) < 0)
		abort();
	regmap_flag(&map, registers, flag);
	if (memchr(flag, '\0', sizeof flag) == NULL)
		abort();
	if (regmap_word_says(&map.lists->words[MODBUS_STATUS], registers[0]) == WQ_MAINTENANCE)
		abort();
}

static void try_regmap(const uint8_t *data, size_t size)
{
	static const char *const invalid[] = { "-9999", "0x7FC00000" };
	struct modbus_point_settings s = { .unit_id = 1, .offset = "0", .time_order = -1,
		.flag_address = -1, .flag_order = -1,
		.words = { { .address = -1 }, { .address = -1 }, { .address = -1 } } };
	uint16_t registers[REGMAP_TIME_REGISTERS];
	struct regmap_lists lists;
	struct regmap map;
	enum regmap_found found;
	double value;
	wq_ms at;

	if (size < 4 + sizeof registers)
		return;
	memcpy(registers, data + 4, sizeof registers);
	s.type = data[0] % MODBUS_TYPES;
	s.order = data[1] % MODBUS_ORDERS;
	s.time_type = data[2] % MODBUS_TIMES;
	if (s.type == MODBUS_BIT) {
		s.table = MODBUS_COIL;
		s.time_address = -1; /* coils hold none */
	}
	if (s.type == MODBUS_UINT16 && data[2] >= 128)
		s.bits = "3-9";
	try_flag(&s, data);
	s.scale = data[3] % 2 ? "0.001" : "1";
	s.invalid = (struct wq_list){ s.type == MODBUS_FLOAT32 ? 2 : 0, invalid };
	if (regmap_open(&map, &lists, &s, (struct wq_decimal){ 1, 3 * (data[3] / 128) }, NULL) < 0)
		abort();
	map.time_registers = regmap_time_width(s.time_type);
	found = regmap_value(&map, registers, &value);
	if ((found == REGMAP_NOTHING || found == REGMAP_NONSENSE) != (isnan(value) != 0))
		abort();
	if (regmap_time(&map, registers, &wq_zone_china, &at) && at < 946684800000 - 28800000)
		abort();
}

/* Six bytes a point. Whatever is asked for, each point is found in its blocks. */
static void try_plan(const uint8_t *data, size_t size)
{
	struct plan_point points[POINTS];
	struct plan plan;
	size_t count = 0;

	for (; size >= 6 && count < POINTS; data += 6, size -= 6) {
		struct plan_point *p = &points[count++];

		*p = (struct plan_point){ .unit_id = data[0] % 4, .table = data[0] >> 7 };
		p->address = (uint16_t)(data[1] << 4 | data[2] >> 4);
		p->registers = (uint16_t)(1 + data[2] % 2);
		p->time_address = (uint16_t)(data[3] << 4 | data[4] >> 4);
		p->time_registers = (uint16_t)(2 * (data[5] % 4));
		p->flag_address = (uint16_t)(p->address + p->registers);
		p->flag_registers = data[5] >> 3 & 1;
		p->word_count = data[5] >> 4 & 3;
		for (size_t i = 0; i < PLAN_WORDS; i++)
			p->word_addresses[i] = (uint16_t)(data[5] * (i + 1));
	}
	if (count == 0)
		return;
	if (plan_open(&plan, points, count, 6 + (uint32_t)size * 20, (uint32_t)size, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct plan_block *b = &plan.blocks[plan.places[i].value_block];

		if (b->check || points[i].address < b->address ||
		        points[i].address + points[i].registers > b->address + b->registers ||
		        b->at + b->registers > plan.register_count)
			abort();
		if (points[i].flag_registers > 0 &&
		        points[i].flag_address >= b->address + b->registers)
			abort();
		for (size_t w = 0; w < points[i].word_count; w++)
			if (plan.places[i].word_blocks[w] >= plan.block_count)
				abort();
		if ((plan.places[i].time_block == PLAN_NO_BLOCK) != (points[i].time_registers == 0))
			abort();
	}
	plan_close(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const uint8_t *, size_t) = { try_frame, try_regmap, try_plan,
		try_rtu };

	if (size > 0)
		tries[data[0] % 4](data + 1, size - 1);
	return 0;
}
