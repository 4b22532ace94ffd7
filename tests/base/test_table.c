#include "base/table.h"

#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/support/terminal.h"

#include <stdlib.h>
#include <string.h>

static struct table *example(void)
{
    static const struct table_column COLUMNS[] = {{"JOB", TABLE_RIGHT, 0}, {"NAME", TABLE_LEFT, 8},
        {"kW", TABLE_RIGHT, 0}, {"REASON", TABLE_LEFT, 0}};
    struct table *table = table_create(COLUMNS, 4);

    table_cell(table, "%d", 988);
    table_cell(table, "pretrain-405b");
    table_cell(table, "%.1f", 46.4);
    table_end_row(table);
    table_cell(table, "%d", 1042);
    table_cell(table, "é");
    table_cell(table, "7");
    table_cell(table, "power, \"f03\"");
    table_end_row(table);
    return table;
}

static char *printed(const struct table *table, size_t indent)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    table_print(table, indent, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return text;
}

START_TEST(columns_are_aligned_without_trailing_blanks)
{
    struct table *table = example();
    char *text = printed(table, 2);

    ck_assert_uint_eq(table_row_count(table), 2);
    ck_assert_str_eq(text, "   JOB  NAME             kW  REASON\n"
                           "   988  pretrain-405b  46.4\n"
                           "  1042  é                 7  power, \"f03\"\n");
    free(text);
    table_destroy(table);
}
END_TEST

START_TEST(long_cells_are_cut_on_a_terminal_alone)
{
    struct table *table = example();
    struct terminal terminal = terminal_open(80);
    char *text;

    table_print(table, 0, terminal.stream);
    text = terminal_close(&terminal);
    ck_assert_str_eq(text, " JOB  NAME        kW  REASON\n"
                           " 988  pretrai…  46.4\n"
                           "1042  é            7  power, \"f03\"\n");
    mem_free(text);
    table_destroy(table);
}
END_TEST

START_TEST(a_head_is_never_cut)
{
    static const struct table_column COLUMNS[] = {{"SYSTEM", TABLE_LEFT, 3}};
    struct table *table = table_create(COLUMNS, 1);
    struct terminal terminal = terminal_open(80);
    char *text;

    table_cell(table, "trn3-gen2");
    table_end_row(table);
    table_print(table, 0, terminal.stream);
    text = terminal_close(&terminal);
    ck_assert_str_eq(text, "SYSTEM\ntrn3-…\n");
    mem_free(text);
    table_destroy(table);
}
END_TEST

START_TEST(csv_is_quoted_where_it_must_be)
{
    struct table *table = example();
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    table_print_csv(table, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_str_eq(text, "JOB,NAME,kW,REASON\r\n"
                           "988,pretrain-405b,46.4,\r\n"
                           "1042,é,7,\"power, \"\"f03\"\"\"\r\n");
    free(text);
    table_destroy(table);
}
END_TEST

START_TEST(a_row_is_one_line_whatever_a_cell_holds)
{
    static const struct table_column COLUMNS[] = {{"A", TABLE_LEFT, 0}, {"B", TABLE_LEFT, 0}};
    struct table *table = table_create(COLUMNS, 2);
    char *text;

    table_cell(table, "x\ny\x1B[31m");
    table_cell(table, "%s", "");
    table_end_row(table);
    text = printed(table, 0);
    ck_assert_str_eq(text, "A         B\nx y [31m\n");
    free(text);
    table_destroy(table);
}
END_TEST

START_TEST(a_table_without_rows_is_its_head)
{
    static const struct table_column COLUMNS[] = {{"A", TABLE_LEFT, 0}, {"B", TABLE_RIGHT, 0}};
    struct table *table = table_create(COLUMNS, 2);
    char *text = printed(table, 0);

    ck_assert_str_eq(text, "A  B\n");
    free(text);
    table_destroy(table);
    table_destroy(NULL);
}
END_TEST

START_TEST(cells_may_be_long)
{
    static const struct table_column COLUMNS[] = {{"A", TABLE_LEFT, 0}};
    struct table *table = table_create(COLUMNS, 1);
    char *text;

    table_cell(table, "%*s", 100000, "x");
    table_end_row(table);
    text = printed(table, 0);
    ck_assert_uint_eq(strlen(text), strlen("A\n") + 100000 + 1);
    free(text);
    table_destroy(table);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/table");
    TCase *tc = tcase_create("table");

    tcase_add_test(tc, columns_are_aligned_without_trailing_blanks);
    tcase_add_test(tc, long_cells_are_cut_on_a_terminal_alone);
    tcase_add_test(tc, a_head_is_never_cut);
    tcase_add_test(tc, csv_is_quoted_where_it_must_be);
    tcase_add_test(tc, a_row_is_one_line_whatever_a_cell_holds);
    tcase_add_test(tc, a_table_without_rows_is_its_head);
    tcase_add_test(tc, cells_may_be_long);
    suite_add_tcase(s, tc);
    return s;
}
