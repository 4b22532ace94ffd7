/* The planning cases with known answers, the shipped scenarios, and large files. */
#include "workloads/scenario.h"

#include "base/mem.h"
#include "base/str.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <glob.h>
#include <string.h>
#include <time.h>

enum { CASE_COUNT = 22 };

static void check_loads(const char *path)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_load(path, NULL, &faults);
    char *list = edit_list_faults(&faults);

    ck_assert_msg(scenario != NULL, "%s", list);
    ck_assert_uint_eq(faults.error_count, 0);
    mem_free(list);
    scenario_destroy(scenario);
    faults_fini(&faults);
}

START_TEST(every_planning_case_loads_and_has_an_answer)
{
    char *expected = edit_read("tests/cases/plan/expected.json");
    glob_t files;

    ck_assert_int_eq(glob("tests/cases/plan/*.xml", 0, NULL, &files), 0);
    ck_assert_uint_eq(files.gl_pathc, CASE_COUNT);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        check_loads(files.gl_pathv[i]);
        ck_assert_ptr_nonnull(strstr(expected, strrchr(files.gl_pathv[i], '/') + 1));
    }
    globfree(&files);
    mem_free(expected);
}
END_TEST

START_TEST(every_shipped_scenario_loads)
{
    static const char *const NAMES[] = {
        "two-sites", "campus-20mw", "aws-trainium-2gw", "trainium-1gw", "frontier-10gw"};

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char path[128];

        (void)snprintf(path, sizeof path, "workloads/scenarios/%s.xml", NAMES[i]);
        check_loads(path);
    }
}
END_TEST

/* About 5 MB: 9,000 more offers, 3,000 workloads, 9,000 latencies, 20,000 demands of one workload.
 */
static char *large_scenario(void)
{
    char *text = edit_read("tests/cases/plan/random-01.xml");
    struct str large = {0};

    str_add_bytes(&large, text, strlen(text) - strlen("</scenario>\n"));
    for (int i = 0; i < 9000; i++)
        str_format(&large,
            "<offer id=\"more-%d\" system=\"s0\" provider=\"nvidia\" sites=\"site0\" "
            "kind=\"on-demand\" term-months=\"3\" usd-per-system-hour=\"488\"><supply "
            "from=\"2026-01\" systems-per-month=\"11.7\"/><existing site=\"site0\" count=\"4\" "
            "acquired=\"2025-11\"/></offer>\n<latency region=\"q%d\" site=\"site0\" ms=\"40\"/>\n",
            i, i);
    for (int i = 0; i < 3000; i++)
        str_format(&large,
            "<workload id=\"more-%d\" kind=\"training\" power-fraction=\"0.67\" start=\"2026-01\" "
            "end=\"2026-12\" value-usd-per-unit=\"1e-07\"><volume units=\"1.5e+15\"/><rate "
            "system=\"s0\" units-per-hour=\"6e+09\"/></workload>\n",
            i);
    str_add(&large, "<workload id=\"many\" kind=\"inference\" value-usd-per-unit=\"1\"><rate "
                    "system=\"s0\" units-per-hour=\"1\"/>\n");
    for (int i = 0; i < 20000; i++)
        str_format(&large,
            "<demand region=\"q%d\" from=\"%d-%02d\" units-per-hour=\"9\" "
            "max-latency-ms=\"100\"/>\n",
            i % 9000, 2000 + i / 9000, i % 12 + 1);
    str_add(&large, "</workload></scenario>");
    mem_free(text);
    return large.text;
}

static double cpu_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Well under a second in a release build; the bound leaves room for sanitizers and valgrind, and
 * catches what grows with the square of the size. */
START_TEST(a_large_scenario_loads_in_time_linear_in_its_size)
{
    char *text = large_scenario();
    struct faults faults = {0};
    double before_s = cpu_seconds();
    struct scenario *scenario = scenario_parse(text, strlen(text), "large.xml", &faults);
    double took_s = cpu_seconds() - before_s;

    ck_assert_ptr_nonnull(scenario);
    ck_assert_uint_gt(strlen(text), 4500000);
    ck_assert_int_eq(scenario->workloads[scenario->workload_count - 1].region_count, 9000);
    ck_assert_msg(took_s < 30, "%.2f s", took_s);
    scenario_destroy(scenario);
    faults_fini(&faults);
    mem_free(text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("workloads/scenario_cases");
    TCase *tc = tcase_create("cases");

    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, every_planning_case_loads_and_has_an_answer);
    tcase_add_test(tc, every_shipped_scenario_loads);
    tcase_add_test(tc, a_large_scenario_loads_in_time_linear_in_its_size);
    suite_add_tcase(s, tc);
    return s;
}
