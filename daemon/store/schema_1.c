/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 1 to 4 of the schema: readings, days, alarms and notices. */
#include "schema_parts.h"

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

const char *const schema_1[] = { names_1, samples_1, conclusions_1, sample_views_1,
	conclusion_views_1, NULL };

/* Days that late readings changed and that were not evaluated again yet. */
const char *const schema_2[] = {
	"CREATE TABLE day_due(station INTEGER NOT NULL REFERENCES station(id),day INTEGER NOT NULL,"
	"PRIMARY KEY(station,day)) STRICT,WITHOUT ROWID;",
	NULL
};

/* How long a channel has before the contact's next one is tried, ms. */
const char *const schema_3[] = {
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

const char *const schema_4[] = { life_4, life_views_4, NULL };
