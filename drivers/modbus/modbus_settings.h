/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of a Modbus bus and of its points, and the rows that say how. */
#ifndef WQ_MODBUS_SETTINGS_H
#define WQ_MODBUS_SETTINGS_H

#include "wq/driver.h"
#include "wq/option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wq_err;

/* What a device has; each is read by a function of its own. */
enum modbus_table { MODBUS_HOLDING, MODBUS_INPUT, MODBUS_COIL, MODBUS_DISCRETE };
#define MODBUS_TABLES 4

/* The function that reads a table: 3, 4, 1, 2. */
uint8_t modbus_function(int table);

/* "holding registers" "input registers" "coils" "discrete inputs" */
const char *modbus_table_name(int table);

/* Whether it holds single bits. */
bool modbus_table_of_bits(int table);

enum modbus_type {
	MODBUS_FLOAT32,
	MODBUS_INT16,
	MODBUS_UINT16,
	MODBUS_INT32,
	MODBUS_UINT32,
	MODBUS_FLOAT64,
	MODBUS_INT64,
	MODBUS_UINT64,
	MODBUS_BCD16,    /* four decimal digits, one a nibble */
	MODBUS_BCD32,    /* eight */
	MODBUS_PACKED32, /* two registers of 0 … 9999: first × 10000 + second */
	MODBUS_BIT,      /* one coil or discrete input: 0 or 1 */
};
#define MODBUS_TYPES 12

/* In which order the bytes of a number arrive, named by those of 32 bits, A the most significant;
 * of 64 bits: ABCDEFGH, GHEFCDAB, BADCFEHG, HGFEDCBA. What has 16 bits has its two bytes swapped by
 * BADC and DCBA. */
enum modbus_order { MODBUS_ABCD, MODBUS_CDAB, MODBUS_BADC, MODBUS_DCBA };
#define MODBUS_ORDERS 4

enum modbus_time {
	MODBUS_EPOCH,  /* two registers: seconds since 1970-01-01 UTC */
	MODBUS_YMDHMS, /* six registers: year month day hour minute second, local time */
	MODBUS_BCD_TIME,    /* three registers of BCD: YYMM DDhh mmss, local time */
	MODBUS_PACKED_TIME, /* the same in decimal: YY × 100 + MM … */
};
#define MODBUS_TIMES 4

enum modbus_flag {
	MODBUS_FLAG_ASCII, /* two characters a register, trimmed */
	MODBUS_FLAG_CODE,  /* one register, its numbers told by `flags` */
};

/* Words beside the value that say how far it can be trusted. */
enum modbus_word { MODBUS_STATUS, MODBUS_ALARM, MODBUS_FAULT };
#define MODBUS_WORDS 3

/* What it means that all values of a device, two at least, are 0 at once. */
enum modbus_zeros {
	MODBUS_ZEROS_BAD,   /* it has just started and measured nothing yet */
	MODBUS_ZEROS_VALUE, /* they were measured */
};

/* How messages look on the wire. */
enum modbus_framing { MODBUS_TCP, MODBUS_RTU };

enum modbus_connection {
	MODBUS_HELD,     /* kept between polls */
	MODBUS_PER_POLL, /* made for each poll: for devices that take few connections */
};

struct modbus_bus_settings {
	const char *host; /* NULL: a serial line */
	int64_t port;
	int framing;        /* enum modbus_framing; -1: TCP over a connection, RTU over a line */
	const char *device; /* of the serial port; NULL: a connection */
	int64_t baud, data_bits, stop_bits;
	int parity;               /* enum serial_parity */
	int rs485;                /* enum serial_direction */
	struct wq_list identity;  /* "UNIT TABLE ADDRESS VALUE" */
	struct wq_list commands;  /* "NAME UNIT FUNCTION ADDRESS VALUE[,VALUE…]" */
	wq_ms timeout;  /* per request, and for connecting */
	wq_ms interval; /* between polls of one device */
	int64_t block;  /* registers per request at most, 1 … 125 */
	int64_t gap;    /* registers that nobody asked for, read to save a request */
	int zeros;      /* enum modbus_zeros */
	int connection; /* enum modbus_connection */
};

/* Texts of a list, at most. */
#define MODBUS_INVALID 8
#define MODBUS_LISTED  16

/* Registers of a flag in ASCII, at most. */
#define MODBUS_FLAG_REGISTERS 8

/* Addresses are as the file gives them: modbus_address() makes of them what goes over the wire. */
struct modbus_point_settings {
	int64_t unit_id; /* 1 … 247, or 255 */
	int64_t address; /* of the first register of the value */
	int64_t address_base; /* the number that the manual gives to the first register: 0, 1, 40001 … */
	int table;            /* -1: as the base says, else holding registers */
	int type;             /* -1: float32, of coils and discrete inputs bit */
	int order;
	const char *bits; /* "3" or "4-7", bit 0 the lowest; NULL: the whole number */
	const char *scale,
	        *offset; /* decimals: value = raw × scale + offset, in the unit of the source */
	struct wq_list invalid; /* what means "no value" */
	int64_t time_address;   /* of the analyser's time, same table; -1: none */
	int time_type;
	int time_order;       /* -1: as `order` */
	int64_t flag_address; /* of the station's own flag of the value; -1: none */
	int64_t flag_registers;
	int flag_type;
	int flag_order;       /* -1: as `order` */
	struct wq_list flags; /* "0=N" … */
	struct {
		int64_t address; /* -1: none */
		struct wq_list bad, maintenance;
	} words[MODBUS_WORDS];
};

/* A register whose content is known: a device in which it is another is not the one meant, or its
 * answers got out of step. */
struct modbus_identity {
	uint8_t unit_id, function;
	uint16_t address, value;
};

/* At most this many texts in `identity`. */
#define MODBUS_IDENTITIES 247

/* Reads one text of `identity`; WQ_E_INVALID with a sentence. */
int modbus_identity_parse(const char *text, struct modbus_identity *identity, struct wq_err *err);

/* At most this many texts in `commands`. */
#define MODBUS_COMMANDS 32

/* Whether messages are RTU: over a serial line, or over a connection that is told so. */
bool modbus_is_rtu(const struct modbus_bus_settings *settings);

/* False: no manual counts from there. *table: of which its addresses are; -1: of any. */
bool modbus_base_known(int64_t base, int *table);

/* The table of a point, and an address of it on the wire (below 0 or above 65535: there is none). */
int modbus_table(const struct modbus_point_settings *point);
int64_t modbus_address(const struct modbus_point_settings *point, int64_t given);

extern const struct wq_option modbus_bus_options[];
extern const struct wq_option modbus_point_options[];

/* The check of the driver contract: what single keys cannot say. */
int modbus_check(const struct wq_bus *bus, size_t *bad, struct wq_err *err);

/* Whether a point of the bus is read from this device. */
bool modbus_has_unit(const struct wq_bus *bus, unsigned unit_id);

/* The part of it that is about the line and the identities: modbus_line.c. */
int modbus_check_line(const struct wq_bus *bus, struct wq_err *err);

/* The advise and claims of the driver contract. */
void modbus_advise(const struct wq_bus *bus, char *text, size_t cap);
const char *modbus_claims(const struct wq_bus *bus);

#endif
