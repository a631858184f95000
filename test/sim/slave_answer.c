/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated device answers to a request, how that is spoilt, and when it leaves. */
#include "slave_parts.h"

#include <string.h>

#define READ_MAX     125
#define NO_SUCH_UNIT 11 /* what a gateway says of a device that is not there */
#define BAD_FUNCTION 1
#define BAD_ADDRESS  2
#define BAD_VALUE    3

static wq_ms elapsed(const struct slave *s)
{
	return slave_now() - s->start;
}

static struct slave_unit *find_unit(const struct slave *s, size_t listener, int id)
{
	/* Where each has a listener of its own it is found at once. */
	if (listener < s->unit_count && s->units[listener].listener == listener &&
	        s->units[listener].id == id)
		return &s->units[listener];
	for (size_t i = 0; i < s->unit_count; i++)
		if (s->units[i].listener == listener && s->units[i].id == id)
			return &s->units[i];
	return NULL;
}

/* The exception code, 0 for none. */
static int judge(
        const struct slave *s, const struct slave_unit *unit, const struct wire_request *request)
{
	if (!unit)
		return NO_SUCH_UNIT;
	if (s->faults->exception[unit->id] != 0)
		return s->faults->exception[unit->id];
	if (request->function != 3 && request->function != 4)
		return BAD_FUNCTION;
	if (!request->read || request->count == 0 || request->count > READ_MAX)
		return BAD_VALUE;
	return request->address + request->count > unit->count ? BAD_ADDRESS : 0;
}

/* What is wrong with the answer itself. */
static void spoil(struct slave *s, struct parcel *p, int id)
{
	struct faults *f = &s->faults->ordered;
	wq_ms now = elapsed(s);

	if (faults_strike(f, FAULT_WRONG_UNIT, id, now))
		wire_rename(s->framing, p->bytes, p->size, (uint8_t)(id % 247 + 1));
	if (faults_strike(f, FAULT_BAD_CRC, id, now))
		p->bytes[p->size - 1] ^= (uint8_t)(1 + faults_dice(f, 255));
	if (faults_strike(f, FAULT_TRUNCATED, id, now))
		p->size /= 2;
	if (faults_strike(f, FAULT_GARBAGE_BEFORE, id, now)) {
		memmove(p->bytes + GARBAGE, p->bytes, p->size);
		for (size_t i = 0; i < GARBAGE; i++)
			p->bytes[i] = (uint8_t)faults_dice(f, 256);
		p->size += GARBAGE;
	}
	if (faults_strike(f, FAULT_GARBAGE_AFTER, id, now))
		for (size_t i = 0; i < GARBAGE; i++)
			p->bytes[p->size++] = (uint8_t)faults_dice(f, 256);
}

/* A connection falls silent as if the other end had been unplugged: nothing comes, nothing is
 * closed. */
static bool is_half_open(struct slave *s, const struct connection *c)
{
	const struct fault *f = faults_strike(&s->faults->ordered, FAULT_HALF_OPEN, 0, elapsed(s));

	return f && c->requests > f->after;
}

static bool keeps_silent(
        struct slave *s, const struct connection *c, const struct slave_unit *unit, int id)
{
	if (is_half_open(s, c) || (!unit && s->framing == WIRE_RTU) || s->faults->dead[id])
		return true;
	return unit &&
	        (unit->host == SLAVE_HUNG ||
	                faults_strike(&s->faults->ordered, FAULT_DEAD, id, elapsed(s)));
}

/* When the answer leaves: a device answers one request after the other. */
static wq_ms due(struct slave *s, struct slave_unit *unit, int id)
{
	wq_ms now = slave_now();

	if (unit && unit->busy > now)
		now = unit->busy;
	now += s->faults->delay + faults_wait(&s->faults->ordered, id, elapsed(s));
	if (unit)
		unit->busy = now;
	return now;
}

static void answer(struct slave *s, struct connection *c, const struct wire_request *request)
{
	static const uint16_t zeros[READ_MAX];
	struct slave_unit *unit = find_unit(s, c->listener, request->unit);
	struct parcel *p = &s->parcels[s->parcel_count];
	int code = judge(s, unit, request);

	s->requests++;
	c->requests++;
	if (unit)
		unit->requests++;
	if (keeps_silent(s, c, unit, request->unit) || s->parcel_count == SLAVE_PARCELS)
		return;
	p->listener = c->listener;
	p->connection = c->id;
	p->place = c->place;
	if (code != 0)
		p->size = wire_exception(s->framing, request, code, p->bytes);
	else
		p->size = wire_answer(s->framing, request,
		        faults_zeros(&s->faults->ordered, elapsed(s))
		                ? zeros
		                : unit->registers + request->address,
		        p->bytes);
	spoil(s, p, request->unit);
	p->due = due(s, unit, request->unit);
	s->parcel_count++;
}

/* Takes all requests that are there. False: not Modbus, the connection has to go. */
bool slave_take_requests(struct slave *s, struct connection *c)
{
	struct wire_request request;
	int r;

	while ((r = wire_parse(s->framing, c->request, c->in, &request)) != 0) {
		size_t length = r > 0 ? request.length : 1;

		if (r < 0 && s->framing == WIRE_TCP)
			return false;
		if (r > 0)
			answer(s, c, &request);
		c->in -= length;
		memmove(c->request, c->request + length, c->in);
	}
	return true;
}

/* In the order in which they are due. */
bool slave_next_parcel(struct slave *s, struct parcel *parcel)
{
	size_t first = 0;

	for (size_t i = 1; i < s->parcel_count; i++)
		if (s->parcels[i].due < s->parcels[first].due)
			first = i;
	if (s->parcel_count == 0 || s->parcels[first].due > slave_now())
		return false;
	*parcel = s->parcels[first];
	s->parcels[first] = s->parcels[--s->parcel_count];
	return true;
}

wq_ms slave_next(const struct slave *s, wq_ms until)
{
	wq_ms next = faults_next(&s->faults->ordered, elapsed(s));

	if (next != WQ_NO_TIME && next + s->start < until)
		until = next + s->start;
	for (size_t i = 0; i < s->parcel_count; i++)
		if (s->parcels[i].due < until)
			until = s->parcels[i].due;
	return until;
}
