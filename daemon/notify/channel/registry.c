/* SPDX-License-Identifier: Apache-2.0 */
/* The channels that there are, one line each. */
#include "wq/channel.h"

extern const struct wq_channel webhook_channel, sms_channel, dingtalk_channel, wecom_channel, feishu_channel,
        aliyun_sms_channel, tencent_sms_channel, voice_channel, alertmanager_channel, mail_channel, mqtt_topic_channel, exec_channel;

const struct wq_channel *const wq_channels[] = {
	&webhook_channel,
	&sms_channel,
	&dingtalk_channel,
	&wecom_channel,
	&feishu_channel,
	&aliyun_sms_channel,
	&tencent_sms_channel,
	&voice_channel,
	&alertmanager_channel,
	&mail_channel,
	&mqtt_topic_channel,
	&exec_channel,
	NULL,
};
