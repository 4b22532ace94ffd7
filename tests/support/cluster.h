/*
 * cluster: a real scheduler with real agents on loopback, for system tests: started, killed at any
 * moment, asked through the real command, and gone without a trace at the end. Fails the test when
 * something can't be started.
 */
#ifndef TESTS_SUPPORT_CLUSTER_H
#define TESTS_SUPPORT_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cluster; /* opaque */

struct cluster_options {
    const char *fleet_xml;
    const char *topology;  /* of every agent: a file under topologies/hosts; NULL: this machine's */
    bool is_insecure;      /* no keys */
    double report_seconds; /* 0: 0.5, so that tests need not wait for 5 s */
    const char *state;     /* folder of the scheduler's state; NULL: in the cluster's own */
    const char *prolog;    /* of agents; NULL: none */
};

/* The user that the tests are: whoever runs them, as tasks run as their user. */
const char *cluster_user(void);

/* Makes keys for all hosts of the fleet, and for cluster_user, who may do everything. Nothing is
 * started yet. */
struct cluster *cluster_create(const struct cluster_options *options);
/* Ends all that it started, tasks too; fails the test when anything is left. */
void cluster_destroy(struct cluster *cluster);

const char *cluster_folder(const struct cluster *cluster);
int cluster_host_count(const struct cluster *cluster);
const char *cluster_host(const struct cluster *cluster, int host);

/* Starts it and waits until it listens; the second time on the same ports. */
void cluster_start_scheduler(struct cluster *cluster, const char *extra_option);
/* The same without waiting: for one that is to refuse. Its exit status, waited for; what it printed
 * is in cluster_log. */
int cluster_run_scheduler(struct cluster *cluster, const char *extra_option);
/* Sends the signal and waits for its end. */
void cluster_kill_scheduler(struct cluster *cluster, int signal);
bool cluster_scheduler_lives(struct cluster *cluster);
pid_t cluster_scheduler_pid(const struct cluster *cluster);

void cluster_start_agent(struct cluster *cluster, int host);
void cluster_start_agents(struct cluster *cluster);
void cluster_kill_agent(struct cluster *cluster, int host, int signal);
bool cluster_agent_lives(struct cluster *cluster, int host);
pid_t cluster_agent_pid(const struct cluster *cluster, int host);
/* Where agents are told that the scheduler is; set before they start, e.g. to a proxy's. */
void cluster_set_agent_address(struct cluster *cluster, int host, const char *address);
/* "tcp://127.0.0.1:NNNN" of the running scheduler. */
const char *cluster_agents_address(const struct cluster *cluster);
const char *cluster_people_address(const struct cluster *cluster);

/* `wattyard WORDS…` (NULL at the end), as cluster_user. Its exit status; *out (may be NULL): what
 * it printed, errors too (mem_free). */
int cluster_run(struct cluster *cluster, char **out, ...);
/* Start one and do not wait: words from "wattyard" to NULL. Its pid; it is the caller's to wait
 * for; what it prints goes to the file of that name in the cluster's folder. */
pid_t cluster_start_command(struct cluster *cluster, const char *const *words, const char *log);
/* As cluster_run; fails the test, with what it printed, when the status is another. */
void cluster_expect(struct cluster *cluster, int status, ...);
/* Repeat `wattyard WORDS…` until its output contains the text, at most seconds. */
bool cluster_wait_for(struct cluster *cluster, double seconds, const char *text, ...);
/* What scheduler and agents have printed. Gives (mem_free). */
char *cluster_log(const struct cluster *cluster);
/* Write a file in the cluster's folder; its path, kept until the end. */
const char *cluster_write(struct cluster *cluster, const char *name, const char *text);
/* A file of it; NULL: not there. Gives (mem_free). */
char *cluster_read(const struct cluster *cluster, const char *name);
/* Wait until the file is there; false after `seconds`. */
bool cluster_wait_file(const struct cluster *cluster, const char *name, double seconds);
/* All hosts are up; fails the test after `seconds`. */
void cluster_wait_up(struct cluster *cluster, int hosts, double seconds);
/* Processes whose command line names the cluster's folder, the test's own aside. */
int cluster_process_count(const struct cluster *cluster);

/* Short of waiting for an event: for polling what has none. */
void cluster_sleep_ms(int ms);

#endif
