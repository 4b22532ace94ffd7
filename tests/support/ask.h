/*
 * ask: a person's command against a fake scheduler, in this process: its exit status and what it
 * prints.
 */
#ifndef TESTS_SUPPORT_ASK_H
#define TESTS_SUPPORT_ASK_H

#include "base/options.h"
#include "tests/support/fake_scheduler.h"

struct asked {
    int status;
    char *out, *err; /* released by ask_fini */
};

/* An environment without settings of whoever runs the tests, in UTC. */
void ask_clean_environment(void);
/* Run the command with the words of `line` (separated by blanks). Where fake is not NULL, with
 * --scheduler and --insecure-loopback in front. */
struct asked ask_run(
    const struct command *command, const struct fake_scheduler *fake, const char *line);
void ask_fini(struct asked *asked);

/* ask_run, and the test fails unless all is so; expected texts NULL: not looked at. */
void ask_expect(const struct command *command, const struct fake_scheduler *fake, const char *line,
    int status, const char *out, const char *err);

#endif
