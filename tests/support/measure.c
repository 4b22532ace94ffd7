#include "tests/support/measure.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child says when there is no such program, as a shell would. */
enum { EXIT_MISSING = 127 };

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void redirect(const char *path)
{
    int output = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (output < 0 || dup2(output, STDOUT_FILENO) < 0)
        _exit(EXIT_FAILURE);
}

struct measure measure_run(char *const *words, const char *output_path, int limit_s)
{
    const struct rlimit limit = {(rlim_t)limit_s, (rlim_t)limit_s + 5};
    double start_s = clock_monotonic_s();
    struct measure measure = {0};
    struct rusage usage = {0};
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        redirect(output_path);
        (void)setrlimit(RLIMIT_CPU, &limit);
        (void)execvp(words[0], words);
        _exit(EXIT_MISSING);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        measure.exit_status = -1;
        return measure;
    }
    measure.wall_s = clock_monotonic_s() - start_s;
    measure.cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    measure.peak_bytes = (double)usage.ru_maxrss * 1024;
    measure.is_ended = WIFSIGNALED(status);
    measure.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    measure.is_missing = measure.exit_status == EXIT_MISSING;
    return measure;
}

static int compare_walls(const void *a, const void *b)
{
    const struct measure *x = a, *y = b;

    return (x->wall_s > y->wall_s) - (x->wall_s < y->wall_s);
}

struct measure measure_median(
    char *const *words, const char *output_path, int limit_s, int run_count)
{
    struct measure runs[MEASURE_RUNS_MAX];

    for (int i = 0; i < run_count; i++) {
        runs[i] = measure_run(words, output_path, limit_s);
        if (runs[i].is_missing || runs[i].is_ended)
            return runs[i];
    }
    qsort(runs, (size_t)run_count, sizeof runs[0], compare_walls);
    return runs[run_count / 2];
}

/* --- Of a process that runs */

double measure_process_value(pid_t pid, const char *file_name, const char *field)
{
    char path[64];
    char line[256];
    double value = 0;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file_name);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtod(line + strlen(field), NULL);
    if (file != NULL)
        (void)fclose(file);
    return value;
}

double measure_process_cpu_s(pid_t pid)
{
    char path[300];
    double sum = 0;
    DIR *folder;

    (void)snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    folder = opendir(path);
    if (folder == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        FILE *file;
        double ns = 0;

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "/proc/%ld/task/%s/schedstat", (long)pid, entry->d_name);
        file = fopen(path, "re");
        if (file != NULL && fscanf(file, "%lf", &ns) == 1)
            sum += ns / 1e9;
        if (file != NULL)
            (void)fclose(file);
    }
    (void)closedir(folder);
    return sum;
}
