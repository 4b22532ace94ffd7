#include "workloads/swf.h"

#include "base/faults.h"
#include "base/str.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* number submit wait run allocated cpu memory requested time memory status user group program queue
 * partition before think */
static const char GOOD[] = "; Version: 2.2\n"
                           ";   MaxProcs: 128\n"
                           "  1 0 5 3600 4 -1 -1 8 7200 -1 1 3 1 -1 1 1 -1 -1\n"
                           "\n"
                           "2\t10 0 1.5 16 -1 -1 -1 -1 -1 0 3 1 -1 1 1 1 30\r\n"
                           "; a note between\n"
                           "3 60.0015 0 0 16 -1 -1 16 100 -1 5 3 1 -1 1 1 -1 -1\n"
                           "4 70 0 -1 -1 -1 -1 16 100 -1 5 3 1 -1 1 1 -1 -1\n"
                           "5 80 0 100 -1 -1 -1 -1 100 -1 1 3 1 -1 1 1 -1 -1\n"
                           "6 90 0 100 4 -1 -1 0 100 -1 1 3 1 -1 1 1 -1 -1\n"
                           "7 90 0 50 4 -1 -1 4 100 -1 2 3 1 -1 1 1 -1 -1\n"
                           "8 86400.123 0 0.25 1 -1 -1 1 0 -1 1 3 1 -1 1 1 -1 -1";

START_TEST(a_line_becomes_a_job)
{
    struct faults faults = {0};
    size_t left_out = 99;
    struct job_list *list = swf_parse(GOOD, strlen(GOOD), "log.swf", 1, &left_out, &faults);
    const struct job_spec *job;

    ck_assert_ptr_nonnull(list);
    ck_assert_uint_eq(faults.count, 0);
    ck_assert_uint_eq(list->count, 4);
    ck_assert_uint_eq(left_out, 4); /* 3 and 4 did not run, 5 has no processors, 7 is a part */
    job = &list->specs[0];
    ck_assert_str_eq(job->name, "1");
    ck_assert_str_eq(job->tenant, "default");
    ck_assert_int_eq(job->tasks, 8); /* those requested */
    ck_assert_int_eq(job->chips_per_task, 1);
    ck_assert_int_eq(job->segment, JOB_SEGMENT_NONE);
    ck_assert_uint_eq(job->system_count, 0);
    ck_assert_double_eq(job->work_minutes, 60);
    ck_assert_double_eq(job->wall_minutes, 120);
    ck_assert_double_eq(job->expected_minutes, 120);
    ck_assert_double_eq(job->submit_minutes, 0);
    ck_assert(!job->is_interruptible && !job->is_held && isnan(job->value_usd_per_hour));
    ck_assert(job->deadline_ms == INT64_MAX);
    ck_assert_int_eq(job->priority, 500);
    ck_assert_str_eq(job->where.file, "log.swf");
    ck_assert_int_eq(job->where.line, 3);
    ck_assert_int_eq(list->specs[1].tasks, 16); /* those allocated */
    ck_assert_double_eq(list->specs[1].wall_minutes, 0);
    ck_assert_str_eq(list->specs[2].name, "6");
    ck_assert_int_eq(list->specs[2].tasks, 4);
    ck_assert_int_eq(list->specs[3].where.line, 12);
    job_list_destroy(list);
    faults_fini(&faults);
}
END_TEST

START_TEST(times_keep_their_milliseconds)
{
    struct faults faults = {0};
    size_t left_out = 0;
    struct job_list *list = swf_parse(GOOD, strlen(GOOD), "log.swf", 1, &left_out, &faults);

    ck_assert_int_eq(llround(list->specs[1].work_minutes * 60000), 1500);
    ck_assert_int_eq(llround(list->specs[1].submit_minutes * 60000), 10000);
    ck_assert_int_eq(llround(list->specs[3].submit_minutes * 60000), 86400123);
    ck_assert_int_eq(llround(list->specs[3].work_minutes * 60000), 250);
    job_list_destroy(list);
    faults_fini(&faults);
}
END_TEST

START_TEST(a_processor_may_be_several_chips)
{
    struct faults faults = {0};
    size_t left_out = 0;
    struct job_list *list = swf_parse(GOOD, strlen(GOOD), "log.swf", 4, &left_out, &faults);

    ck_assert_int_eq(list->specs[0].tasks, 8);
    ck_assert_int_eq(list->specs[0].chips_per_task, 4);
    job_list_destroy(list);
    faults_fini(&faults);
}
END_TEST

START_TEST(an_empty_log_has_no_jobs)
{
    static const char *const logs[] = {"", "\n\n", "; only a note", "  \t\r\n;"};
    struct faults faults = {0};
    size_t left_out = 7;
    struct job_list *list = swf_parse(logs[_i], strlen(logs[_i]), "log.swf", 1, &left_out, &faults);

    ck_assert_ptr_nonnull(list);
    ck_assert_uint_eq(list->count, 0);
    ck_assert_uint_eq(left_out, 0);
    job_list_destroy(list);
}
END_TEST

#define REST " 1 3 1 -1 1 1 -1 -1"
static const struct {
    const char *line, *fault;
} BAD[] = {
    {"1 0 0 60 4", "the line has 5 fields; a job has 18, with -1 for what is not known"},
    {"1 0 0 60 4 -1 -1 4 60 -1" REST " 19", "the line has 19 fields"},
    {"1 0 0 sixty 4 -1 -1 4 60 -1" REST, "field 4 is 'sixty'; that is not a number"},
    {"1 0 0 60 0x4 -1 -1 4 60 -1" REST, "field 5 is '0x4'; that is not a number"},
    {"1 0 0 nan 4 -1 -1 4 60 -1" REST, "field 4 is 'nan'; that is not a number"},
    {"1 0 0 inf 4 -1 -1 4 60 -1" REST, "field 4 is 'inf'; that is not a number"},
    {"1 0 0 1,5 4 -1 -1 4 60 -1" REST, "field 4 is '1,5'; that is not a number"},
    {"1 -1 0 60 4 -1 -1 4 60 -1" REST, "the submit time is not known"},
    {"1 1e12 0 60 4 -1 -1 4 60 -1" REST, "too late to be counted"},
    {"1 0 0 -60 4 -1 -1 4 60 -1" REST, "a time is below -1"},
    {"1 0 0 1e300 4 -1 -1 4 60 -1" REST, "too long to be counted"},
    {"1 0 0 60 4 -1 -1 4 1e300 -1" REST, "too long to be counted"},
    {"-1 0 0 60 4 -1 -1 4 60 -1" REST, "the job number is none"},
    {"1 0 0 60 4 -1 -1 1000001 60 -1" REST, "the job has 1e+06 processors"},
    {"1 0 0 60 4 -1 -1 2.5 60 -1" REST, "the job has 2.5 processors; a whole number"},
    {"<jobs/>", "the line has 1 fields"},
};

START_TEST(each_fault_is_told_with_its_line)
{
    struct str text = {0};
    struct faults faults = {0};
    size_t left_out = 7;

    str_format(&text, "; a note\n1 0 0 60 4 -1 -1 4 60 -1" REST "\n%s\n", BAD[_i].line);
    ck_assert_ptr_null(swf_parse(text.text, text.length, "log.swf", 1, &left_out, &faults));
    ck_assert_uint_eq(left_out, 7);
    ck_assert_uint_eq(faults.count, 1);
    ck_assert_msg(strncmp(faults.list[0].text, "log.swf:3: ", 11) == 0, "%s", faults.list[0].text);
    ck_assert_msg(strstr(faults.list[0].text, BAD[_i].fault), "%s", faults.list[0].text);
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

START_TEST(all_bad_lines_are_told_and_not_without_end)
{
    struct str text = {0};
    struct faults faults = {0};
    size_t left_out = 0;

    for (int i = 0; i < 1000; i++)
        str_format(&text, "%d\n", i);
    ck_assert_ptr_null(swf_parse(text.text, text.length, "log.swf", 1, &left_out, &faults));
    ck_assert_uint_eq(faults.count, FAULTS_MAX);
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "log.swf:200: "));
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    static const char zipped[] = "\x1f\x8b\x08\x00\x00";
    static const char zeros[] = "1 0 0\0 60";
    struct faults faults = {0};
    size_t left_out = 0;
    struct str text = {0};

    ck_assert_ptr_null(swf_parse(zipped, sizeof zipped, "log.swf.gz", 1, &left_out, &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "log.swf.gz: the file is compressed"));
    ck_assert_ptr_null(swf_parse(zeros, sizeof zeros, "log.swf", 1, &left_out, &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "log.swf:1: this is no line"));
    for (int i = 0; i < 600; i++)
        str_add(&text, "1 ");
    ck_assert_ptr_null(swf_parse(text.text, text.length, "long.swf", 1, &left_out, &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "long.swf:1: this is no line"));
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

START_TEST(a_log_of_many_jobs_is_read_whole)
{
    struct str text = {0};
    struct faults faults = {0};
    size_t left_out = 0;
    struct job_list *list;

    for (int i = 1; i <= 100000; i++)
        str_format(&text, "%d %d 0 %d %d -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n", i, i * 10,
            i % 10 * 60, i % 7 + 1);
    list = swf_parse(text.text, text.length, "log.swf", 1, &left_out, &faults);
    ck_assert_ptr_nonnull(list);
    ck_assert_uint_eq(left_out, 10000);
    ck_assert_uint_eq(list->count, 90000);
    ck_assert_str_eq(list->specs[89999].name, "99999");
    job_list_destroy(list);
    str_fini(&text);
}
END_TEST

START_TEST(files_are_read_and_missing_ones_are_faults)
{
    struct faults faults = {0};
    size_t left_out = 0;
    struct job_list *list = swf_load("tests/fuzz/corpus/fuzz_swf/small.swf", 1, &left_out, &faults);

    ck_assert_ptr_nonnull(list);
    ck_assert_uint_gt(list->count, 0);
    job_list_destroy(list);
    ck_assert_ptr_null(swf_load("tests/none.swf", 1, &left_out, &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "tests/none.swf: "));
    faults_fini(&faults);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("workloads/swf");
    TCase *tc = tcase_create("swf");

    tcase_add_test(tc, a_line_becomes_a_job);
    tcase_add_test(tc, times_keep_their_milliseconds);
    tcase_add_test(tc, a_processor_may_be_several_chips);
    tcase_add_loop_test(tc, an_empty_log_has_no_jobs, 0, 4);
    tcase_add_loop_test(tc, each_fault_is_told_with_its_line, 0, (int)(sizeof BAD / sizeof *BAD));
    tcase_add_test(tc, all_bad_lines_are_told_and_not_without_end);
    tcase_add_test(tc, bytes_that_are_no_text_are_refused);
    tcase_add_test(tc, a_log_of_many_jobs_is_read_whole);
    tcase_add_test(tc, files_are_read_and_missing_ones_are_faults);
    suite_add_tcase(s, tc);
    return s;
}
