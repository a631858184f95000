/* SPDX-License-Identifier: Apache-2.0 */
/* What the English messages are made of; shared by their files alone. Pure and thread-safe. */
#ifndef WQ_TEXT_EN_PARTS_H
#define WQ_TEXT_EN_PARTS_H

#include "text.h"
#include "wording.h"

#include "wq/site.h"

#include <jansson.h>
#include <stdbool.h>

struct facts {
	const struct wq_site *site;
	const struct wq_change *change;
	json_t *evidence; /* or NULL */
	const char *item, *rule, *kind; /* name of the parameter, "" for none; title and kind of the rule */
	bool device, flood, assist;
	bool own;     /* a rule of the program itself */
	bool by_time; /* the change has the time of what was judged, not of who or what acted */
	char place[160];
	char time[WQ_INSTANT_TEXT];
};

/* A fact of the evidence, NaN where it has none; a text of the evidence, "" where it has none. */
double en_fact(const struct facts *f, const char *key);
const char *en_text(const struct facts *f, const char *key);

/* "0.263 mg/L" in the unit of the change's parameter; "5 h" or "2.5 h" of so many hours. */
void en_amount(struct wording *line, const struct facts *f, double value);
void en_hours(struct wording *line, double hours);

/* Without the space after a stop, "No.3 Bridge": shorter forms of a message are cut where a sentence ends. Returns buf. */
const char *en_name(const char *name, char *buf, size_t cap);

/* "Nanheng Tributary (nanheng)", or the id alone. */
void en_station(const struct wq_station *station, char *buf, size_t cap);

/* A reason of the program's own rules, by its title. False: it is none of them. over: it is no longer so. */
bool en_own(struct wording *line, const struct facts *f, bool over);

/* Of any other rule, by its kind. False: there is no sentence for it, or what it needs is missing. */
bool en_rule(struct wording *line, const struct facts *f, bool over);

/* To so many significant digits, for "%.15g": printf's own %g would turn to exponents. */
double en_rounded(double value, int digits);

/* "total phosphorus 0.263 mg/L"; "Class III limit 0.2"; ", over Class III limit 0.2" on the side where value lies. */
void en_reading(struct wording *line, const struct facts *f);
void en_limit(struct wording *line, const struct facts *f);
void en_side(struct wording *line, const struct facts *f, double value, bool within);

/* Rows of its table: */
bool en_trend(struct wording *line, const struct facts *f, bool over);
bool en_surge(struct wording *line, const struct facts *f, bool over);
bool en_event(struct wording *line, const struct facts *f, bool over);
bool en_upstream(struct wording *line, const struct facts *f, bool over);
bool en_health(struct wording *line, const struct facts *f, bool over);

#endif
