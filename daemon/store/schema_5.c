/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 5 to 10: maintenance, standards, profiles, checks, uplinks, and what people measured. */
#include "schema_parts.h"

#include <stddef.h>

/* Readings made under maintenance have a name in the views, and what people announced a table. */
const char *const schema_5[] = {
	"DROP VIEW v_sample;DROP VIEW sample_row;",
	"CREATE VIEW sample_row(series,at,newest,time,station,parameter,code,value,unit,quality,flag,"
	"source,received,revision) AS SELECT r.series,r.at,r.newest," LOCAL_TIME("r.at") ",s.key,"
	"p.alias,p.code,r.value,p.unit,"
	"CASE r.quality WHEN 0 THEN 'good' WHEN 1 THEN 'suspect' WHEN 2 THEN 'bad'"
	" WHEN 3 THEN 'missing' WHEN 4 THEN 'unchecked' WHEN 5 THEN 'maintenance' END,"
	"r.flag,o.name," LOCAL_TIME("r.received") ",r.revision"
	" FROM reading r JOIN series e ON e.id=r.series JOIN station s ON s.id=e.station"
	" JOIN parameter p ON p.id=e.parameter JOIN source o ON o.id=r.source JOIN meta m;",
	"CREATE VIEW v_sample(time,station,parameter,code,value,unit,quality,flag,source,received,"
	"revision) AS SELECT time,station,parameter,code,value,unit,quality,flag,source,received,"
	"revision FROM sample_row WHERE newest=1;",
	"CREATE TABLE maintenance(id INTEGER PRIMARY KEY,"
	"station INTEGER NOT NULL REFERENCES station(id),series INTEGER REFERENCES series(id),"
	"since INTEGER NOT NULL,until INTEGER NOT NULL,ended INTEGER,who TEXT NOT NULL,"
	"reason TEXT NOT NULL,ended_by TEXT NOT NULL) STRICT;",
	"CREATE VIEW v_maintenance(station,parameter,since,until,ended,who,reason,ended_by) AS "
	"SELECT s.key,p.alias," LOCAL_TIME("c.since") "," LOCAL_TIME("c.until") ","
	"CASE WHEN c.ended IS NOT NULL THEN " LOCAL_TIME("c.ended") " END,c.who,c.reason,c.ended_by"
	" FROM maintenance c JOIN station s ON s.id=c.station LEFT JOIN series e ON e.id=c.series"
	" LEFT JOIN parameter p ON p.id=e.parameter JOIN meta m ORDER BY c.id;",
	NULL
};

/* By which standard a day was judged, and how many of its readings lay below the detection limit. */
const char *const schema_6[] = {
	"CREATE TABLE standard(id INTEGER PRIMARY KEY,name TEXT NOT NULL,version TEXT NOT NULL,"
	"UNIQUE(name,version)) STRICT;"
	"ALTER TABLE day ADD COLUMN standard INTEGER REFERENCES standard(id);"
	"ALTER TABLE day ADD COLUMN below INTEGER NOT NULL DEFAULT 0;"
	"DROP VIEW IF EXISTS v_daily;"
	"CREATE VIEW v_daily(day,station,parameter,mean,valid,expected,class,verdict,exceedance,"
	"standard,below) AS "
	"SELECT date(d.day*86400,'unixepoch'),s.key,"
	"CASE d.parameter WHEN 0 THEN 'all' ELSE p.alias END,d.mean,d.valid,d.expected,"
	"nullif(d.class,0),CASE d.verdict WHEN 0 THEN 'not assessable' WHEN 1 THEN 'meets'"
	" WHEN 2 THEN 'exceeds' END,d.exceedance,t.name||' ('||t.version||')',d.below"
	" FROM day d JOIN station s ON s.id=d.station LEFT JOIN parameter p ON p.id=d.parameter"
	" LEFT JOIN standard t ON t.id=d.standard"
	" WHERE d.revision=(SELECT max(n.revision) FROM day n WHERE n.station=d.station"
	" AND n.day=d.day AND n.parameter=d.parameter);",
	NULL
};

/* What people said of profiles; the newest word on each holds. hand: 0 auto, 1 on, 2 off. */
const char *const schema_7[] = {
	"CREATE TABLE profile_word(profile TEXT NOT NULL,since INTEGER NOT NULL,hand INTEGER NOT NULL,"
	"until INTEGER,who TEXT NOT NULL,reason TEXT NOT NULL,PRIMARY KEY(profile,since))"
	" STRICT,WITHOUT ROWID;",
	"CREATE VIEW v_profile(profile,since,said,until,who,reason) AS SELECT w.profile,"
	LOCAL_TIME("w.since") ",CASE w.hand WHEN 0 THEN 'auto' WHEN 1 THEN 'on' ELSE 'off' END,"
	"CASE WHEN w.until IS NOT NULL THEN " LOCAL_TIME("w.until") " END,w.who,w.reason"
	" FROM profile_word w JOIN meta m ORDER BY w.since;",
	NULL
};

/* Checks of analysers: never among the readings. kind: enum wq_check_kind. The same one again is a repeat; one with other
 * figures replaces it. */
const char *const schema_checks[] = {
	"CREATE TABLE check_record(series INTEGER NOT NULL REFERENCES series(id),kind INTEGER NOT NULL,"
	"at INTEGER NOT NULL,value REAL,reference REAL,result REAL,flag TEXT NOT NULL,"
	"PRIMARY KEY(series,kind,at)) STRICT,WITHOUT ROWID;",
	"CREATE VIEW check_row(at,time,station,parameter,code,kind,value,reference,unit,result,flag) AS "
	"SELECT c.at," LOCAL_TIME("c.at") ",s.key,p.alias,p.code,"
	"CASE c.kind WHEN 0 THEN 'standard' WHEN 1 THEN 'zero' WHEN 2 THEN 'span' WHEN 3 THEN 'recovery'"
	" WHEN 4 THEN 'parallel' WHEN 5 THEN 'blank' END,c.value,c.reference,p.unit,c.result,c.flag"
	" FROM check_record c JOIN series e ON e.id=c.series JOIN station s ON s.id=e.station"
	" JOIN parameter p ON p.id=e.parameter JOIN meta m;",
	"CREATE VIEW v_check(time,station,parameter,code,kind,value,reference,unit,result,flag) AS "
	"SELECT time,station,parameter,code,kind,value,reference,unit,result,flag FROM check_row"
	" ORDER BY at,station,parameter;",
	NULL
};

/* What the uplinks have forwarded (a row each: the last that was acknowledged), and what there is to forward, in the
 * order of its commit: the readings of a batch by station and time, and changes of alarms (kind 0: alarm, number)
 * and days that closed (kind 1: station, day), for which `sequence` says which readings came before them. Rows are
 * only there while an uplink needs them. */
const char *const schema_uplinks[] = {
	"CREATE TABLE uplink(name TEXT PRIMARY KEY,incarnation INTEGER NOT NULL,"
	"sequence INTEGER NOT NULL,note INTEGER NOT NULL,acknowledged INTEGER) STRICT,WITHOUT ROWID;"
	"CREATE TABLE forward(sequence INTEGER NOT NULL,station INTEGER NOT NULL,at INTEGER NOT NULL,"
	"PRIMARY KEY(sequence,station,at)) STRICT,WITHOUT ROWID;"
	"CREATE TABLE forward_note(seq INTEGER PRIMARY KEY AUTOINCREMENT,kind INTEGER NOT NULL,"
	"subject INTEGER NOT NULL,number INTEGER NOT NULL,sequence INTEGER NOT NULL) STRICT;",
	NULL
};

/* What people measured (人工复测), beside the readings; which file readings came from. An alarm shows what was measured of its
 * place while it was open, with the reading of the analyser that is nearest in time, 4 h at most. */
#define NEIGHBOUR(which, range)                                                                    \
	"(SELECT " which "(r.at) FROM reading r WHERE r.series=w.series AND r.newest=1 AND r.quality<2" \
	" AND " range ")"

static const char manual_tables[] =
        "CREATE TABLE manual(series INTEGER NOT NULL REFERENCES series(id),at INTEGER NOT NULL,"
        "revision INTEGER NOT NULL,value REAL NOT NULL,flag TEXT NOT NULL,"
        "source INTEGER NOT NULL REFERENCES source(id),received INTEGER NOT NULL,"
        "sequence INTEGER NOT NULL,who TEXT NOT NULL,file TEXT NOT NULL,repeats INTEGER NOT NULL,"
        "newest INTEGER NOT NULL,PRIMARY KEY(series,at,revision)) STRICT,WITHOUT ROWID;"
        "CREATE TABLE import(began INTEGER NOT NULL,who TEXT NOT NULL,file TEXT NOT NULL,"
        "manual INTEGER NOT NULL,source INTEGER NOT NULL REFERENCES source(id),"
        "first INTEGER NOT NULL,last INTEGER NOT NULL,ended INTEGER NOT NULL,"
        "readings INTEGER NOT NULL,PRIMARY KEY(began,who,file)) STRICT,WITHOUT ROWID;";

static const char manual_views[] =
        "CREATE VIEW manual_row(series,at,newest,time,station,parameter,code,value,unit,flag,"
        "automatic,automatic_time,who,file,source,received,revision) AS SELECT x.series,x.at,x.newest,"
        LOCAL_TIME("x.at") ",s.key,p.alias,p.code,x.value,p.unit,x.flag,"
        "(SELECT r.value FROM reading r WHERE r.series=x.series AND r.at=x.near AND r.newest=1),"
        LOCAL_TIME("x.near") ","
        "x.who,x.file,o.name," LOCAL_TIME("x.received") ",x.revision"
        " FROM (SELECT n.*,CASE WHEN n.before IS NULL OR n.after-n.at<n.at-n.before THEN coalesce(n.after,n.before)"
        " ELSE n.before END AS near FROM (SELECT w.*,"
        NEIGHBOUR("max", "r.at<=w.at AND r.at>=w.at-14400000") " AS before,"
        NEIGHBOUR("min", "r.at>w.at AND r.at<=w.at+14400000") " AS after FROM manual w) n) x JOIN series e ON e.id=x.series JOIN station s ON s.id=e.station"
        " JOIN parameter p ON p.id=e.parameter JOIN source o ON o.id=x.source JOIN meta m;"
        "CREATE VIEW v_manual(time,station,parameter,code,value,unit,flag,automatic,automatic_time,"
        "who,file,source,received,revision) AS SELECT time,station,parameter,code,value,unit,flag,"
        "automatic,automatic_time,who,file,source,received,revision FROM manual_row WHERE newest=1;"
        "CREATE VIEW v_import(began,ended,kind,who,file,source,readings,first,last) AS SELECT "
        LOCAL_TIME("i.began") "," LOCAL_TIME("i.ended") ",CASE i.manual WHEN 0 THEN 'automatic' ELSE 'manual' END,"
        "i.who,i.file,o.name,i.readings,i.first,i.last"
        " FROM import i JOIN source o ON o.id=i.source JOIN meta m ORDER BY i.began;";

static const char alarm_views[] =
        "DROP VIEW v_alarm;DROP VIEW change_row;"
        "CREATE VIEW change_row(id,number,at,decided,open,alarm,change,time,"
        "rule,station,parameter,level,value,\"limit\",text,hushed) AS "
        "SELECT c.alarm,c.number,c.time,c.decided,a.open,"
        "printf('W%08d-%03d',c.alarm/100000,c.alarm%100000),"
        "CASE c.kind WHEN 0 THEN 'opened' WHEN 1 THEN 'raised' WHEN 2 THEN 'escalated'"
        " WHEN 3 THEN 'acknowledged' WHEN 4 THEN 'cleared' WHEN 5 THEN 'closed'"
        " WHEN 6 THEN 'corrected' WHEN 7 THEN 'recovered' WHEN 8 THEN 'reopened'"
        " WHEN 9 THEN 'shelved' WHEN 10 THEN 'unshelved' END," LOCAL_TIME("c.time") ",u.name,s.key,p.alias," LEVEL_NAME
        ",c.value,c.threshold,CASE WHEN c.kind NOT IN(3,5,9) THEN c.says WHEN "
        "c.note='' THEN c.who"
        " WHEN c.who='' THEN c.note ELSE c.who||': '||c.note END,"
        "CASE c.hush WHEN 0 THEN '' WHEN 1 THEN 'shelved' WHEN 2 THEN 'flood' END"
        " FROM change c JOIN alarm a ON a.id=c.alarm JOIN rule u ON u.id=a.rule"
        " LEFT JOIN station s ON s.id=c.station LEFT JOIN series e ON "
        "e.id=c.series"
        " LEFT JOIN parameter p ON p.id=e.parameter JOIN meta m"
        " UNION ALL "
        "SELECT a.id,1000000+row_number() OVER (PARTITION BY a.id ORDER BY x.at,x.series),x.at,x.received,a.open,"
        "printf('W%08d-%03d',a.id/100000,a.id%100000),'retested',x.time,u.name,x.station,x.parameter,"
        "NULL,x.value,"
        "CASE WHEN a.series IS NOT NULL THEN (SELECT c.threshold FROM change c WHERE c.alarm=a.id"
        " AND c.threshold IS NOT NULL ORDER BY c.number DESC LIMIT 1) END,"
        "'人工复测 '||x.value||CASE x.unit WHEN '-' THEN '' ELSE x.unit END||"
        "coalesce(',自动 '||x.automatic||' ('||substr(x.automatic_time,6,5)||' '||substr(x.automatic_time,12,5)||')',',前后4小时无自动数据')"
        "||',录入 '||x.who,''"
        " FROM manual_row x JOIN series e ON e.id=x.series JOIN alarm a"
        " ON (a.series=x.series OR (a.series IS NULL AND a.station=e.station)) AND x.at>=a.opened"
        " AND (a.open=1 OR x.at<=(SELECT max(c.time) FROM change c WHERE c.alarm=a.id))"
        " JOIN rule u ON u.id=a.rule WHERE x.newest=1;"
        "CREATE VIEW v_alarm(alarm,change,time,rule,station,parameter,level,value,\"limit\",text) AS "
        "SELECT alarm,change,time,rule,station,parameter,level,value,\"limit\",text"
        " FROM change_row ORDER BY id,number;";

const char *const schema_manual[] = { manual_tables, manual_views, alarm_views, NULL };
