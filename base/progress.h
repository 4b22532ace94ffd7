/*
 * progress: one line on standard error for work over a second, on a terminal alone: what is done,
 * of how much, and time left. A pipe gets none.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

/* {0} is silent. */
struct progress {
    FILE *stream; /* NULL: silent */
    double start_s;
    double shown_s;
    bool is_shown;
};

/* Ready to show on stream if it is a terminal, from a second after now on. */
struct progress progress_start(FILE *stream);

/* Show "<what>  <done of total>  12 s left", at most ten times a second. total 0: unknown, then
 * only what and done are shown. */
void progress_show(struct progress *progress, const char *what, double done, double total);

/* As progress_show for work without a count: any text. */
void progress_note(struct progress *progress, const char *text);

/* Wipe the line. */
void progress_end(struct progress *progress);

#endif
