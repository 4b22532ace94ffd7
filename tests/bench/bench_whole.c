/*
 * What is asked again and again of the flagship, in times of its one plan: whole systems, sweeps of
 * power over 50 points, and why there is no plan where it has half the power. Whole processes.
 * Prints seconds, ratios and gaps beside what they are to be at most; exits 1 when something could
 * not be measured.
 */
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/measure.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 5, LIMIT_S = 200, JSON_BYTES_MAX = 1 << 30, FILE_BYTES_MAX = 1 << 24, WORDS_MAX = 8 };

static const char SCENARIO[] = "workloads/scenarios/aws-trainium-2gw.xml";

static const double GAP_MOST = 1e-3;

struct question {
    const char *name;
    const char *words[WORDS_MAX]; /* before and after the scenario */
    int times_most;               /* of the plan's time */
    int exit_status;
};

static const struct question PLAN = {"plan", {"plan", SCENARIO, "--json"}, 1, 0};
static const struct question WHOLE = {
    "plan --whole", {"plan", SCENARIO, "--json", "--whole"}, 3, 0};
static const struct question SWEEPS[] = {
    {"sweep power=0.8..1.25/50", {"sweep", SCENARIO, "--json", "--vary", "power=0.8..1.25/50"}, 5,
        0},
    {"sweep power=0.5..2.0/50", {"sweep", SCENARIO, "--json", "--vary", "power=0.5..2.0/50"}, 5, 0},
    {"sweep power:ohio=0.5..2.0/50",
        {"sweep", SCENARIO, "--json", "--vary", "power:ohio=0.5..2.0/50"}, 5, 0},
};

/* The scenario with a future in which it has half the power: VARIANT stands for its file. Each
 * answer, the set and the changes, is to take at most 10 times the plan's time; here both do. */
#define VARIANT "VARIANT"
static const char HALF_POWER[] = "<future id=\"half\" probability=\"1\" known-from=\"2026-01\">"
                                 "<change what=\"power\" factor=\"0.5\"/></future>\n</scenario>\n";
static const struct question CONFLICT = {"plan --conflict, half the power",
    {"plan", VARIANT, "--json", "--future", "half", "--conflict"}, 10, 1};

struct bench {
    const char *wattyard, *answer, *variant;
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
        words[i + 1] = arena_copy_text(bench->arena,
            str_equal(question->words[i], VARIANT) ? bench->variant : question->words[i]);
    *measure = measure_median(words, bench->answer, LIMIT_S, RUNS);
    answer = json_load(bench->answer, JSON_BYTES_MAX, &err);
    if (answer == NULL || measure->exit_status != question->exit_status) {
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

/* The scenario's text with the future at its end, and its includes found from anywhere. -1: not
 * written. */
static int write_variant(const struct bench *bench)
{
    static const char HREF[] = "href=\"../../", END[] = "</scenario>";
    char folder[PATH_MAX];
    char *text = NULL;
    size_t size;
    struct err err = {0};
    FILE *file = fopen(bench->variant, "w");
    char *include, *end;
    int rc = -1;

    if (file == NULL || getcwd(folder, sizeof folder) == NULL ||
        file_read(SCENARIO, FILE_BYTES_MAX, &text, &size, &err) != 0)
        goto out;
    include = strstr(text, HREF);
    end = strstr(text, END);
    if (include == NULL || end == NULL || end < include)
        goto out;
    (void)fprintf(file, "%.*shref=\"%s/", (int)(include - text), text, folder);
    include += sizeof HREF - 1;
    (void)fprintf(file, "%.*s%s", (int)(end - include), include, HALF_POWER);
    rc = 0;
out:
    mem_free(text);
    if (file != NULL && fclose(file) != 0)
        rc = -1;
    return rc;
}

static void ask_conflict(struct bench *bench)
{
    struct measure measure;
    struct json_value *answer;
    const struct json_value *conflict;

    if (write_variant(bench) != 0) {
        bench->failed_count++;
        return;
    }
    answer = ask(bench, &CONFLICT, &measure);
    conflict = json_member(answer, "conflict");
    print(bench, &CONFLICT, &measure);
    printf("%-30s %s: a set of %zu, %zu changes\n", "",
        json_get_bool(json_member(conflict, "is_complete"), false) ? "complete" : "cut short",
        json_length(json_member(conflict, "set")), json_length(json_member(conflict, "repairs")));
    json_destroy(answer);
    (void)unlink(bench->variant);
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
    bench.variant = arena_format(bench.arena, "%s/half.xml", folder);
    printf("%s, median of %d\n", SCENARIO, RUNS);
    ask_plan(&bench);
    ask_whole(&bench);
    ask_sweeps(&bench);
    ask_conflict(&bench);
    (void)unlink(bench.answer);
    (void)rmdir(folder);
    arena_destroy(bench.arena);
    return bench.failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
