/*
 * proxy: a process of the test's that forwards TCP connections, and can hold all that passes: what
 * is sent then arrives nowhere, and nobody is told, as in a network that is cut.
 */
#ifndef TESTS_SUPPORT_PROXY_H
#define TESTS_SUPPORT_PROXY_H

#include <stdbool.h>
#include <sys/types.h>

struct proxy {
    pid_t pid;
    char address[64]; /* "tcp://127.0.0.1:40123": connect here */
};

/* To "tcp://127.0.0.1:NNNN". Fails the test when it can't be had. */
void proxy_start(struct proxy *proxy, const char *to);
void proxy_cut(struct proxy *proxy, bool is_cut);
void proxy_stop(struct proxy *proxy);

/* A connection to such an address; -1: none can be had, with errno. */
int proxy_dial(const char *address);

#endif
