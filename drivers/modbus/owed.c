/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what is owed: one entry for each device, function and length. */
#include "owed.h"

static bool same_kind(const struct frame_request *a, const struct frame_request *b)
{
	return a->unit_id == b->unit_id && a->function == b->function &&
	        frame_data_bytes(a) == frame_data_bytes(b);
}

static struct owed_kind *find(const struct owed *owed, const struct frame_request *request)
{
	for (size_t i = 0; i < owed->kinds; i++)
		if (same_kind(&owed->list[i].request, request))
			return (struct owed_kind *)(uintptr_t)&owed->list[i];
	return NULL;
}

bool owed_is(const struct owed *owed, const struct frame_request *request)
{
	return find(owed, request) != NULL;
}

static void drop(struct owed *owed, size_t kind)
{
	owed->list[kind] = owed->list[--owed->kinds];
}

/* A device answers in the order it was asked: nothing that was asked of it before comes any more.
 */
static void drop_older(struct owed *owed, uint8_t unit_id, uint64_t than)
{
	for (size_t i = owed->kinds; i-- > 0;)
		if (owed->list[i].request.unit_id == unit_id && owed->list[i].last < than)
			drop(owed, i);
}

/* Room for one more: the oldest has had the longest time to come. */
static struct owed_kind *make_room(struct owed *owed)
{
	size_t oldest = 0;

	if (owed->kinds == OWED_KINDS) {
		for (size_t i = 1; i < owed->kinds; i++)
			if (owed->list[i].until < owed->list[oldest].until)
				oldest = i;
		drop(owed, oldest);
	}
	owed->list[owed->kinds] = (struct owed_kind){ .first = owed->order };
	return &owed->list[owed->kinds++];
}

void owed_add(struct owed *owed, const struct frame_request *request, bool silent, wq_ms sent,
        wq_ms until)
{
	struct owed_kind *k = find(owed, request);

	owed->order++;
	if (!k)
		k = make_room(owed);
	k->request = *request;
	k->last = owed->order;
	k->count++;
	k->sent = sent;
	k->until = until;
	k->line = silent && owed->lives[request->unit_id];
	if (silent)
		owed->lives[request->unit_id] = false;
}

void owed_answered(struct owed *owed, const struct frame_request *request, int answer, wq_ms now)
{
	struct owed_kind *k = find(owed, request);

	owed->order++;
	owed->lives[request->unit_id] = true;
	if (answer == 0 && !k) {
		drop_older(owed, request->unit_id, owed->order);
		return;
	}
	/* An exception has no length, and an answer of a kind that is owed may be the older one:
	 * then this request's own is still to come. Nobody waits for it; the next request of
	 * another length ends the doubt. */
	if (k && answer == 0) {
		drop_older(owed, request->unit_id, k->first);
		k = find(owed, request);
	}
	for (size_t i = 0; !k && i < owed->kinds; i++)
		if (owed->list[i].request.unit_id == request->unit_id) {
			k = make_room(owed);
			k->count = 1;
		}
	if (!k)
		return;
	k->request = *request;
	k->last = owed->order;
	k->sent = k->until = now;
	k->line = false;
}

wq_ms owed_wait(const struct owed *owed, const struct frame_request *request, wq_ms now)
{
	wq_ms until = owed->until > now ? owed->until : now;

	for (size_t i = 0; i < owed->kinds; i++) {
		const struct owed_kind *k = &owed->list[i];

		if ((k->line || k->request.unit_id == request->unit_id ||
		            owed->kinds == OWED_KINDS) &&
		        k->until > until)
			until = k->until;
	}
	return until;
}

static bool is_owed(const struct owed *owed, struct frame_request request, uint16_t count)
{
	request.count = count;
	return find(owed, &request) != NULL;
}

bool owed_fence(
        const struct owed *owed, const struct frame_request *request, struct frame_request *fence)
{
	/* Beyond what is wanted there may be nothing: a few at most. */
	uint32_t room = 65536u - request->address, most = request->count + 8u;
	uint32_t longest = room < FRAME_REGISTERS ? room : FRAME_REGISTERS;
	bool bits = request->function <= 2;
	uint16_t best = 0, last = (uint16_t)(most < longest ? most : longest);

	/* A command is no question that could be put in another length. */
	if (request->values || !find(owed, request))
		return false;
	/* Registers that are there: a part of what is wanted. An even number first, many devices
	 * refuse half a float. */
	for (uint16_t n = 1; n < request->count; n++)
		if (!is_owed(owed, *request, n) && (n % 2 == 0 || best % 2 == 1 || best == 0))
			best = n;
	for (uint16_t n = last; best == 0 && n > request->count; n--)
		if (!is_owed(owed, *request, n) && (n % 2 == 0 || n == request->count + 1 || bits))
			best = n;
	if (best == 0)
		best = (uint16_t)(request->count > 1 ? request->count - 1 : 2);
	*fence = *request;
	fence->count = best;
	if (fence->address + fence->count > 65536)
		fence->address--;
	return true;
}

void owed_forget(struct owed *owed, uint8_t unit_id)
{
	owed->doubt++;
	drop_older(owed, unit_id, UINT64_MAX);
}

void owed_came(struct owed *owed, size_t kind, wq_ms now)
{
	struct owed_kind *k = &owed->list[kind];
	uint8_t unit_id = k->request.unit_id;
	uint64_t first = k->first;

	owed->late++;
	owed->late_unit = unit_id;
	owed->late_by = now - k->sent;
	owed->lives[unit_id] = true;
	if (--k->count == 0)
		drop(owed, kind);
	else
		k->first++;
	drop_older(owed, unit_id, first);
}
