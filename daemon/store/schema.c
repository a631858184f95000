/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of the history: tables, and the views that analysts rely on. docs/store.md tells what
 * each column means.
 *
 * Readings lie in two tables of the same shape. sample_open takes every insert and is ordered by
 * time, so that a commit touches the last pages only, however many series there are; sample is
 * ordered by series, so that the history of one series lies together. Closed days move from the
 * first to the second in sorted slices. */
#include "schema.h"

#include <stddef.h>

/* Columns after the key. 0 and 1 take no room beside their header byte. */
#define SAMPLE_COLUMNS                                                                             \
	"value REAL,"                                                                              \
	"quality INTEGER NOT NULL,"                                                                \
	"stamp INTEGER NOT NULL,"                                                                  \
	"flag TEXT NOT NULL,"                                                                      \
	"source INTEGER NOT NULL REFERENCES source(id),"                                           \
	"received INTEGER NOT NULL,"                                                               \
	"trusted INTEGER NOT NULL,"                                                                \
	"sequence INTEGER NOT NULL,"                                                               \
	"repeats INTEGER NOT NULL,"                                                                \
	"repeated INTEGER,"                                                                        \
	"score REAL,"                                                                              \
	"late INTEGER NOT NULL,"                                                                   \
	"event INTEGER NOT NULL,"                                                                  \
	"newest INTEGER NOT NULL,"

/* Milliseconds as ISO 8601 in the site's fixed offset; m is the row of meta. */
#define LOCAL_TIME(ms)                                                                             \
	"strftime('%Y-%m-%dT%H:%M:%S',(" ms "+m.zone_offset)/1000,'unixepoch')"                    \
	"||CASE " ms "%1000 WHEN 0 THEN '' ELSE printf('.%03d'," ms "%1000) END||m.zone_text"

#define LEVEL_NAME                                                                                 \
	"CASE c.level WHEN 0 THEN 'none' WHEN 1 THEN 'info' WHEN 2 THEN 'watch'"                   \
	" WHEN 3 THEN 'warning' WHEN 4 THEN 'alarm' END"

static const char names_1[] =
        "CREATE TABLE meta("
        "one INTEGER PRIMARY KEY CHECK(one=1),"
        "incarnation INTEGER NOT NULL,"
        "sequence INTEGER NOT NULL,"
        "commits INTEGER NOT NULL,"
        "received INTEGER NOT NULL,"
        "site TEXT NOT NULL,"
        "zone_offset INTEGER NOT NULL,"
        "zone_text TEXT NOT NULL) STRICT;"
        "INSERT INTO meta VALUES(1,0,0,0,0,'',28800000,'+08:00');"

        "CREATE TABLE station(id INTEGER PRIMARY KEY,key TEXT NOT NULL UNIQUE,"
        "name TEXT NOT NULL,kind TEXT NOT NULL) STRICT;"
        "CREATE TABLE parameter(id INTEGER PRIMARY KEY,code TEXT NOT NULL UNIQUE,"
        "alias TEXT NOT NULL,name TEXT NOT NULL,unit TEXT NOT NULL) STRICT;"
        "CREATE TABLE series(id INTEGER PRIMARY KEY,"
        "station INTEGER NOT NULL REFERENCES station(id),"
        "parameter INTEGER NOT NULL REFERENCES parameter(id),UNIQUE(station,parameter)) STRICT;"
        "CREATE TABLE source(id INTEGER PRIMARY KEY,name TEXT NOT NULL UNIQUE) STRICT;"
        "CREATE TABLE rule(id INTEGER PRIMARY KEY,name TEXT NOT NULL UNIQUE,hash INTEGER NOT NULL)"
        " STRICT;";

static const char samples_1[] =
        "CREATE TABLE sample_open(at INTEGER NOT NULL,series INTEGER NOT NULL REFERENCES "
        "series(id),"
        "revision INTEGER NOT NULL," SAMPLE_COLUMNS
        "PRIMARY KEY(at,series,revision)) STRICT,WITHOUT ROWID;"
        "CREATE TABLE sample(series INTEGER NOT NULL REFERENCES series(id),at INTEGER NOT NULL,"
        "revision INTEGER NOT NULL," SAMPLE_COLUMNS
        "PRIMARY KEY(series,at,revision)) STRICT,WITHOUT ROWID;";

static const char conclusions_1[] =
        "CREATE TABLE day(station INTEGER NOT NULL REFERENCES station(id),day INTEGER NOT NULL,"
        "parameter INTEGER NOT NULL,revision INTEGER NOT NULL,mean REAL,mean_raw REAL,"
        "valid INTEGER NOT NULL,expected INTEGER NOT NULL,class INTEGER NOT NULL,"
        "verdict INTEGER NOT NULL,exceedance REAL,"
        "PRIMARY KEY(station,day,parameter,revision)) STRICT,WITHOUT ROWID;"

        "CREATE TABLE alarm(id INTEGER PRIMARY KEY,rule INTEGER NOT NULL REFERENCES rule(id),"
        "station INTEGER REFERENCES station(id),series INTEGER REFERENCES series(id),"
        "opened INTEGER NOT NULL,open INTEGER NOT NULL) STRICT;"
        "CREATE INDEX alarm_open ON alarm(id) WHERE open=1;"
        "CREATE TABLE change(alarm INTEGER NOT NULL REFERENCES alarm(id),number INTEGER NOT NULL,"
        "kind INTEGER NOT NULL,station INTEGER REFERENCES station(id),"
        "series INTEGER REFERENCES series(id),level INTEGER NOT NULL,time INTEGER NOT NULL,"
        "decided INTEGER NOT NULL,value REAL,threshold REAL,who TEXT NOT NULL,note TEXT NOT NULL,"
        "says TEXT NOT NULL,evidence TEXT NOT NULL,UNIQUE(alarm,number)) STRICT;"

        "CREATE TABLE notice(seq INTEGER PRIMARY KEY,id TEXT NOT NULL UNIQUE,alarm INTEGER NOT "
        "NULL,"
        "number INTEGER NOT NULL,kind INTEGER NOT NULL,level INTEGER NOT NULL,"
        "assist INTEGER NOT NULL,time INTEGER NOT NULL,created INTEGER NOT NULL,"
        "expires INTEGER NOT NULL,contact TEXT NOT NULL,channel TEXT NOT NULL,"
        "address TEXT NOT NULL,text TEXT NOT NULL,data TEXT NOT NULL,state INTEGER NOT NULL,"
        "attempts INTEGER NOT NULL) STRICT;"
        "CREATE INDEX notice_pending ON notice(seq) WHERE state=0;"
        "CREATE TABLE delivery(seq INTEGER PRIMARY KEY,notice TEXT NOT NULL,attempt INTEGER NOT "
        "NULL,"
        "channel TEXT NOT NULL,at INTEGER NOT NULL,kind INTEGER NOT NULL,done INTEGER NOT NULL,"
        "text TEXT NOT NULL) STRICT;"
        "CREATE INDEX delivery_notice ON delivery(notice);"

        "CREATE TABLE outage(source INTEGER NOT NULL REFERENCES source(id),unit TEXT NOT NULL,"
        "since INTEGER NOT NULL,until INTEGER,reason TEXT NOT NULL,"
        "PRIMARY KEY(source,unit,since)) STRICT,WITHOUT ROWID;";

static const char sample_views_1[] =
        "CREATE VIEW reading AS "
        "SELECT series,at,revision,value,quality,stamp,flag,source,received,trusted,sequence,"
        "repeats,repeated,score,late,event,newest FROM sample UNION ALL "
        "SELECT series,at,revision,value,quality,stamp,flag,source,received,trusted,sequence,"
        "repeats,repeated,score,late,event,newest FROM sample_open;"

        /* The rows of v_sample with what the program itself selects by. */
        "CREATE VIEW "
        "sample_row(series,at,newest,time,station,parameter,code,value,unit,quality,flag,"
        "source,received,revision) AS SELECT r.series,r.at,r.newest," LOCAL_TIME(
                "r.at") ",s.key,"
                        "p.alias,p.code,r.value,p.unit,"
                        "CASE r.quality WHEN 0 THEN 'good' WHEN 1 THEN 'suspect' WHEN 2 THEN 'bad'"
                        " WHEN 3 THEN 'missing' WHEN 4 THEN 'unchecked' END,"
                        "r.flag,o.name," LOCAL_TIME(
                                "r.received") ",r.revision"
                                              " FROM reading r JOIN series e ON e.id=r.series JOIN "
                                              "station s ON s.id=e.station"
                                              " JOIN parameter p ON p.id=e.parameter JOIN source o "
                                              "ON o.id=r.source JOIN meta m;"
                                              "CREATE VIEW "
                                              "v_sample(time,station,parameter,code,value,unit,"
                                              "quality,flag,source,received,"
                                              "revision) AS SELECT "
                                              "time,station,parameter,code,value,unit,quality,flag,"
                                              "source,received,"
                                              "revision FROM sample_row WHERE newest=1;";

static const char conclusion_views_1[] =
        "CREATE VIEW v_daily(day,station,parameter,mean,valid,expected,class,verdict,exceedance) "
        "AS "
        "SELECT date(d.day*86400,'unixepoch'),s.key,"
        "CASE d.parameter WHEN 0 THEN 'all' ELSE p.alias END,d.mean,d.valid,d.expected,"
        "nullif(d.class,0),CASE d.verdict WHEN 0 THEN 'not assessable' WHEN 1 THEN 'meets'"
        " WHEN 2 THEN 'exceeds' END,d.exceedance"
        " FROM day d JOIN station s ON s.id=d.station LEFT JOIN parameter p ON p.id=d.parameter"
        " WHERE d.revision=(SELECT max(n.revision) FROM day n WHERE n.station=d.station"
        " AND n.day=d.day AND n.parameter=d.parameter);"

        /* The same for v_alarm. */
        "CREATE VIEW change_row(id,number,at,decided,open,alarm,change,time,"
        "rule,station,parameter,level,value,\"limit\",text) AS "
        "SELECT c.alarm,c.number,c.time,c.decided,a.open,"
        "printf('W%08d-%03d',c.alarm/100000,c.alarm%100000),"
        "CASE c.kind WHEN 0 THEN 'opened' WHEN 1 THEN 'raised' WHEN 2 THEN 'escalated'"
        " WHEN 3 THEN 'acknowledged' WHEN 4 THEN 'cleared' WHEN 5 THEN 'closed'"
        " WHEN 6 THEN 'corrected' END," LOCAL_TIME(
                "c.time") ",u.name,s.key,p.alias," LEVEL_NAME
                          ",c.value,c.threshold,CASE WHEN c.kind NOT IN(3,5) THEN c.says WHEN "
                          "c.note='' THEN c.who"
                          " WHEN c.who='' THEN c.note ELSE c.who||': '||c.note END"
                          " FROM change c JOIN alarm a ON a.id=c.alarm JOIN rule u ON u.id=a.rule"
                          " LEFT JOIN station s ON s.id=c.station LEFT JOIN series e ON "
                          "e.id=c.series"
                          " LEFT JOIN parameter p ON p.id=e.parameter JOIN meta m;"
                          "CREATE VIEW "
                          "v_alarm(alarm,change,time,rule,station,parameter,level,value,\"limit\","
                          "text) AS "
                          "SELECT "
                          "alarm,change,time,rule,station,parameter,level,value,\"limit\",text"
                          " FROM change_row ORDER BY id,number;";

static const char *const step_1[] = { names_1, samples_1, conclusions_1, sample_views_1,
	conclusion_views_1, NULL };

/* Days that late readings changed and that were not evaluated again yet. */
static const char *const step_2[] = {
	"CREATE TABLE day_due(station INTEGER NOT NULL REFERENCES station(id),day INTEGER NOT NULL,"
	"PRIMARY KEY(station,day)) STRICT,WITHOUT ROWID;",
	NULL
};

/* How long a channel has before the contact's next one is tried, ms. */
static const char *const step_3[] = {
	"ALTER TABLE notice ADD COLUMN deadline INTEGER NOT NULL DEFAULT 60000;", NULL
};

/* The life of alarms: why nobody was told of a change, shelves, and delays that run. `station` and `series`
 * of the latter are 0 where there is none: they are part of the key. */
static const char life_4[] =
        "ALTER TABLE change ADD COLUMN hush INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX change_opened ON change(decided) WHERE kind IN(0,8);"
        "CREATE TABLE shelf(rule INTEGER NOT NULL REFERENCES rule(id),station INTEGER NOT NULL,"
        "series INTEGER NOT NULL,since INTEGER NOT NULL,until INTEGER NOT NULL,ended INTEGER,"
        "automatic INTEGER NOT NULL,who TEXT NOT NULL,reason TEXT NOT NULL,ended_by TEXT NOT NULL,"
        "PRIMARY KEY(rule,station,series,since)) STRICT,WITHOUT ROWID;"
        "CREATE TABLE delay(rule INTEGER NOT NULL REFERENCES rule(id),station INTEGER NOT NULL,"
        "series INTEGER NOT NULL,exceeds_since INTEGER,meets_since INTEGER,"
        "PRIMARY KEY(rule,station,series)) STRICT,WITHOUT ROWID;";

static const char life_views_4[] =
        "DROP VIEW v_alarm;DROP VIEW change_row;"
        "CREATE VIEW change_row(id,number,at,decided,open,alarm,change,time,"
        "rule,station,parameter,level,value,\"limit\",text,hushed) AS "
        "SELECT c.alarm,c.number,c.time,c.decided,a.open,"
        "printf('W%08d-%03d',c.alarm/100000,c.alarm%100000),"
        "CASE c.kind WHEN 0 THEN 'opened' WHEN 1 THEN 'raised' WHEN 2 THEN 'escalated'"
        " WHEN 3 THEN 'acknowledged' WHEN 4 THEN 'cleared' WHEN 5 THEN 'closed'"
        " WHEN 6 THEN 'corrected' WHEN 7 THEN 'recovered' WHEN 8 THEN 'reopened'"
        " WHEN 9 THEN 'shelved' WHEN 10 THEN 'unshelved' END," LOCAL_TIME(
                "c.time") ",u.name,s.key,p.alias," LEVEL_NAME
                          ",c.value,c.threshold,CASE WHEN c.kind NOT IN(3,5,9) THEN c.says WHEN "
                          "c.note='' THEN c.who"
                          " WHEN c.who='' THEN c.note ELSE c.who||': '||c.note END,"
                          "CASE c.hush WHEN 0 THEN '' WHEN 1 THEN 'shelved' WHEN 2 THEN 'flood' END"
                          " FROM change c JOIN alarm a ON a.id=c.alarm JOIN rule u ON u.id=a.rule"
                          " LEFT JOIN station s ON s.id=c.station LEFT JOIN series e ON "
                          "e.id=c.series"
                          " LEFT JOIN parameter p ON p.id=e.parameter JOIN meta m;"
                          "CREATE VIEW "
                          "v_alarm(alarm,change,time,rule,station,parameter,level,value,\"limit\","
                          "text) AS "
                          "SELECT "
                          "alarm,change,time,rule,station,parameter,level,value,\"limit\",text"
                          " FROM change_row ORDER BY id,number;"
                          "CREATE VIEW "
                          "v_shelf(rule,station,parameter,since,until,who,reason,ended,ended_by) AS "
                          "SELECT u.name,s.key,p.alias," LOCAL_TIME("f.since") "," LOCAL_TIME(
                                  "f.until") ",f.who,f.reason," LOCAL_TIME("f.ended") ",f.ended_by"
                                             " FROM shelf f JOIN rule u ON u.id=f.rule"
                                             " LEFT JOIN station s ON s.id=f.station"
                                             " LEFT JOIN series e ON e.id=f.series"
                                             " LEFT JOIN parameter p ON p.id=e.parameter JOIN meta m"
                                             " ORDER BY f.since;";

static const char *const step_4[] = { life_4, life_views_4, NULL };

/* Readings made under maintenance have a name in the views, and what people announced a table. */
static const char *const step_5[] = {
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
static const char *const step_6[] = {
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
static const char *const step_7[] = {
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
static const char *const step_checks[] = {
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
static const char *const step_uplinks[] = {
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

static const char *const step_manual[] = { manual_tables, manual_views, alarm_views, NULL };

/* Commands to devices that people asked for, refused ones too: written before anything is sent, and once more with the outcome. */
static const char *const step_commands[] = {
	"CREATE TABLE command(seq INTEGER PRIMARY KEY,id INTEGER NOT NULL UNIQUE,at INTEGER NOT NULL,"
	"who TEXT NOT NULL,bus TEXT NOT NULL,name TEXT NOT NULL,unit INTEGER,function INTEGER,address INTEGER,"
	"data TEXT NOT NULL,outcome INTEGER NOT NULL,ended INTEGER,text TEXT NOT NULL) STRICT;"
	"CREATE INDEX command_at ON command(at);",
	"CREATE VIEW command_row(seq,at,time,who,bus,command,unit,function,address,data,outcome,ended,text) AS "
	"SELECT c.seq,c.at," LOCAL_TIME("c.at") ",c.who,c.bus,c.name,c.unit,c.function,c.address,c.data,"
	"CASE c.outcome WHEN 0 THEN 'under way' WHEN 1 THEN 'done' WHEN 2 THEN 'refused' WHEN 3 THEN 'not sent'"
	" WHEN 4 THEN 'unknown' WHEN 5 THEN 'denied' END," LOCAL_TIME("c.ended") ",c.text"
	" FROM command c JOIN meta m;",
	"CREATE VIEW v_command(time,who,bus,command,unit,function,address,data,outcome,ended,text) AS "
	"SELECT time,who,bus,command,unit,function,address,data,outcome,ended,text FROM command_row"
	" ORDER BY at,seq;",
	NULL
};

/* Memos; notices held back for a digest (state 3; 4: told by the digest `folded`); when what happens by the clock was done last. */
static const char *const step_memos[] = {
	"ALTER TABLE notice ADD COLUMN topic INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE notice ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE notice ADD COLUMN held INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE notice ADD COLUMN folded TEXT;"
	"CREATE INDEX notice_held ON notice(contact,hold,held) WHERE state=3;"
	"CREATE TABLE mark(name TEXT PRIMARY KEY,at INTEGER NOT NULL) STRICT,WITHOUT ROWID;",
	NULL
};

/* Cause and measure of a closing (整改销号) have columns of their own, and alarms that nobody acknowledges are reminded of. */
static const char closing_views[] =
        "DROP VIEW v_alarm;DROP VIEW change_row;"
        "CREATE VIEW change_row(id,number,at,decided,open,alarm,change,time,"
        "rule,station,parameter,level,value,\"limit\",text,hushed) AS "
        "SELECT c.alarm,c.number,c.time,c.decided,a.open,"
        "printf('W%08d-%03d',c.alarm/100000,c.alarm%100000),"
        "CASE c.kind WHEN 0 THEN 'opened' WHEN 1 THEN 'raised' WHEN 2 THEN 'escalated'"
        " WHEN 3 THEN 'acknowledged' WHEN 4 THEN 'cleared' WHEN 5 THEN 'closed'"
        " WHEN 6 THEN 'corrected' WHEN 7 THEN 'recovered' WHEN 8 THEN 'reopened'"
        " WHEN 9 THEN 'shelved' WHEN 10 THEN 'unshelved' WHEN 11 THEN 'reminded' END," LOCAL_TIME("c.time") ",u.name,s.key,p.alias," LEVEL_NAME
        ",c.value,c.threshold,CASE WHEN c.kind NOT IN(3,5,9) THEN c.says"
        " WHEN c.cause<>'' THEN c.who||': 原因:'||c.cause||';措施:'||c.action||iif(c.note='','',';'||c.note)"
        " WHEN c.note='' THEN c.who"
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
        " FROM change_row ORDER BY id,number;"
        /* Of before this version cause and measure stand in the note. */
        "CREATE VIEW v_closing(alarm,opened,closed,hours,rule,station,parameter,level,who,cause,action,note) AS "
        "SELECT printf('W%08d-%03d',c.alarm/100000,c.alarm%100000)," LOCAL_TIME("a.opened") "," LOCAL_TIME("c.time") ","
        "(c.time-a.opened)/3600000.0,u.name,s.key,p.alias," LEVEL_NAME ",c.who,"
        "CASE WHEN c.cause<>'' THEN c.cause WHEN c.note LIKE '原因:%;措施:%' THEN substr(c.note,4,instr(c.note,';措施:')-4) ELSE '' END,"
        "CASE WHEN c.action<>'' THEN c.action WHEN c.note LIKE '原因:%;措施:%' THEN substr(c.note,instr(c.note,';措施:')+4) ELSE '' END,"
        "CASE WHEN c.cause='' AND c.note LIKE '原因:%;措施:%' THEN '' ELSE c.note END"
        " FROM change c JOIN alarm a ON a.id=c.alarm JOIN rule u ON u.id=a.rule LEFT JOIN station s ON s.id=a.station"
        " LEFT JOIN series e ON e.id=a.series LEFT JOIN parameter p ON p.id=e.parameter JOIN meta m"
        " WHERE c.kind=5 ORDER BY c.time,c.alarm;";

static const char *const step_closing[] = {
	"ALTER TABLE change ADD COLUMN cause TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE change ADD COLUMN action TEXT NOT NULL DEFAULT '';",
	closing_views,
	NULL
};

/* What the quality of a reading is from, and what the rules of health have learnt of a series (`memory`: the
 * rule's own; the rest is for people to read). test: enum wq_health_test. */
#define TEST_NAME                                                                                  \
	"CASE r.test WHEN 0 THEN '' WHEN 1 THEN 'missing' WHEN 2 THEN 'range' WHEN 3 THEN 'with'"  \
	" WHEN 4 THEN 'flat' WHEN 5 THEN 'copied' WHEN 6 THEN 'coarse' WHEN 7 THEN 'regular'"      \
	" WHEN 8 THEN 'gap' WHEN 9 THEN 'spike' WHEN 10 THEN 'unusual' WHEN 11 THEN 'rate'"        \
	" WHEN 12 THEN 'season' WHEN 13 THEN 'cross' WHEN 14 THEN 'neighbour' ELSE r.test END"

static const char *const step_health[] = {
	"ALTER TABLE sample_open ADD COLUMN test INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE sample ADD COLUMN test INTEGER NOT NULL DEFAULT 0;"
	"DROP VIEW v_sample;DROP VIEW sample_row;DROP VIEW reading;",
	"CREATE VIEW reading AS "
	"SELECT series,at,revision,value,quality,stamp,flag,source,received,trusted,sequence,"
	"repeats,repeated,score,late,event,newest,test FROM sample UNION ALL "
	"SELECT series,at,revision,value,quality,stamp,flag,source,received,trusted,sequence,"
	"repeats,repeated,score,late,event,newest,test FROM sample_open;",
	"CREATE VIEW sample_row(series,at,newest,time,station,parameter,code,value,unit,quality,flag,"
	"source,received,revision,test) AS SELECT r.series,r.at,r.newest," LOCAL_TIME("r.at") ",s.key,"
	"p.alias,p.code,r.value,p.unit,"
	"CASE r.quality WHEN 0 THEN 'good' WHEN 1 THEN 'suspect' WHEN 2 THEN 'bad'"
	" WHEN 3 THEN 'missing' WHEN 4 THEN 'unchecked' WHEN 5 THEN 'maintenance' END,"
	"r.flag,o.name," LOCAL_TIME("r.received") ",r.revision," TEST_NAME
	" FROM reading r JOIN series e ON e.id=r.series JOIN station s ON s.id=e.station"
	" JOIN parameter p ON p.id=e.parameter JOIN source o ON o.id=r.source JOIN meta m;",
	"CREATE VIEW v_sample(time,station,parameter,code,value,unit,quality,flag,source,received,"
	"revision,test) AS SELECT time,station,parameter,code,value,unit,quality,flag,source,received,"
	"revision,test FROM sample_row WHERE newest=1;",
	"CREATE TABLE learnt(series INTEGER PRIMARY KEY REFERENCES series(id),since INTEGER NOT NULL,"
	"until INTEGER NOT NULL,readings INTEGER NOT NULL,low REAL,high REAL,rate REAL,"
	"memory BLOB NOT NULL) STRICT;",
	"CREATE VIEW v_learnt(station,parameter,since,until,readings,low,high,rate) AS "
	"SELECT s.key,p.alias," LOCAL_TIME("l.since") "," LOCAL_TIME("l.until") ",l.readings,l.low,l.high,l.rate"
	" FROM learnt l JOIN series e ON e.id=l.series JOIN station s ON s.id=e.station"
	" JOIN parameter p ON p.id=e.parameter JOIN meta m ORDER BY s.key,p.alias;",
	NULL
};

/* Since when an alarm waits where our clock was set meanwhile; and both clocks at the last commit, by which a later life finds that
 * it was set while nobody looked. */
static const char *const step_clocks[] = {
	"ALTER TABLE alarm ADD COLUMN waits_number INTEGER;"
	"ALTER TABLE alarm ADD COLUMN waits_since INTEGER;"
	"ALTER TABLE meta ADD COLUMN wall INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE meta ADD COLUMN boot INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE meta ADD COLUMN machine TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE meta ADD COLUMN trusted INTEGER NOT NULL DEFAULT 0;",
	NULL
};

/* Channels that are told afterwards what others delivered in their place. */
static const char *const step_owed[] = {
	"CREATE TABLE owed(channel TEXT NOT NULL,notice TEXT NOT NULL,at INTEGER NOT NULL,PRIMARY KEY(channel,notice)) STRICT,WITHOUT ROWID;",
	NULL
};

/* What the alarms ask of people: messages delivered per officer and day, and each acknowledgement with how long it took since
 * the alarm was last told as a new one (opened, raised, reopened, off the shelf). */
static const char *const step_load[] = {
	"CREATE VIEW v_load(day,officer,messages,alarm,warning,watch,info,in_copy,reminders) AS "
	"SELECT strftime('%Y-%m-%d',(n.created+m.zone_offset)/1000,'unixepoch') AS day,n.contact,count(*),sum(n.level=4),"
	"sum(n.level=3),sum(n.level=2),sum(n.level=1),sum(n.assist),sum(n.kind=11)"
	" FROM notice n JOIN meta m WHERE n.state=1 GROUP BY day,n.contact ORDER BY day,n.contact;",
	"CREATE VIEW v_answer(alarm,rule,station,parameter,level,told,acknowledged,minutes,who) AS "
	"SELECT printf('W%08d-%03d',c.alarm/100000,c.alarm%100000),u.name,s.key,p.alias," LEVEL_NAME ","
	LOCAL_TIME("c.told") "," LOCAL_TIME("c.decided") ",round((c.decided-c.told)/60000.0,1),c.who"
	" FROM (SELECT a.*,(SELECT max(b.decided) FROM change b WHERE b.alarm=a.alarm AND b.number<a.number"
	" AND b.kind IN(0,1,8,10) AND b.hush=0) AS told FROM change a WHERE a.kind=3) c JOIN alarm x ON x.id=c.alarm"
	" JOIN rule u ON u.id=x.rule LEFT JOIN station s ON s.id=x.station LEFT JOIN series e ON e.id=x.series"
	" LEFT JOIN parameter p ON p.id=e.parameter JOIN meta m WHERE c.told IS NOT NULL ORDER BY c.decided,c.alarm;",
	NULL
};

const char *const *const schema_steps[SCHEMA_VERSION] = { step_1, step_2, step_3, step_4, step_5, step_6, step_7,
	step_checks, step_uplinks, step_manual, step_commands, step_memos, step_closing, step_health, step_clocks,
	step_owed, step_load };
