/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a message that smstools was given: which of its folders the file lies in now. smsd keeps a file's name
 * when it moves it from outgoing/ to checked/, and then to sent/ or, with the reason in its head, to failed/. */
#ifndef WQ_SMSFATE_H
#define WQ_SMSFATE_H

#include "wq/channel.h"

#include <stdbool.h>
#include <stdint.h>

#define SMSFATE_REASON 96

enum smsfate_place { SMSFATE_NOWHERE, SMSFATE_OUTGOING, SMSFATE_CHECKED, SMSFATE_SENT, SMSFATE_FAILED };

struct smsfate {
	enum smsfate_place place;
	int64_t idle_s; /* for so long neither it nor anything else has moved: with OUTGOING and CHECKED */
	char reason[SMSFATE_REASON]; /* with FAILED: smsd's own words, "" when it gave none */
};

/* Whether sent/ and failed/ beside the spool can be looked into: else nothing is ever known. spool: a descriptor of
 * outgoing/. */
bool smsfate_visible(int spool);

void smsfate_look(int spool, const char *name, wq_ms now, struct smsfate *out);

/* What a failure means: the number (WQ_DROP), the card or the modem's setting (WQ_CONFIG), or that it did not go
 * (WQ_FAILED). By the code of +CMS ERROR in the reason (3GPP TS 27.005, 3.2.5; 24.011 and 23.040). */
enum wq_result_kind smsfate_meaning(const char *reason);

#endif
