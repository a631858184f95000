/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 11 to 17: commands, memos and what is held back, closings, health, clocks, and what alarms ask of people. */
#include "schema_parts.h"

#include <stddef.h>

/* Commands to devices that people asked for, refused ones too: written before anything is sent, and once more with the outcome. */
const char *const schema_commands[] = {
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
const char *const schema_memos[] = {
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

const char *const schema_closing[] = {
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

const char *const schema_health[] = {
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
const char *const schema_clocks[] = {
	"ALTER TABLE alarm ADD COLUMN waits_number INTEGER;"
	"ALTER TABLE alarm ADD COLUMN waits_since INTEGER;"
	"ALTER TABLE meta ADD COLUMN wall INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE meta ADD COLUMN boot INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE meta ADD COLUMN machine TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE meta ADD COLUMN trusted INTEGER NOT NULL DEFAULT 0;",
	NULL
};

/* Channels that are told afterwards what others delivered in their place. */
const char *const schema_owed[] = {
	"CREATE TABLE owed(channel TEXT NOT NULL,notice TEXT NOT NULL,at INTEGER NOT NULL,PRIMARY KEY(channel,notice)) STRICT,WITHOUT ROWID;",
	NULL
};

/* What the alarms ask of people: messages delivered per officer and day, and each acknowledgement with how long it took since
 * the alarm was last told as a new one (opened, raised, reopened, off the shelf). */
const char *const schema_load[] = {
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
