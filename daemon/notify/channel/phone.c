/* SPDX-License-Identifier: Apache-2.0 */
/* Chinese mobile numbers as people write them, others with their country code. */
#include "phone.h"

#include "wq/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool digits_only(const char *text, size_t least, size_t most)
{
	size_t n = strspn(text, "0123456789");

	return text[n] == '\0' && n >= least && n <= most;
}

static bool is_chinese_mobile(const char *digits)
{
	return digits_only(digits, 11, 11) && digits[0] == '1' && digits[1] >= '3';
}

int phone_number(const char *phone, char out[PHONE_TEXT], struct wq_err *err)
{
	if (phone == NULL || phone[0] == '\0')
		return wq_fail(err, WQ_E_INVALID, "phone: is missing");
	if (phone[0] != '+' && is_chinese_mobile(phone)) {
		snprintf(out, PHONE_TEXT, "86%.11s", phone);
		return 0;
	}
	bool chinese = strncmp(phone, "+86", 3) == 0;

	if (phone[0] != '+' || phone[1] == '0' || !digits_only(phone + 1, 8, 15) ||
	        (chinese && !is_chinese_mobile(phone + 3)))
		return wq_fail(err, WQ_E_INVALID,
		        "phone = %.24s: must be a Chinese mobile number (11 digits from 13 to 19) "
		        "or + and a country code and number (8 to 15 digits) to take short "
		        "messages",
		        phone);
	snprintf(out, PHONE_TEXT, "%.15s", phone + 1);
	return 0;
}

int phone_of_notice(const char *address, char out[PHONE_TEXT], struct wq_err *err)
{
	if (phone_number(address, out, err) == 0)
		return 0;
	err->code = WQ_E_STATE;
	return WQ_E_STATE;
}

int phone_recipient(const char *phone, struct wq_err *err)
{
	char number[PHONE_TEXT];

	return phone_number(phone, number, err);
}

const char *phone_domestic(const char *number)
{
	return strncmp(number, "86", 2) == 0 && is_chinese_mobile(number + 2) ? number + 2 : number;
}
