/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of wqctl. Each gets its own arguments and returns the exit status of the program.
 * argv[0] is "wqctl NAME", argp's exit status for a wrong command line is CTL_USAGE, LC_CTYPE is
 * UTF-8; the caller flushes stdout and tells when that fails. */
#ifndef WQ_CTL_COMMANDS_H
#define WQ_CTL_COMMANDS_H

enum ctl_exit {
	CTL_DONE = 0,
	CTL_WRONG = 1,       /* what was checked is wrong; there is no such alarm */
	CTL_USAGE = 2,       /* the command line is wrong */
	CTL_UNREACHABLE = 3, /* the daemon does not answer */
};

int ctl_check(int argc, char **argv);
int ctl_classify(int argc, char **argv);
int ctl_round(int argc, char **argv);
int ctl_backtest(int argc, char **argv);
int ctl_test_rules(int argc, char **argv);
int ctl_decode(int argc, char **argv);
int ctl_evaluate(int argc, char **argv);
int ctl_import(int argc, char **argv);
int ctl_query(int argc, char **argv);
int ctl_alarms(int argc, char **argv);
int ctl_status(int argc, char **argv);
int ctl_ack(int argc, char **argv);
int ctl_close(int argc, char **argv);
int ctl_shelve(int argc, char **argv);
int ctl_unshelve(int argc, char **argv);
int ctl_shelved(int argc, char **argv);
int ctl_profile(int argc, char **argv);
int ctl_maintain(int argc, char **argv);
int ctl_command(int argc, char **argv);
int ctl_channel(int argc, char **argv);
int ctl_outbox(int argc, char **argv);
int ctl_drill(int argc, char **argv);
int ctl_trend(int argc, char **argv);
int ctl_probe(int argc, char **argv);
int ctl_plan(int argc, char **argv);
int ctl_roster(int argc, char **argv);
int ctl_route(int argc, char **argv);
int ctl_load(int argc, char **argv);
int ctl_qc(int argc, char **argv);
int ctl_learnt(int argc, char **argv);

#endif
