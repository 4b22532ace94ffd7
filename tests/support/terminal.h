/*
 * terminal: a pretended terminal, for tests of what is shown on one alone.
 */
#ifndef TESTS_SUPPORT_TERMINAL_H
#define TESTS_SUPPORT_TERMINAL_H

#include <stdio.h>

struct terminal {
    FILE *stream; /* what the code under test writes to */
    int reader;
};

/* Fails the test where there are no terminals to be had. */
struct terminal terminal_open(int columns);

/* Closes the stream and gives all that was written to it (mem_free). */
char *terminal_close(struct terminal *terminal);

#endif
