/*
 * server: the daemon around the core. A turn: collect what has arrived, apply it, write what
 * changed in one transaction, commit, and only then answer and send (running.md, "The core"). One
 * thread decides; ZeroMQ's I/O and the key check have their own, the placement program a process.
 */
#ifndef SCHEDULER_SERVER_H
#define SCHEDULER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct err;

struct server_options {
    const char *fleet_path;  /* the first one; later ones come by `wattyard fleet apply` */
    const char *data_folder; /* where the shipped catalog is; may be NULL */
    const char *state_folder;
    const char *keys_folder;    /* scheduler.key, hosts/, users/; unused when insecure */
    const char *agents_address; /* "tcp://0.0.0.0:7471" */
    const char *people_address; /* "tcp://0.0.0.0:7470" */
    const char *program;        /* this program's file, to start the solver with */
    bool is_insecure;           /* no CURVE; loopback addresses alone */
    bool after_restore;         /* go on from a restored backup of the state */
    double keep_days;           /* ended jobs stay in the first database so long */
    const char *ready_file; /* written (addresses, pid) once both sockets are bound; may be NULL */
};

/* Run until SIGTERM or SIGINT. 0; -1 with err (nothing of the state was harmed). */
int server_run(const struct server_options *options, struct err *err);

/* The solver's process: placement programs from standard input, answers to standard output, until
 * it ends. Returns the exit status. */
int solver_main(void);

#endif
