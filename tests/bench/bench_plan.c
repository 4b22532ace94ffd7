/*
 * `wattyard plan` on the large scenarios, beside glpsol, clp and cbc on the same model in MPS:
 * whole processes, one after the other, on the same machine. Prints sizes, seconds, memory and the
 * ratios. Exits 1 when something could not be measured; a peer that is not here is told, and is no
 * failure.
 */
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "tests/support/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JSON_BYTES_MAX = 1 << 30, WORDS_MAX = 8 };

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

/* Another solver, told to solve an MPS file as it does by itself. */
struct peer {
    const char *words[WORDS_MAX]; /* MPS stands for the file, OUTPUT for where its answer goes */
    const char *line;             /* of its answer: the optimum follows `before` there */
    const char *before;
};

#define MPS "MPS"
#define OUTPUT "OUTPUT"

static const struct peer PEERS[] = {
    {{"glpsol", "--freemps", MPS, "-o", OUTPUT}, "Objective:", "= "},
    {{"clp", MPS, "-solve"}, "Optimal objective ", "objective "},
    {{"cbc", MPS, "-solve"}, "Optimal objective ", "objective "},
};

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

/* The optimum in a peer's answer, NAN where it has none. */
static double read_optimum(const struct peer *peer, const char *path)
{
    FILE *file = fopen(path, "r");
    double optimum = NAN;
    char line[256], text[64];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *start = strstr(line, peer->line);

        start = start == NULL ? NULL : strstr(start, peer->before);
        if (start == NULL)
            continue;
        start += strlen(peer->before);
        (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(start, " (\n"), start);
        if (str_parse_double(text, &optimum) != 0)
            optimum = NAN;
    }
    if (file != NULL)
        (void)fclose(file);
    return optimum;
}

static struct measure run_peer(const struct peer *peer, const struct bench_case *bench,
    const struct files *files, struct arena *arena)
{
    char *words[WORDS_MAX + 1] = {0};
    bool has_output = false;

    for (int i = 0; i < WORDS_MAX && peer->words[i] != NULL; i++) {
        const char *text = peer->words[i];

        has_output |= str_equal(text, OUTPUT);
        text = str_equal(text, MPS) ? files->mps : str_equal(text, OUTPUT) ? files->peer : text;
        words[i] = word(arena, text);
    }
    return measure_median(
        words, has_output ? "/dev/null" : files->peer, bench->limit_s, bench->run_count);
}

static void print_peer(const struct peer *peer, const struct bench_case *bench,
    const struct measure *ours, const struct measure *theirs, double difference)
{
    const char *name = peer->words[0];

    if (theirs->is_ended)
        printf("  %-7s ended after %d s of processor, %.0f MiB\n", name, bench->limit_s,
            theirs->peak_bytes / 1048576);
    else
        printf("  %-7s %.2f s, %.2f s of processor, %.0f MiB; its optimum differs by %.1e\n", name,
            theirs->wall_s, theirs->cpu_s, theirs->peak_bytes / 1048576, difference);
    printf("          wattyard takes %s%.2f of its time, %.2f of its processor's\n",
        theirs->is_ended ? "less than " : "", ours->wall_s / theirs->wall_s,
        ours->cpu_s / theirs->cpu_s);
}

/* Beside all peers. -1: one is here, and came to nothing. */
static int measure_peers(const struct bench_case *bench, const struct files *files,
    const struct measure *ours, double our_optimum, struct arena *arena)
{
    int failed_count = 0;

    for (size_t i = 0; i < sizeof PEERS / sizeof PEERS[0]; i++) {
        struct measure theirs = run_peer(&PEERS[i], bench, files, arena);
        double optimum = read_optimum(&PEERS[i], files->peer);

        if (theirs.is_missing) {
            printf("  %-7s is not installed\n", PEERS[i].words[0]);
            continue;
        }
        print_peer(
            &PEERS[i], bench, ours, &theirs, fabs(optimum - our_optimum) / fabs(our_optimum));
        (void)fflush(stdout);
        (void)unlink(files->peer);
        failed_count += !theirs.is_ended && (theirs.exit_status != 0 || isnan(optimum));
    }
    return failed_count == 0 ? 0 : -1;
}

static int measure_case(
    const struct bench_case *bench, const struct files *files, struct arena *arena)
{
    char *const write_words[] = {word(arena, files->wattyard), word(arena, "plan"),
        word(arena, bench->scenario), word(arena, "--json"), word(arena, "--time-limit"),
        word(arena, "0.001"), word(arena, "--write-mps"), word(arena, files->mps), NULL};
    char *const our_words[] = {word(arena, files->wattyard), word(arena, "plan"),
        word(arena, bench->scenario), word(arena, "--json"), NULL};
    struct measure ours;
    struct json_value *plan;
    struct err err = {0};
    double our_optimum;

    (void)measure_run(write_words, files->plan, bench->limit_s);
    ours = measure_median(our_words, files->plan, bench->limit_s, bench->run_count);
    plan = json_load(files->plan, JSON_BYTES_MAX, &err);
    if (plan == NULL || ours.exit_status != 0) {
        printf("  wattyard gave no plan (exit %d) %s\n", ours.exit_status, err.text);
        json_destroy(plan);
        return -1;
    }
    print_plan(plan, &ours);
    our_optimum = json_get_number(json_member(plan, "objective_usd"), NAN);
    json_destroy(plan);
    return measure_peers(bench, files, &ours, our_optimum, arena);
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
    files.peer = arena_format(arena, "%s/peer.txt", folder);
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
