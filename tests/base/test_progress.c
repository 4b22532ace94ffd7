#include "base/progress.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"

#include <stdlib.h>
#include <string.h>

START_TEST(a_pipe_gets_none)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    struct progress progress = progress_start(stream);

    progress.start_s -= 100;
    progress_show(&progress, "solving", 1, 2);
    progress_note(&progress, "reading");
    progress_end(&progress);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(the_zero_struct_is_silent)
{
    struct progress progress = {0};

    progress_show(&progress, "solving", 1, 2);
    progress_note(&progress, "reading");
    progress_end(&progress);
    ck_assert(!progress.is_shown);
}
END_TEST

START_TEST(short_work_shows_nothing)
{
    struct terminal terminal = terminal_open(80);
    struct progress progress = progress_start(terminal.stream);
    char *text;

    /* The clock may be late, but not a second in three lines. */
    progress.start_s = clock_monotonic_s();
    progress_show(&progress, "solving", 1, 2);
    progress_end(&progress);
    text = terminal_close(&terminal);
    ck_assert_str_eq(text, "");
    mem_free(text);
}
END_TEST

struct line_case {
    double spent_s;
    const char *what;
    double done;
    double total;
    const char *line;
};

static const struct line_case LINE_CASES[] = {
    {30, "solving", 15000, 20000, "solving  15,000 of 20,000  10 s left"},
    {3000, "solving", 15000, 20000, "solving  15,000 of 20,000  0:16:40 left"},
    {10, "solving", 20000, 20000, "solving  20,000 of 20,000  0 s left"},
    {10, "solving", 0, 20000, "solving  0 of 20,000"},
    {10, "solving", 30000, 20000, "solving  30,000 of 20,000"},
    {10, "reading", 12, 0, "reading  12"},
    {10, "a text of some forty columns, which is wider", 1, 0,
        "a text of some forty columns, which is "},
    {10, "ééééééééééééééééééééééééééééééééééééééééé", 1, 0,
        "ééééééééééééééééééééééééééééééééééééééé"},
};

START_TEST(a_line_says_what_is_done_of_how_much_and_the_time_left)
{
    const struct line_case *c = &LINE_CASES[_i];
    struct terminal terminal = terminal_open(40);
    struct progress progress = progress_start(terminal.stream);
    struct str expected = {0};
    char *text;

    progress.start_s -= c->spent_s;
    progress_show(&progress, c->what, c->done, c->total);
    progress_end(&progress);
    text = terminal_close(&terminal);
    str_format(&expected, "\r\033[K%s\r\033[K", c->line);
    ck_assert_str_eq(text, str_text(&expected));
    str_fini(&expected);
    mem_free(text);
}
END_TEST

START_TEST(lines_come_at_most_ten_times_a_second)
{
    struct terminal terminal = terminal_open(80);
    struct progress progress = progress_start(terminal.stream);
    double start_s = clock_monotonic_s();
    double lines = 0;
    char *text;

    progress.start_s -= 10;
    for (int i = 0; i < 100; i++)
        progress_note(&progress, "at work");
    progress_end(&progress);
    text = terminal_close(&terminal);
    for (const char *c = strstr(text, "at work"); c != NULL; c = strstr(c + 1, "at work"))
        lines++;
    ck_assert_double_ge(lines, 1);
    ck_assert_double_le(lines, 1 + (clock_monotonic_s() - start_s) / 0.1);
    mem_free(text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/progress");
    TCase *tc = tcase_create("progress");

    tcase_add_test(tc, a_pipe_gets_none);
    tcase_add_test(tc, the_zero_struct_is_silent);
    tcase_add_test(tc, short_work_shows_nothing);
    tcase_add_loop_test(tc, a_line_says_what_is_done_of_how_much_and_the_time_left, 0,
        (int)(sizeof LINE_CASES / sizeof *LINE_CASES));
    tcase_add_test(tc, lines_come_at_most_ten_times_a_second);
    suite_add_tcase(s, tc);
    return s;
}
