/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the control socket's answers share. Main only; private to api*.c. */
#ifndef WQ_API_PARTS_H
#define WQ_API_PARTS_H

#include "command.h"
#include "daemon.h"

#include <jansson.h>

#define API_NO_NAME "not the number of an alarm; they look like W20260305-007"

/* Takes the value over; the reply is built best-effort and printed whole or not at all. */
char *api_print(json_t *value);
json_t *api_instant(const struct wq_zone *zone, wq_ms at); /* null for WQ_NO_TIME */

void api_refuse(struct command *command, int status, const char *text);
struct suggest;
/* A name that is none, with those that were offered: 404 'nothing was changed: there is no rule "clas"; did you mean …'. */
void api_unknown(struct command *command, const char *what, const struct suggest *names);
void api_failed(struct command *command, const struct wq_err *err); /* with the status that belongs to it */

/* The body as an object, or NULL when it is none and that was answered. The caller releases it. */
json_t *api_body(struct command *command);
const char *api_text(const json_t *body, const char *key); /* NULL: not there, or no text */

/* The flight that what is done now goes into, or NULL when there is none and that was answered. */
struct flight *api_flight(struct daemon *daemon, struct command *command);
/* Answers when it is committed. */
void api_done(struct daemon *daemon, struct flight *flight, struct command *command);
/* Answers so (taken over) when all that was concluded until now is committed. */
void api_settled(struct daemon *daemon, struct command *command, char *body);

/* A person closes the alarm of that number, or acknowledges it (closing NULL), answered when it is committed. */
void api_act(struct daemon *daemon, struct command *command, const char *name, const char *who, const char *note,
	const struct wq_closing *closing);

/* Station of a rule's place; WQ_NONE for the site. */
uint32_t api_station(const struct wq_site *site, uint32_t rule, uint32_t place);

/* An open alarm as a JSON object. */
json_t *api_alarm(const struct daemon *daemon, const struct wq_alarm *alarm);

/* api_state.c */
void api_alarm_state(struct daemon *daemon, struct command *command, const char *name);
void api_acknowledge(struct daemon *daemon, struct command *command, const char *name);
json_t *api_links(const struct daemon *daemon); /* null: the configuration has none */

/* api_shelf.c: by the number of an open alarm, and by rule, station and parameter. */
void api_shelve_alarm(struct daemon *daemon, struct command *command, const char *name);
void api_unshelve_alarm(struct daemon *daemon, struct command *command, const char *name);
void api_shelve(struct daemon *daemon, struct command *command, const char *name);
void api_unshelve(struct daemon *daemon, struct command *command, const char *name);
void api_shelves(struct daemon *daemon, struct command *command, const char *name);

/* api_profile.c */
json_t *api_profile_list(const struct daemon *daemon);
void api_profiles(struct daemon *daemon, struct command *command, const char *name);
void api_profile(struct daemon *daemon, struct command *command, const char *name);

/* api_channel.c */
void api_channel_test(struct daemon *daemon, struct command *command, const char *name);

/* api_command.c */
void api_command(struct daemon *daemon, struct command *command, const char *name);

/* api_maintain.c */
void api_maintain(struct daemon *daemon, struct command *command, const char *name);
void api_maintain_end(struct daemon *daemon, struct command *command, const char *name);
json_t *api_maintenance(const struct daemon *daemon); /* what is under maintenance now */

/* api_duty.c: who is on duty by each roster that a group names, and who is next. */
json_t *api_duty_shifts(const struct daemon *daemon);
/* What else is told by the clock: when it was last, and when it is next. */
json_t *api_duty_bells(const struct daemon *daemon);
/* Null where there is none. */
json_t *api_duty_ping(const struct daemon *daemon);

/* api_uplink.c */
json_t *api_uplink_list(struct daemon *daemon);
void api_uplinks(struct daemon *daemon, struct command *command, const char *name);

#endif
