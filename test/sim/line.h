/* SPDX-License-Identifier: Apache-2.0 */
/* A serial line without hardware: a pseudo-terminal under a name that stays. */
#ifndef WQ_SIM_LINE_H
#define WQ_SIM_LINE_H

struct wq_err;

struct line {
	int fd;   /* the device's end, non-blocking */
	int held; /* the master's end, held open so that the line is there while nobody has it */
};

/* Opens one; `name` becomes a symbolic link to the end that a Modbus master opens. Only a link is
 * replaced. WQ_E_IO with a sentence. */
int line_open(struct line *line, const char *name, struct wq_err *err);

/* As an adapter that is pulled out: whoever has it open gets a hang-up. */
void line_close(struct line *line, const char *name);

#endif
