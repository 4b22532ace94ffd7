/*
 * `wattyard plan` on the large scenarios, beside glpsol on the same model in MPS: whole processes,
 * one after the other, on the same machine. Prints sizes, seconds, memory and the ratios. Exits 1
 * when something could not be measured.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS_MAX = 9, JSON_BYTES_MAX = 1 << 30 };

struct bench_case {
    const char *name;
    const char *scenario;
    int run_count;
    int limit_s; /* of one run; what goes over it is ended, and counts as so long */
};

static const struct bench_case CASES[] = {
    {"aws-trainium-2gw", "workloads/scenarios/aws-trainium-2gw.xml", 3, 200},
    {"frontier-10gw", "workloads/scenarios/frontier-10gw.xml", 1, 400},
};

/* What one run of a process came to. */
struct measure {
    double wall_s;
    double cpu_s; /* of user and system: what a busy machine does not change */
    double peak_bytes;
    bool is_ended; /* by the limit */
    int exit_status;
};

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void redirect(const char *path)
{
    int output = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (output < 0 || dup2(output, STDOUT_FILENO) < 0)
        _exit(127);
}

/* Run a program (found in PATH) with its output in a file. The limit is one of processor time, kept
 * by the kernel: all of these programs compute and do not wait. */
static struct measure run(char *const *words, const char *output_path, int limit_s)
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
        _exit(127);
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
    return measure;
}

static int compare_walls(const void *a, const void *b)
{
    const struct measure *x = a, *y = b;

    return (x->wall_s > y->wall_s) - (x->wall_s < y->wall_s);
}

static struct measure run_median(
    char *const *words, const char *output_path, int limit_s, int run_count)
{
    struct measure runs[RUNS_MAX];

    for (int i = 0; i < run_count; i++)
        runs[i] = run(words, output_path, limit_s);
    qsort(runs, (size_t)run_count, sizeof runs[0], compare_walls);
    return runs[run_count / 2];
}

/* A writable copy of a text, for an argument vector. */
static char *word(struct arena *arena, const char *text)
{
    return arena_copy_text(arena, text);
}

struct files {
    const char *wattyard, *mps, *plan, *peer;
};

static double number_in(const struct json_value *root, const char *object, const char *key)
{
    return json_get_number(json_member(json_member(root, object), key), NAN);
}

static void print_plan(const struct json_value *plan, const struct measure *ours)
{
    double solve_s = number_in(plan, "seconds", "solve");
    double build_s = number_in(plan, "seconds", "build");
    char rows[32], columns[32], nonzeros[32];

    printf("  %s, $ %.9g; %s rows, %s columns, %s nonzeros\n",
        json_get_text(json_member(plan, "status")),
        json_get_number(json_member(plan, "objective_usd"), NAN),
        units_count(number_in(plan, "size", "rows"), rows, sizeof rows),
        units_count(number_in(plan, "size", "columns"), columns, sizeof columns),
        units_count(number_in(plan, "size", "nonzeros"), nonzeros, sizeof nonzeros));
    printf("  read %.3f s, build %.3f s (%.1f %% of solve), solve %.3f s\n",
        number_in(plan, "seconds", "read"), build_s, 100 * build_s / solve_s, solve_s);
    printf("  whole process %.2f s, %.2f s of processor, %.0f MiB\n", ours->wall_s, ours->cpu_s,
        ours->peak_bytes / 1048576);
}

/* The optimum that glpsol reports, NAN where it found none. Its output is small. */
static double read_glpsol(const char *path)
{
    FILE *file = fopen(path, "r");
    double objective = NAN;
    char line[256], text[64];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *equals = strstr(line, "Objective:");

        equals = equals == NULL ? NULL : strchr(equals, '=');
        if (equals == NULL)
            continue;
        (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(equals + 2, " (\n"), equals + 2);
        if (str_parse_double(text, &objective) != 0)
            objective = NAN;
    }
    if (file != NULL)
        (void)fclose(file);
    return objective;
}

static void print_peer(const struct bench_case *bench, const struct measure *ours,
    const struct measure *peer, double objective, double our_objective)
{
    if (peer->is_ended)
        printf("  glpsol  ended after %d s of processor, %.0f MiB\n", bench->limit_s,
            peer->peak_bytes / 1048576);
    else
        printf("  glpsol  %.2f s, %.2f s of processor, %.0f MiB, $ %.9g (relative difference "
               "%.1e)\n",
            peer->wall_s, peer->cpu_s, peer->peak_bytes / 1048576, objective,
            fabs(objective - our_objective) / fabs(our_objective));
    printf("  wattyard takes %s%.2f of the time of glpsol, %.2f of its processor's\n",
        peer->is_ended ? "less than " : "", ours->wall_s / peer->wall_s, ours->cpu_s / peer->cpu_s);
}

static int measure_case(
    const struct bench_case *bench, const struct files *files, struct arena *arena)
{
    char *const write_words[] = {word(arena, files->wattyard), word(arena, "plan"),
        word(arena, bench->scenario), word(arena, "--json"), word(arena, "--time-limit"),
        word(arena, "0.001"), word(arena, "--write-mps"), word(arena, files->mps), NULL};
    char *const our_words[] = {word(arena, files->wattyard), word(arena, "plan"),
        word(arena, bench->scenario), word(arena, "--json"), NULL};
    char *const peer_words[] = {word(arena, "glpsol"), word(arena, "--freemps"),
        word(arena, files->mps), word(arena, "-o"), word(arena, files->peer), NULL};
    struct measure ours, peer;
    struct json_value *plan;
    struct err err = {0};
    double our_objective;

    (void)run(write_words, files->plan, bench->limit_s);
    ours = run_median(our_words, files->plan, bench->limit_s, bench->run_count);
    plan = json_load(files->plan, JSON_BYTES_MAX, &err);
    if (plan == NULL || ours.exit_status != 0) {
        printf("  wattyard gave no plan (exit %d) %s\n", ours.exit_status, err.text);
        json_destroy(plan);
        return -1;
    }
    print_plan(plan, &ours);
    our_objective = json_get_number(json_member(plan, "objective_usd"), NAN);
    json_destroy(plan);
    peer = run_median(peer_words, "/dev/null", bench->limit_s, bench->run_count);
    print_peer(bench, &ours, &peer, read_glpsol(files->peer), our_objective);
    return peer.exit_status == 0 || peer.is_ended ? 0 : -1;
}

static void remove_files(const struct files *files, const char *folder)
{
    (void)unlink(files->mps);
    (void)unlink(files->plan);
    (void)unlink(files->peer);
    (void)rmdir(folder);
}

int main(void)
{
    const char *build = getenv("WATTYARD_BUILD");
    const char *temporary = getenv("TMPDIR");
    struct arena *arena = arena_create();
    char *folder = arena_format(
        arena, "%s/wattyard-bench-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    struct files files = {
        .wattyard = arena_format(arena, "%s/wattyard", build == NULL ? "build/release" : build)};
    int failed_count = 0;

    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    files.mps = arena_format(arena, "%s/model.mps", folder);
    files.plan = arena_format(arena, "%s/plan.json", folder);
    files.peer = arena_format(arena, "%s/glpsol.txt", folder);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        printf("%s, median of %d\n", CASES[i].name, CASES[i].run_count);
        (void)fflush(stdout);
        failed_count += measure_case(&CASES[i], &files, arena) != 0;
        (void)fflush(stdout);
    }
    remove_files(&files, folder);
    arena_destroy(arena);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
