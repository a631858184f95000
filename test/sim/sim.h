/* SPDX-License-Identifier: Apache-2.0 */
/* wqsim: simulated stations and the far end of a webhook, for the demo, for commissioning and for tests. */
#ifndef WQ_SIM_H
#define WQ_SIM_H

/* One subcommand a file. Each parses argv (argv[0] is its own name) and returns an exit status. */
int sim_modbus(int argc, char **argv); /* modbus.c: stations as Modbus slaves */
int sim_mqtt(int argc, char **argv);   /* mqtt.c: stations as MQTT publishers */
int sim_hj212(int argc, char **argv);  /* hj212.c: stations that speak HJ 212 */
int sim_inbox(int argc, char **argv);  /* inbox.c: a webhook receiver that verifies and prints */

#endif
