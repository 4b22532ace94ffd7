/*
 * measure: what a run of a whole process takes, for benches: on the same machine, one after the
 * other.
 */
#ifndef TESTS_SUPPORT_MEASURE_H
#define TESTS_SUPPORT_MEASURE_H

#include <stdbool.h>

struct measure {
    double wall_s;
    double cpu_s; /* of user and system: what a busy machine does not change */
    double peak_bytes;
    bool is_missing; /* no such program */
    bool is_ended;   /* by the limit */
    int exit_status; /* -1: it did not come to one */
};

/*
 * Run a program (found in PATH; `words` ends with NULL) with its output in a file. The limit is one
 * of processor time, kept by the kernel: these programs compute and do not wait.
 */
struct measure measure_run(char *const *words, const char *output_path, int limit_s);

enum { MEASURE_RUNS_MAX = 9 };

/* The run of the median wall time; of one alone where the program is missing or was ended. */
struct measure measure_median(
    char *const *words, const char *output_path, int limit_s, int run_count);

#endif
