/* SPDX-License-Identifier: Apache-2.0 */
/* One frame, a table of sentences. */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELD 700 /* bytes of one fact, escaped */
#define NOTE_MOST "60"

const char page_style[] =
	"body{margin:0;font:17px/1.6 sans-serif;color:#222;background:#f4f5f6}"
	"main{max-width:34em;margin:0 auto;padding:1em}"
	"h1{font-size:1.3em}dl{background:#fff;padding:.6em 1em;margin:1em 0}"
	"dt{color:#666;font-size:.85em}dd{margin:0 0 .5em;overflow-wrap:anywhere}"
	"input,button{font:inherit;width:100%;box-sizing:border-box;padding:.6em;margin:.4em 0}"
	"button{border:0;color:#fff;background:#0a6}";

const char page_policy[] = "default-src 'none'; style-src 'sha256-f4CqM8y/IPEFHJuY4KOscWPuvgcUlhf/t1ZZMUocoy0='; form-action 'self'; frame-ancestors 'none'; "
			   "base-uri 'none'";

static const struct {
	int status;
	const char *title, *says;
} rows[PAGE_KINDS] = {
	[PAGE_ASK] = { 200, "请确认报警", "" },
	[PAGE_DONE] = { 200, "已确认", "已记录,可关闭本页。" },
	[PAGE_ANSWERED] = { 409, "已被确认", "无需再次确认。" },
	[PAGE_AGAIN] = { 409, "链接已使用", "确认之后报警又有新消息,请打开最新消息中的链接。" },
	[PAGE_OVER] = { 410, "报警已解除", "该报警已解除或销号,无需确认。" },
	[PAGE_EXPIRED] = { 410, "链接过期", "请打开最新消息中的链接,或联系值班室。" },
	[PAGE_INVALID] = { 404, "链接无效", "请从消息中完整打开链接。" },
	[PAGE_BUSY] = { 503, "系统繁忙", "尚未确认,请稍后再试,或联系值班室。" },
	[PAGE_UNSURE] = { 503, "未收到结果", "不知是否已记录,请一分钟后再次打开链接查看。" },
	[PAGE_OFTEN] = { 429, "访问过于频繁", "请一分钟后再试。" },
	[PAGE_METHOD] = { 405, "不支持的请求", "请用浏览器打开链接。" },
	[PAGE_LARGE] = { 413, "内容过长", "说明最多60字,尚未确认。" },
	[PAGE_FORM] = { 400, "内容有误", "尚未确认,请用浏览器重新打开链接。" },
};

int page_status(enum page_kind kind)
{
	return rows[kind].status;
}

struct sheet {
	char *text;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct sheet *sheet, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(sheet->text + sheet->length, PAGE_TEXT - sheet->length, format, args);
	va_end(args);
	sheet->length += n > 0 ? (size_t)n : 0;
	if (sheet->length >= PAGE_TEXT)
		sheet->length = PAGE_TEXT - 1;
}

/* What HTML takes for its own becomes an entity; nothing is cut within one, nor within a character of UTF-8. */
static const char *escape(const char *text, char out[FIELD])
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };
	size_t used = 0;

	for (; *text != '\0'; text++) {
		const char *as = NULL;

		for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
			if (*text == entities[i].c)
				as = entities[i].entity;
		size_t n = as != NULL ? strlen(as) : 1;

		/* Four bytes stay free for the rest of a character. */
		if (used + n + 4 >= FIELD && ((unsigned char)*text & 0xc0) != 0x80)
			break;
		if (as != NULL)
			memcpy(out + used, as, n);
		else
			out[used] = (unsigned char)*text < 0x20 ? ' ' : *text;
		used += n;
	}
	out[used] = '\0';
	return out;
}

static void add_facts(struct sheet *sheet, const struct page_facts *facts)
{
	const struct {
		const char *name, *value;
	} list[] = {
		{ "站点", facts->station }, { "项目", facts->parameter }, { "级别", facts->level }, { "内容", facts->text },
		{ "开始", facts->opened }, { "编号", facts->number }, { "您", facts->contact },
	};
	char clean[FIELD];

	add(sheet, "<dl>");
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (list[i].value != NULL && list[i].value[0] != '\0')
			add(sheet, "<dt>%s</dt><dd>%s</dd>", list[i].name, escape(list[i].value, clean));
	add(sheet, "</dl>");
}

static void add_answer(struct sheet *sheet, const struct page_facts *facts)
{
	char by[FIELD], at[FIELD];

	if (facts->by != NULL && facts->at != NULL)
		add(sheet, "<p>已由%s于%s确认。</p>", escape(facts->by, by), escape(facts->at, at));
}

static const char form[] = "<form method=\"post\"><input name=\"note\" maxlength=\"" NOTE_MOST
			   "\" placeholder=\"说明(可不填)\" autocomplete=\"off\"><button>确认</button></form>";

size_t page_write(enum page_kind kind, const struct page_facts *facts, char out[PAGE_TEXT])
{
	struct sheet sheet = { out, 0 };

	add(&sheet,
		"<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>%s</title>"
		"<style>%s</style></head><body><main><h1>%s</h1>",
		rows[kind].title, page_style, rows[kind].title);
	if (facts != NULL && (kind == PAGE_ANSWERED || kind == PAGE_AGAIN))
		add_answer(&sheet, facts);
	if (rows[kind].says[0] != '\0')
		add(&sheet, "<p>%s</p>", rows[kind].says);
	if (facts != NULL && facts->number != NULL)
		add_facts(&sheet, facts);
	add(&sheet, "%s</main></body></html>\n", kind == PAGE_ASK ? form : "");
	return sheet.length;
}
