/*
 * What is asked again and again of the flagship, in times of its one plan: whole systems, and
 * sweeps of power over 50 points. Whole processes. Prints seconds, ratios and gaps beside what they
 * are to be at most; exits 1 when something could not be measured.
 */
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/support/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RUNS = 5, LIMIT_S = 200, JSON_BYTES_MAX = 1 << 30, WORDS_MAX = 8 };

static const char SCENARIO[] = "workloads/scenarios/aws-trainium-2gw.xml";

static const double GAP_MOST = 1e-3;

struct question {
    const char *name;
    const char *words[WORDS_MAX]; /* before and after the scenario */
    int times_most;               /* of the plan's time */
};

static const struct question PLAN = {"plan", {"plan", SCENARIO, "--json"}, 1};
static const struct question WHOLE = {"plan --whole", {"plan", SCENARIO, "--json", "--whole"}, 3};
static const struct question SWEEPS[] = {
    {"sweep power=0.8..1.25/50", {"sweep", SCENARIO, "--json", "--vary", "power=0.8..1.25/50"}, 5},
    {"sweep power=0.5..2.0/50", {"sweep", SCENARIO, "--json", "--vary", "power=0.5..2.0/50"}, 5},
    {"sweep power:ohio=0.5..2.0/50",
        {"sweep", SCENARIO, "--json", "--vary", "power:ohio=0.5..2.0/50"}, 5},
};

struct bench {
    const char *wattyard, *answer;
    struct arena *arena;
    struct measure plan;
    int failed_count;
};

/* Ask, and read the answer; NULL: there is none. */
static struct json_value *ask(
    struct bench *bench, const struct question *question, struct measure *measure)
{
    char *words[WORDS_MAX + 2] = {arena_copy_text(bench->arena, bench->wattyard)};
    struct json_value *answer;
    struct err err = {0};

    for (int i = 0; i < WORDS_MAX && question->words[i] != NULL; i++)
        words[i + 1] = arena_copy_text(bench->arena, question->words[i]);
    *measure = measure_median(words, bench->answer, LIMIT_S, RUNS);
    answer = json_load(bench->answer, JSON_BYTES_MAX, &err);
    if (answer == NULL || measure->exit_status != 0) {
        printf("%-30s no answer (exit %d) %s\n", question->name, measure->exit_status, err.text);
        bench->failed_count++;
    }
    return answer;
}

static void print(
    const struct bench *bench, const struct question *question, const struct measure *measure)
{
    printf("%-30s %.2f s, %.2f s of processor: %.2f times (of processor: %.2f) the plan's, at most "
           "%d\n",
        question->name, measure->wall_s, measure->cpu_s, measure->wall_s / bench->plan.wall_s,
        measure->cpu_s / bench->plan.cpu_s, question->times_most);
    (void)fflush(stdout);
}

static void ask_plan(struct bench *bench)
{
    json_destroy(ask(bench, &PLAN, &bench->plan));
    print(bench, &PLAN, &bench->plan);
}

static void ask_whole(struct bench *bench)
{
    struct measure measure;
    struct json_value *answer = ask(bench, &WHOLE, &measure);

    print(bench, &WHOLE, &measure);
    printf("%-30s gap %.5f %%, at most %.5f %%\n", "",
        100 * json_get_number(json_member(answer, "gap"), NAN), 100 * GAP_MOST);
    json_destroy(answer);
}

static void ask_sweeps(struct bench *bench)
{
    for (size_t i = 0; i < sizeof SWEEPS / sizeof SWEEPS[0]; i++) {
        struct measure measure;

        json_destroy(ask(bench, &SWEEPS[i], &measure));
        print(bench, &SWEEPS[i], &measure);
    }
}

int main(void)
{
    const char *build = getenv("WATTYARD_BUILD");
    const char *temporary = getenv("TMPDIR");
    struct bench bench = {.arena = arena_create()};
    char *folder = arena_format(
        bench.arena, "%s/wattyard-bench-XXXXXX", temporary == NULL ? "/tmp" : temporary);

    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    bench.wattyard = arena_format(
        bench.arena, "%s/wattyard", build == NULL ? "build/release" : build);
    bench.answer = arena_format(bench.arena, "%s/answer.json", folder);
    printf("%s, median of %d\n", SCENARIO, RUNS);
    ask_plan(&bench);
    ask_whole(&bench);
    ask_sweeps(&bench);
    (void)unlink(bench.answer);
    (void)rmdir(folder);
    arena_destroy(bench.arena);
    return bench.failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
