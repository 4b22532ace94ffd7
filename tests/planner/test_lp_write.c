/* Written models: other solvers read them, and find the optimum that lp finds. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/edit.h"
#include "tests/support/lp_random.h"
#include "tests/support/program.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <math.h>
#include <string.h>

enum format { FORMAT_MPS, FORMAT_LP, FORMAT_COUNT };

/* Gives the path of the written model. */
static char *write_model(const struct lp *lp, const char *folder, enum format format)
{
    char *path = tempdir_path(folder, format == FORMAT_MPS ? "model.mps" : "model.lp");
    FILE *file = fopen(path, "w");
    struct err err = {0};

    ck_assert_ptr_nonnull(file);
    ck_assert_msg(
        (format == FORMAT_MPS ? lp_write_mps : lp_write_lp)(lp, file, &err) == 0, "%s", err.text);
    fclose(file);
    return path;
}

/* The number behind the last `mark` in text; the test fails without one. */
static double number_after(const char *text, const char *mark)
{
    const char *found = NULL;
    char number[64] = "";
    double value = NAN;

    for (const char *at = text; (at = strstr(at, mark)) != NULL; at++)
        found = at + strlen(mark);
    ck_assert_msg(found != NULL, "no '%s' in: %s", mark, text);
    ck_assert_int_eq(sscanf(found, " %63s", number), 1);
    ck_assert_msg(str_parse_double(number, &value) == 0, "'%s' is no number", number);
    return value;
}

static double solve_by_glpsol(const char *path, enum format format, const char *folder)
{
    char *solution = tempdir_path(folder, "solution"), *printed, *output;
    const char *argv[] = {"glpsol", format == FORMAT_MPS ? "--freemps" : "--lp", path, "--write",
        solution, "--tmlim", "20", NULL};
    char status[8];
    double objective;
    int exit_status;

    output = program_run(argv, &exit_status);
    ck_assert_msg(exit_status == 0, "%s", output);
    printed = edit_read(solution); /* "c Objective:  name = 36 (MINimum)" */
    ck_assert_int_eq(sscanf(strstr(printed, "c Status:"), "c Status: %7s", status), 1);
    if (strcmp(status, "OPTIMAL") != 0 && strcmp(status, "INTEGER") != 0)
        ck_abort_msg("%s", output);
    objective = number_after(strstr(printed, "c Objective:"), " = ");
    mem_free(solution);
    mem_free(printed);
    mem_free(output);
    return objective;
}

static double solve_by_clp(const char *path)
{
    const char *argv[] = {"clp", path, "-seconds", "20", "-solve", "-quit", NULL};
    int exit_status;
    char *output = program_run(argv, &exit_status);
    double objective;

    ck_assert_msg(exit_status == 0, "%s", output);
    objective = number_after(output, "Optimal objective ");
    mem_free(output);
    return objective;
}

static void assert_same(double read, double ours)
{
    ck_assert_double_eq_tol(read, ours, 1e-7 * fmax(1.0, fabs(ours)));
}

static void assert_reads_back(struct lp *lp)
{
    char *folder = tempdir_create();
    bool is_whole = lp_integer_count(lp) > 0;
    double relaxed;

    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    relaxed = lp_objective(lp);
    if (is_whole)
        ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_OPTIMAL);
    for (enum format format = FORMAT_MPS; format < FORMAT_COUNT; format++) {
        char *path = write_model(lp, folder, format);

        assert_same(solve_by_glpsol(path, format, folder), lp_objective(lp));
        if (!is_whole) /* clp leaves out that columns are whole, or not, by format */
            assert_same(solve_by_clp(path), relaxed);
        mem_free(path);
    }
    tempdir_remove(folder);
}

START_TEST(random_programs_read_back_to_their_optimum)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct lp_shape shape = {.rows = (int)rng_between(&rng, 1, 12),
        .columns = (int)rng_between(&rng, 1, 20),
        .density = 0.6,
        .unit = 1.0};
    struct lp *lp = lp_random(&rng, &shape);

    assert_reads_back(lp);
    lp_destroy(lp);
}
END_TEST

START_TEST(random_whole_programs_read_back_to_their_optimum)
{
    struct rng rng = rng_seed((uint64_t)_i + 500);
    struct lp_shape shape = {.rows = (int)rng_between(&rng, 1, 6),
        .columns = (int)rng_between(&rng, 5, 12),
        .integers = 5,
        .density = 0.7,
        .unit = 1.0};
    struct lp *lp = lp_random(&rng, &shape);

    assert_reads_back(lp);
    lp_destroy(lp);
}
END_TEST

/* --- Every kind of bound, and names that the formats forbid */

static const char *const COLUMN_NAMES[] = {"acq[buy-gb300,oregon,2026-01]", "e5", "free", "3rd", "",
    "two words", "two_words", "objective_constant", "$money", "-1.5", "\xc3\xa9t\xc3\xa9", "inf",
    "RHS", "MARKER"};
static const char *const ROW_NAMES[] = {"power[oregon,2026-01]", "objective", "st", "9", "bounds"};
enum {
    COLUMN_COUNT = sizeof COLUMN_NAMES / sizeof COLUMN_NAMES[0],
    ROW_COUNT = sizeof ROW_NAMES / sizeof ROW_NAMES[0]
};

static void odd_name(void *context, enum lp_thing thing, int index, char *buffer, size_t size)
{
    (void)context;
    (void)snprintf(buffer, size, "%s", thing == LP_ROW ? ROW_NAMES[index] : COLUMN_NAMES[index]);
}

/* minimise -1/3 + sum of columns at the bounds below; rows are a range, =, <=, >=, free. */
static struct lp *bounds_of_all_kinds(bool is_whole)
{
    static const double BOUNDS[COLUMN_COUNT][2] = {{0, INFINITY}, {-INFINITY, INFINITY},
        {-INFINITY, -2}, {-INFINITY, 4}, {1.5, 1.5}, {0, 0}, {-3, INFINITY}, {-3, -1}, {0, 7},
        {2, 5}, {-1e-5, 1e5}, {0, 1}, {1.0 / 3.0, 2.0 / 3.0}, {0, 1}};
    struct lp *lp = lp_create("all kinds of bounds");

    lp_set_namer(lp, odd_name, NULL);
    for (int j = 0; j < COLUMN_COUNT; j++) {
        double cost = isinf(BOUNDS[j][0]) ? -1.0 : 1.0 + 0.1 * j;
        enum lp_kind kind = LP_CONTINUOUS;

        if (is_whole && (j == 3 || j == 8))
            kind = LP_INTEGER;
        if (is_whole && j == 11)
            kind = LP_BINARY;
        lp_add_column(lp, kind, BOUNDS[j][0], BOUNDS[j][1], j == 13 ? 0.0 : cost);
    }
    lp_add_row(lp, -5.0, 10.0);
    lp_add_row(lp, 0.1, 0.1);
    lp_add_row(lp, -INFINITY, 12.0);
    lp_add_row(lp, 4.7, INFINITY);
    lp_add_row(lp, -INFINITY, INFINITY);
    for (int j = 0; j < COLUMN_COUNT; j++)
        lp_add_term(lp, j % ROW_COUNT, j, j % 2 == 0 ? 1.0 / 3.0 : 0.7);
    lp_add_term(lp, 2, 1, 1.0);
    lp_add_term(lp, 3, 0, 1e-3);
    lp_set_objective_constant(lp, -1.0 / 3.0);
    return lp;
}

START_TEST(bounds_of_all_kinds_read_back_under_odd_names)
{
    struct lp *lp = bounds_of_all_kinds(_i == 1);

    assert_reads_back(lp);
    lp_destroy(lp);
}
END_TEST

START_TEST(names_stay_legible_and_no_two_are_alike)
{
    static const struct {
        enum format format;
        const char *text;
    } EXPECTED[] = {
        {FORMAT_MPS,
            "NAME all_kinds_of_bounds FREE\nROWS\n N objective\n L power[oregon,2026-01]\n "
            "E objective~1\n L st\n G n_9\n N n_bounds\n"},
        {FORMAT_MPS, "\n two_words objective 1.5\n"},
        {FORMAT_MPS, "\n two_words~6 objective 1.6000000000000001\n"},
        {FORMAT_MPS, "\n objective_constant objective -0.33333333333333331\n"},
        {FORMAT_MPS, "\n RANGE power[oregon,2026-01] 15\n"},
        {FORMAT_MPS, "\n FX BOUND objective_constant 1\nENDATA\n"},
        {FORMAT_LP,
            "\\ all_kinds_of_bounds\nMinimize\n objective: + 1 acq(buy_gb300,oregon,2026_01)"
            " - 1 n_e5 - 1 n_free"},
        {FORMAT_LP, "\n -5 <= range~power(oregon,2026_01) <= 10\n"},
        {FORMAT_LP, "\n n_e5 free\n"},
    };
    struct lp *lp = bounds_of_all_kinds(false);
    char *folder = tempdir_create(), *path = write_model(lp, folder, EXPECTED[_i].format);
    char *text = edit_read(path);

    ck_assert_msg(
        strstr(text, EXPECTED[_i].text) != NULL, "no '%s' in %s", EXPECTED[_i].text, text);
    mem_free(text);
    mem_free(path);
    tempdir_remove(folder);
    lp_destroy(lp);
}
END_TEST

/* --- The edges */

START_TEST(empty_models_read_back)
{
    struct lp *lp = lp_create("");

    lp_set_objective_constant(lp, 4.25);
    lp_add_row(lp, -1.0, INFINITY);
    assert_reads_back(lp);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, 1.0, 0.0);
    assert_reads_back(lp);
    lp_destroy(lp);
}
END_TEST

static void long_name(void *context, enum lp_thing thing, int index, char *buffer, size_t size)
{
    (void)context;
    (void)thing;
    memset(buffer, 'x', size - 1);
    buffer[0] = (char)('a' + index % 2);
    buffer[size - 1] = '\0';
}

START_TEST(long_names_and_long_rows_read_back)
{
    struct lp *lp = lp_create("long");

    lp_set_namer(lp, long_name, NULL);
    lp_add_row(lp, 10.0, INFINITY);
    for (int j = 0; j < 60; j++) {
        lp_add_column(lp, LP_CONTINUOUS, 0.0, 1.0, 1.0 + j);
        lp_add_term(lp, 0, j, 1.0);
    }
    assert_reads_back(lp); /* the ten cheapest: 1 + ... + 10 */
    ck_assert_double_eq_tol(lp_objective(lp), 55.0, 1e-9);
    lp_destroy(lp);
}
END_TEST

START_TEST(no_digit_is_lost)
{
    struct lp *lp = lp_create("digits");
    char *folder = tempdir_create();

    lp_add_row(lp, 0.1 + 0.2, INFINITY);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 1.0);
    lp_add_term(lp, 0, 0, 2.0 / 3.0);
    for (enum format format = FORMAT_MPS; format < FORMAT_COUNT; format++) {
        char *path = write_model(lp, folder, format), *text = edit_read(path);

        ck_assert_ptr_nonnull(strstr(text, "0.30000000000000004"));
        ck_assert_ptr_nonnull(strstr(text, "0.66666666666666663"));
        mem_free(path);
        mem_free(text);
    }
    tempdir_remove(folder);
    lp_destroy(lp);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct lp *lp = bounds_of_all_kinds(true);
    FILE *full = fopen("/dev/full", "w");
    struct err err = {0};

    ck_assert_ptr_nonnull(full);
    ck_assert_int_eq((_i == 0 ? lp_write_mps : lp_write_lp)(lp, full, &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_str_eq(
        err.text, "all kinds of bounds: the model was not written: No space left on device");
    fclose(full);
    lp_destroy(lp);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lp_write");
    TCase *tc = tcase_create("write");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, random_programs_read_back_to_their_optimum, 0, 25);
    tcase_add_loop_test(tc, random_whole_programs_read_back_to_their_optimum, 0, 15);
    tcase_add_loop_test(tc, bounds_of_all_kinds_read_back_under_odd_names, 0, 2);
    tcase_add_loop_test(tc, names_stay_legible_and_no_two_are_alike, 0, 9);
    tcase_add_test(tc, empty_models_read_back);
    tcase_add_test(tc, long_names_and_long_rows_read_back);
    tcase_add_test(tc, no_digit_is_lost);
    tcase_add_loop_test(tc, a_full_disk_is_an_error, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
