/* SPDX-License-Identifier: Apache-2.0 */
/* The statements that live as long as the connection. */
#include "store_parts.h"

#define SAMPLE_COLUMNS                                                                             \
	"series,at,revision,value,quality,stamp,flag,source,received,trusted,sequence,repeats,"    \
	"repeated,score,late,event,newest,test"

#define NEWEST_OPEN   " WHERE at=?1 AND series=?2 AND newest=1"
#define NEWEST_CLOSED " WHERE series=?2 AND at=?1 AND newest=1"

#define COUNT_REPEAT " SET repeats=repeats+1,repeated=max(coalesce(repeated,received),?3)"

/* clang-format off: a line of SQL is a line here */
const char *const store_statements[ST_COUNT] = {
	[ST_BEGIN] = "BEGIN IMMEDIATE",
	[ST_COMMIT] = "COMMIT",
	[ST_ROLLBACK] = "ROLLBACK",
	[ST_META] = "UPDATE meta SET sequence=?1,received=?2,commits=?3,wall=?4,boot=?5,machine=?6,trusted=?7",
	[ST_OWED_PUT] = "INSERT INTO owed(channel,notice,at) VALUES(?1,?2,?3) ON CONFLICT DO NOTHING",
	[ST_OWED_DONE] = "DELETE FROM owed WHERE channel=?1 AND notice=?2",
	[ST_OWED_OLD] = "DELETE FROM owed WHERE channel=?1 AND at<?2",
	[ST_ALARM_WAIT] = "UPDATE alarm SET waits_number=?2,waits_since=?3 WHERE id=?1",
	[ST_SAMPLE_INSERT] =
	        "INSERT INTO "
	        "sample_open(at,series,revision,value,quality,stamp,flag,source,received,"
	        "trusted,sequence,repeats,score,late,event,newest,test)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,1,?16)",
	/* The same reading with another quality. ?7: the revision before. */
	[ST_SAMPLE_JUDGED] =
	        "INSERT INTO sample_open(at,series,revision,value,quality,stamp,flag,source,received,"
	        "trusted,sequence,repeats,score,late,event,newest,test)"
	        " SELECT at,series,revision+1,value,?3,stamp,flag,source,?5,trusted,?6,0,score,late,event,1,?4"
	        " FROM reading WHERE series=?2 AND at=?1 AND revision=?7",
	[ST_LEARNT_PUT] =
	        "INSERT OR REPLACE INTO learnt(series,since,until,readings,low,high,rate,memory) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
	[ST_JUDGED_FIND] =
	        "SELECT revision,value,quality,test,0 FROM sample_open" NEWEST_OPEN
	        " UNION ALL SELECT revision,value,quality,test,1 FROM sample" NEWEST_CLOSED,
	/* All columns in the table's own order: then SQLite does not copy each value once more. */
	[ST_SAMPLE_ROWS] =
	        "INSERT INTO "
	        "sample_open(at,series,revision,value,quality,stamp,flag,source,received,"
	        "trusted,sequence,repeats,repeated,score,late,event,newest,test)"
	        " SELECT at,series,1,value,quality,stamp,flag,source,received,"
	        "trusted,sequence,0,NULL,score,late,event,1,test FROM rows_now",
	[ST_SAMPLE_FIND] =
	        "SELECT revision,value,flag,quality,0 FROM sample_open" NEWEST_OPEN
	        " UNION ALL SELECT revision,value,flag,quality,1 FROM sample" NEWEST_CLOSED,
	[ST_OPEN_REPEAT] = "UPDATE sample_open" COUNT_REPEAT NEWEST_OPEN,
	[ST_CLOSED_REPEAT] = "UPDATE sample" COUNT_REPEAT NEWEST_CLOSED,
	[ST_OPEN_SUPERSEDE] = "UPDATE sample_open SET newest=0" NEWEST_OPEN,
	[ST_CLOSED_SUPERSEDE] = "UPDATE sample SET newest=0" NEWEST_CLOSED,
	[ST_DAY_INSERT] =
	        "INSERT INTO day(station,day,parameter,revision,mean,mean_raw,valid,expected,class,"
	        "verdict,exceedance,standard,below) VALUES(?1,?2,?3,"
	        "max(?4,coalesce((SELECT max(revision)+1 FROM day"
	        " WHERE station=?1 AND day=?2 AND parameter=?3),1)),"
	        "?5,?6,?7,?8,?9,?10,?11,?12,?13)",
	[ST_DAY_WANTED] = "INSERT INTO day_due(station,day) VALUES(?1,?2) ON CONFLICT DO NOTHING",
	[ST_DAY_TOLD] = "DELETE FROM day_due WHERE station=?1 AND day=?2",
	[ST_ALARM_INSERT] =
	        "INSERT INTO alarm(id,rule,station,series,opened,open) VALUES(?1,?2,?3,?4,?5,0)"
	        " ON CONFLICT(id) DO NOTHING",
	[ST_ALARM_STATE] = "UPDATE alarm SET open=?2 WHERE id=?1",
	[ST_CHANGE_INSERT] =
	        "INSERT INTO change(alarm,number,kind,station,series,level,time,decided,value,"
	        "threshold,who,note,says,evidence,hush,cause,action) VALUES(?1,"
	        "max(?2,coalesce((SELECT max(number)+1 FROM change WHERE alarm=?1),1)),"
	        "?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
	[ST_SHELF_PUT] =
	        "INSERT INTO shelf(rule,station,series,since,until,ended,automatic,who,reason,ended_by)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
	        " ON CONFLICT(rule,station,series,since) DO UPDATE"
	        " SET until=excluded.until,ended=excluded.ended,ended_by=excluded.ended_by",
	[ST_PROFILE_PUT] =
	        "INSERT OR REPLACE INTO profile_word(profile,since,hand,until,who,reason)"
	        " VALUES(?1,?2,?3,?4,?5,?6)",
	[ST_MAINTENANCE_PUT] =
	        "INSERT INTO maintenance(id,station,series,since,until,ended,who,reason,ended_by)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
	        " ON CONFLICT(id) DO UPDATE SET ended=excluded.ended,ended_by=excluded.ended_by",
	[ST_DELAY_PUT] =
	        "INSERT INTO delay(rule,station,series,exceeds_since,meets_since) VALUES(?1,?2,?3,?4,?5)"
	        " ON CONFLICT(rule,station,series) DO UPDATE"
	        " SET exceeds_since=excluded.exceeds_since,meets_since=excluded.meets_since",
	[ST_DELAY_END] = "DELETE FROM delay WHERE rule=?1 AND station=?2 AND series=?3",
	[ST_NOTICE_INSERT] =
	        "INSERT INTO notice(id,alarm,number,kind,level,assist,time,created,expires,contact,"
	        "channel,address,text,data,deadline,topic,hold,held,state,attempts)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,0)"
	        " ON CONFLICT(id) DO UPDATE SET channel=excluded.channel,address=excluded.address,"
	        "expires=excluded.expires,text=excluded.text,data=excluded.data,"
	        "state=CASE state WHEN 3 THEN excluded.state ELSE state END,hold=excluded.hold,held=excluded.held",
	[ST_NOTICE_FOLD] = "UPDATE notice SET state=4,folded=?4 WHERE contact=?1 AND state=3 AND hold=?2 AND held<=?3",
	[ST_NOTICE_RELEASE] = "UPDATE notice SET state=0,hold=0 WHERE id=?1 AND state=3",
	[ST_MARK_PUT] = "INSERT INTO mark(name,at) VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET at=excluded.at",
	[ST_DELIVERY_INSERT] = "INSERT INTO delivery(notice,attempt,channel,at,kind,done,text)"
	                       " VALUES(?1,?2,?3,?4,?5,?6,?7)",
	[ST_NOTICE_STATE] =
	        "UPDATE notice SET attempts=max(attempts,?2),state=CASE state WHEN 3 THEN ?3 ELSE max(state,?3) END,channel=?4 WHERE id=?1",
	[ST_OUTAGE_PUT] =
	        "INSERT INTO outage(source,unit,since,until,reason) VALUES(?1,?2,?3,?4,?5)"
	        " ON CONFLICT(source,unit,since) DO UPDATE"
	        " SET until=excluded.until,reason=excluded.reason",
	[ST_CHECK_PUT] =
	        "INSERT INTO check_record(series,kind,at,value,reference,result,flag)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(series,kind,at) DO UPDATE"
	        " SET value=excluded.value,reference=excluded.reference,result=excluded.result,"
	        "flag=excluded.flag",
	[ST_COMMAND_PUT] =
	        "INSERT INTO command(id,at,who,bus,name,unit,function,address,data,outcome,ended,text)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12) ON CONFLICT(id) DO UPDATE"
	        " SET outcome=excluded.outcome,ended=excluded.ended,text=excluded.text",
	[ST_MANUAL_FIND] = "SELECT revision,value,flag FROM manual WHERE series=?1 AND at=?2 AND newest=1",
	[ST_MANUAL_REPEAT] = "UPDATE manual SET repeats=repeats+1 WHERE series=?1 AND at=?2 AND newest=1",
	[ST_MANUAL_SUPERSEDE] = "UPDATE manual SET newest=0 WHERE series=?1 AND at=?2 AND newest=1",
	[ST_MANUAL_INSERT] =
	        "INSERT INTO manual(series,at,revision,value,flag,source,received,sequence,who,file,repeats,newest)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,0,1)",
	[ST_IMPORT_PUT] =
	        "INSERT INTO import(began,who,file,manual,source,first,last,ended,readings)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
	        " ON CONFLICT(began,who,file) DO UPDATE SET last=max(last,excluded.last),"
	        "ended=excluded.ended,readings=readings+excluded.readings",
	[ST_NEED_OPEN] = "SELECT series,at,value,quality,stamp,flag FROM sample_open"
	                 " WHERE at>=?1 AND at<?2 AND newest=1",
	[ST_NEED_CLOSED] = "SELECT series,at,value,quality,stamp,flag FROM sample"
	                   " WHERE series=?3 AND at>=?1 AND at<?2 AND newest=1",
	[ST_MOVE_FIRST] = "SELECT min(at) FROM sample_open",
	[ST_MOVE_UNTIL] =
	        "SELECT max(at) FROM (SELECT at FROM sample_open WHERE at<?1 ORDER BY at LIMIT ?2)",
	[ST_MOVE_COPY] =
	        "INSERT INTO sample(" SAMPLE_COLUMNS ") SELECT " SAMPLE_COLUMNS " FROM sample_open"
	        " WHERE at<=?1 ORDER BY series,at,revision",
	[ST_MOVE_DELETE] = "DELETE FROM sample_open WHERE at<=?1",
	[ST_FORWARD_PUT] =
	        "INSERT INTO forward(sequence,station,at) VALUES(?1,?2,?3) ON CONFLICT DO NOTHING",
	[ST_FORWARD_CHANGE] =
	        "INSERT INTO forward_note(kind,subject,number,sequence)"
	        " SELECT 0,?1,max(number),?2 FROM change WHERE alarm=?1",
	[ST_FORWARD_DAY] = "INSERT INTO forward_note(kind,subject,number,sequence) VALUES(1,?1,?2,?3)",
	/* In slices: an uplink that goes may leave millions behind. */
	[ST_FORWARD_DONE] =
	        "DELETE FROM forward WHERE sequence<=(SELECT max(sequence) FROM (SELECT sequence FROM forward"
	        " WHERE sequence<=(SELECT min(sequence) FROM uplink) ORDER BY sequence LIMIT 20000))",
	[ST_FORWARD_NOTES_DONE] =
	        "DELETE FROM forward_note WHERE seq<=(SELECT max(seq) FROM (SELECT seq FROM forward_note"
	        " WHERE seq<=(SELECT min(note) FROM uplink) ORDER BY seq LIMIT 20000))",
	[ST_UPLINK_PUT] =
	        "UPDATE uplink SET sequence=max(sequence,?3),note=max(note,?4),"
	        "acknowledged=max(coalesce(acknowledged,?5),?5) WHERE name=?1 AND incarnation=?2",
};
