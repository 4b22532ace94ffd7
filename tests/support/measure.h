/*
 * measure: what a run of a whole process takes, for benches: on the same machine, one after the
 * other.
 */
#ifndef TESTS_SUPPORT_MEASURE_H
#define TESTS_SUPPORT_MEASURE_H

#include <stdbool.h>
#include <sys/types.h>

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

/* --- Of a process that runs */

/* The number after a name in /proc/PID/FILE, 0 where it is not there. */
double measure_process_value(pid_t pid, const char *file_name, const char *field);
/* Processor time of all its threads, to the nanosecond, as the kernel's scheduler counts it;
 * 0 where there is no such process. */
double measure_process_cpu_s(pid_t pid);

#endif
