/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of the QARTOD tests, see wq/qc.h. */
#ifndef WQ_VALIDATE_QARTOD_H
#define WQ_VALIDATE_QARTOD_H

#include "wq/qc.h"

struct qartod_series {
	const struct wq_qc_request *request;
	const wq_ms *at;
	const double *value;
	size_t count;
	void *room; /* wq_qc_room(count) bytes */
	uint8_t *flags;
};

struct wq_qc_span qartod_sorted(struct wq_qc_span span);

int qartod_check_climatology(const struct wq_qc_request *request, struct wq_err *err);
int qartod_climatology(const struct qartod_series *series, struct wq_err *err);

int qartod_check_flat_line(const struct wq_qc_request *request, struct wq_err *err);
int qartod_flat_line(const struct qartod_series *series, struct wq_err *err);

int qartod_check_attenuated(const struct wq_qc_request *request, struct wq_err *err);
int qartod_attenuated(const struct qartod_series *series, struct wq_err *err);

#endif
