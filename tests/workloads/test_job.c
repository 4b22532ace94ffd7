#include "workloads/job.h"

#include "base/faults.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/support/agree.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"
#include "topologies/fleet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Line by line, so that a test can say where a fault stands. */
static const char GOOD[] =
    "<jobs xmlns=\"urn:wattyard:1\">\n"
    "<job name=\"pretrain-70b\" kind=\"training\" tenant=\"research\" priority=\"650\" "
    "value-usd-per-hour=\"900\" power-fraction=\"0.9\" portable=\"yes\" hold=\"yes\">\n"
    "<gang tasks=\"128\" chips-per-task=\"4\" segment=\"16\" memory-gb-per-task=\"512\"/>\n"
    "<system id=\"trn3-gen2\" throughput=\"1.0\"/>\n"
    "<system id=\"gb300-nvl72\" throughput=\"1.9\" tasks=\"72\" segment=\"18\">"
    "<command path=\"/opt/train/run-cuda\"/><env name=\"NCCL_DEBUG\" value=\"\"/></system>\n"
    "<system id=\"trn2-ultraserver\" tasks=\"8\" chips-per-task=\"16\"/>\n"
    "<command path=\"/opt/train/run\"><arg>--config</arg><arg> 70b.toml\n</arg><arg/></command>\n"
    "<env name=\"RUN\" value=\"a1\"/><env name=\"EMPTY\"/>\n"
    "<directory path=\"/scratch/a1\"/>\n"
    "<output path=\"out/%j.%t.log\"/>\n"
    "<limits wall-minutes=\"2880\" grace-seconds=\"60\" retries=\"3\" lease-minutes=\"20\"/>\n"
    "<checkpoint signal=\"USR2\" every-minutes=\"30\"/>\n"
    "<after job=\"prepare\" outcome=\"any\"/>\n"
    "<deadline at=\"2026-12-24T00:00:00Z\"/>\n"
    "<hosts only=\"oregon-h1-f[01-03]-r01-t[01-18]\" exclude=\"oregon-h1-f01-r01-t07\"/>\n"
    "<work minutes=\"600\" submit-minutes=\"5.5\"/>\n"
    "</job>\n"
    "<job name=\"chat\" kind=\"inference\">\n"
    "<gang tasks=\"4\" segment=\"all\"/>\n"
    "<replicas min=\"2\" max=\"40\" spread=\"feed\"/>\n"
    "</job>\n"
    "<job name=\"prepare\" kind=\"batch\" tenant=\"research\">\n"
    "<gang tasks=\"1\" chips-per-task=\"0\" cores-per-task=\"8\"/>\n"
    "<array count=\"500\"/>\n"
    "</job>\n"
    "</jobs>\n";

static struct job_list *load(const char *text)
{
    struct faults faults = {0};
    struct job_list *list = job_list_parse(text, strlen(text), "jobs.xml", &faults);

    ck_assert_msg(list != NULL, "%s", faults.count > 0 ? faults.list[0].text : "no fault");
    ck_assert_uint_eq(faults.count, 0);
    faults_fini(&faults);
    return list;
}

START_TEST(what_a_job_needs_is_read)
{
    struct job_list *list = load(GOOD);
    const struct job_spec *job = &list->specs[0];

    ck_assert_uint_eq(list->count, 3);
    ck_assert_str_eq(job->name, "pretrain-70b");
    ck_assert_int_eq(job->kind, JOB_TRAINING);
    ck_assert_str_eq(job->tenant, "research");
    ck_assert_int_eq(job->priority, 650);
    ck_assert_double_eq(job->value_usd_per_hour, 900);
    ck_assert_double_eq(job->power_frac, 0.9);
    ck_assert(job->is_portable && job->is_held && job->is_interruptible);
    ck_assert_int_eq(job->tasks, 128);
    ck_assert_int_eq(job->chips_per_task, 4);
    ck_assert_int_eq(job->segment, 16);
    ck_assert_double_eq(job->memory_gb_per_task, 512);
    ck_assert_str_eq(job->hosts_only, "oregon-h1-f[01-03]-r01-t[01-18]");
    ck_assert_str_eq(job->hosts_exclude, "oregon-h1-f01-r01-t07");
    ck_assert_str_eq(job->where.file, "jobs.xml");
    ck_assert_int_eq(job->where.line, 2);
    job_list_destroy(list);
}
END_TEST

START_TEST(when_a_job_runs_is_read)
{
    struct job_list *list = load(GOOD);
    const struct job_spec *job = &list->specs[0];

    ck_assert_double_eq(job->wall_minutes, 2880);
    ck_assert_int_eq(job->grace_seconds, 60);
    ck_assert_int_eq(job->retries, 3);
    ck_assert_double_eq(job->lease_minutes, 20);
    ck_assert_str_eq(job->checkpoint_signal, "USR2");
    ck_assert_double_eq(job->checkpoint_every_minutes, 30);
    ck_assert_uint_eq(job->after_count, 1);
    ck_assert_str_eq(job->after[0].job, "prepare");
    ck_assert_int_eq(job->after[0].outcome, JOB_AFTER_ANY);
    ck_assert(job->deadline_ms == INT64_C(1798070400000));
    ck_assert_double_eq(job->work_minutes, 600);
    ck_assert_double_eq(job->submit_minutes, 5.5);
    job_list_destroy(list);
}
END_TEST

START_TEST(what_a_job_runs_is_read)
{
    struct job_list *list = load(GOOD);
    const struct job_spec *job = &list->specs[0];

    ck_assert_str_eq(job->command.path, "/opt/train/run");
    ck_assert_uint_eq(job->command.arg_count, 3);
    ck_assert_str_eq(job->command.args[0], "--config");
    ck_assert_str_eq(job->command.args[1], "70b.toml");
    ck_assert_str_eq(job->command.args[2], "");
    ck_assert_uint_eq(job->env_count, 2);
    ck_assert_str_eq(job->env[0].name, "RUN");
    ck_assert_str_eq(job->env[0].value, "a1");
    ck_assert_str_eq(job->env[1].value, "");
    ck_assert_str_eq(job->directory, "/scratch/a1");
    ck_assert_str_eq(job->output, "out/%j.%t.log");
    ck_assert_ptr_null(list->specs[1].command.path);
    job_list_destroy(list);
}
END_TEST

START_TEST(rows_replace_what_they_give_and_keep_the_rest)
{
    struct job_list *list = load(GOOD);
    const struct job_system *rows = list->specs[0].systems;

    ck_assert_uint_eq(list->specs[0].system_count, 3);
    ck_assert_str_eq(rows[0].id, "trn3-gen2");
    ck_assert_int_eq(rows[0].tasks, 128);
    ck_assert_int_eq(rows[0].segment, 16);
    ck_assert_int_eq(rows[0].chips_per_task, 4);
    ck_assert_str_eq(rows[0].command.path, "/opt/train/run");
    ck_assert_uint_eq(rows[0].env_count, 2);

    ck_assert_double_eq(rows[1].throughput, 1.9);
    ck_assert_int_eq(rows[1].tasks, 72);
    ck_assert_int_eq(rows[1].segment, 18);
    ck_assert_int_eq(rows[1].chips_per_task, 4);
    ck_assert_str_eq(rows[1].command.path, "/opt/train/run-cuda");
    ck_assert_uint_eq(rows[1].command.arg_count, 0);
    ck_assert_uint_eq(rows[1].env_count, 1);
    ck_assert_str_eq(rows[1].env[0].value, "");

    ck_assert_double_eq(rows[2].throughput, 1);
    ck_assert_int_eq(rows[2].tasks, 8);
    ck_assert_int_eq(rows[2].segment, 8); /* the job's 16 are more than the gang has */
    ck_assert_int_eq(rows[2].chips_per_task, 16);
    job_list_destroy(list);
}
END_TEST

START_TEST(what_is_left_out_has_its_default)
{
    struct job_list *list = load(
        "<job xmlns=\"urn:wattyard:1\" name=\"a\" kind=\"training\"><gang tasks=\"2\"/></job>");
    const struct job_spec *job = &list->specs[0];

    ck_assert_str_eq(job->tenant, "default");
    ck_assert_int_eq(job->priority, 500);
    ck_assert(isnan(job->value_usd_per_hour));
    ck_assert_double_eq(job->power_frac, 1);
    ck_assert(!job->is_held && !job->is_portable && !job->is_interruptible);
    ck_assert_int_eq(job->chips_per_task, JOB_CHIPS_ALL);
    ck_assert_int_eq(job->segment, JOB_SEGMENT_NONE);
    ck_assert_double_eq(job->cores_per_task, 0);
    ck_assert_double_eq(job->memory_gb_per_task, 0);
    ck_assert_uint_eq(job->system_count, 0);
    ck_assert_double_eq(job->wall_minutes, 0);
    ck_assert_int_eq(job->grace_seconds, 30);
    ck_assert_int_eq(job->retries, 0);
    ck_assert_double_eq(job->lease_minutes, 15);
    ck_assert_ptr_null(job->checkpoint_signal);
    ck_assert(job->deadline_ms == INT64_MAX);
    ck_assert_ptr_null(job->hosts_only);
    ck_assert_int_eq(job->replicas_max, 0);
    ck_assert_int_eq(job->array_count, 0);
    ck_assert(isnan(job->work_minutes));
    ck_assert_double_eq(job->submit_minutes, 0);
    job_list_destroy(list);
}
END_TEST

START_TEST(replicas_arrays_and_jobs_of_cores_alone_are_read)
{
    struct job_list *list = load(GOOD);

    ck_assert_int_eq(list->specs[1].replicas_min, 2);
    ck_assert_int_eq(list->specs[1].replicas_max, 40);
    ck_assert_int_eq(list->specs[1].spread, JOB_SPREAD_FEED);
    ck_assert_int_eq(list->specs[1].segment, JOB_SEGMENT_ALL);
    ck_assert_int_eq(list->specs[2].array_count, 500);
    ck_assert_int_eq(list->specs[2].chips_per_task, 0);
    ck_assert_double_eq(list->specs[2].cores_per_task, 8);
    job_list_destroy(list);
}
END_TEST

/* kind, interruptible=, <checkpoint>, and whether the job can be interrupted. */
static const struct {
    const char *kind, *given, *checkpoint;
    bool is_interruptible;
} INTERRUPTIBLE[] = {
    {"training", "", "", false},
    {"inference", "", "", false},
    {"batch", "", "", true},
    {"training", "", "<checkpoint/>", true},
    {"inference", "", "<checkpoint/>", true},
    {"batch", " interruptible=\"no\"", "", false},
    {"training", " interruptible=\"no\"", "<checkpoint/>", false},
    {"training", " interruptible=\"yes\"", "", true},
};

START_TEST(batch_and_checkpointed_jobs_are_interruptible_unless_they_say_otherwise)
{
    struct str text = {0};
    struct job_list *list;

    str_format(&text,
        "<job xmlns=\"urn:wattyard:1\" name=\"a\" kind=\"%s\"%s><gang tasks=\"2\"/>%s</job>",
        INTERRUPTIBLE[_i].kind, INTERRUPTIBLE[_i].given, INTERRUPTIBLE[_i].checkpoint);
    list = load(text.text);
    ck_assert_int_eq(list->specs[0].is_interruptible, INTERRUPTIBLE[_i].is_interruptible);
    if (INTERRUPTIBLE[_i].checkpoint[0] != '\0')
        ck_assert_str_eq(list->specs[0].checkpoint_signal, "USR1");
    job_list_destroy(list);
    str_fini(&text);
}
END_TEST

START_TEST(replicas_have_at_least_one_where_no_minimum_is_given)
{
    struct job_list *list = load("<job xmlns=\"urn:wattyard:1\" name=\"a\" kind=\"inference\">"
                                 "<replicas max=\"3\"/><gang tasks=\"2\"/></job>");

    ck_assert_int_eq(list->specs[0].replicas_min, 1);
    ck_assert_int_eq(list->specs[0].spread, JOB_SPREAD_NONE);
    job_list_destroy(list);
}
END_TEST

/* One change to GOOD, and the fault that must come of it, with its line in GOOD. */
struct bad_input {
    const char *find, *replace;
    long line;
    const char *fault;
};

static const struct bad_input BAD[] = {
    {" kind=\"training\"", " kind=\"train\"", 2,
        "attribute 'kind' is 'train'; it is one of training, inference, batch"},
    {" kind=\"training\"", "", 2, "attribute 'kind' is missing"},
    {"name=\"pretrain-70b\" ", "", 2, "attribute 'name' is missing"},
    {"name=\"pretrain-70b\"", "name=\"-70b\"", 2, "attribute 'name' is '-70b'; an id is at most"},
    {"priority=\"650\"", "priority=\"1001\"", 2,
        "attribute 'priority' is '1001'; it must be from 0 to 1000"},
    {"priority=\"650\"", "prioritee=\"650\"", 2,
        "attribute 'prioritee' is not known here; did you mean priority?"},
    {"value-usd-per-hour=\"900\"", "value-usd-per-hour=\"nan\"", 2,
        "attribute 'value-usd-per-hour' is 'nan'; that is not a finite number"},
    {"power-fraction=\"0.9\"", "power-fraction=\"1.1\"", 2,
        "attribute 'power-fraction' is '1.1'; it must be from 0.01 to 1"},
    {"portable=\"yes\"", "portable=\"true\"", 2,
        "attribute 'portable' is 'true'; it is one of no, yes"},
    {"tasks=\"128\" ", "", 3, "<gang>: attribute 'tasks' is missing"},
    {"tasks=\"128\"", "tasks=\"0\"", 3, "attribute 'tasks' is '0'; it must be from 1 to 1000000"},
    {"chips-per-task=\"4\"", "chips-per-task=\"65\"", 3, "it must be from 0 to 64"},
    {"segment=\"16\"", "segment=\"0\"", 2,
        "attribute 'segment' is '0'; write how many tasks share one domain, or \"all\""},
    {"segment=\"16\"", "segment=\"129\"", 2,
        "<job name=\"pretrain-70b\">: segment is 129 tasks, and the gang has 128; give at most "
        "128"},
    {"segment=\"18\"", "segment=\"73\"", 5,
        "<system id=\"gb300-nvl72\">: segment is 73 tasks, and the gang has 72"},
    {"segment=\"18\"", "segment=\"some\"", 5, "attribute 'segment' is 'some'"},
    {"throughput=\"1.9\"", "throughput=\"0\"", 5, "attribute 'throughput' is '0'; it must be from"},
    {"id=\"gb300-nvl72\"", "id=\"trn3-gen2\"", 5,
        "<system id=\"trn3-gen2\">: system trn3-gen2 has a row already, in line 4"},
    {"<env name=\"NCCL_DEBUG\" value=\"\"/>", "<limits/>", 5,
        "element 'limits' in <system> is not known here"},
    {" chips-per-task=\"16\"", " chips-per-task=\"0\"", 6,
        "<system id=\"trn2-ultraserver\">: chips-per-task=\"0\" is a job of cores alone; give"},
    {"<command path=\"/opt/train/run\">", "<command>", 7, "attribute 'path' is missing"},
    {"<arg/>", "<arg><b/></arg>", 8, "element 'b' in <arg> is not known here"},
    {"<arg/>", "and so on", 7, "the text 'and so on' stands in it"},
    {"name=\"EMPTY\"", "name=\"RUN\"", 9, "<env name=\"RUN\">: the variable is set twice"},
    {"name=\"EMPTY\"", "name=\"A=B\"", 9, "a variable's name can't hold '='"},
    {"<directory path=\"/scratch/a1\"/>", "<directory path=\"\"/>", 10,
        "attribute 'path' is ''; it can't be empty"},
    {"<output path=\"out/%j.%t.log\"/>", "<directory path=\"b\"/>", 2,
        "has more than one <directory>; keep one"},
    {"<output path=\"out/%j.%t.log\"/>", "<command path=\"b\"/>", 2,
        "has more than one <command>; keep one"},
    {"wall-minutes=\"2880\"", "wall-minutes=\"0\"", 12,
        "attribute 'wall-minutes' is '0'; it must be from 0.001"},
    {"grace-seconds=\"60\"", "grace-seconds=\"1.5\"", 12, "that is not a whole number"},
    {"retries=\"3\"", "retries=\"-1\"", 12, "attribute 'retries' is '-1'; it can't be negative"},
    {"signal=\"USR2\"", "signal=\"KILL\"", 13,
        "attribute 'signal' is 'KILL'; it is one of USR1, USR2, HUP"},
    {"signal=\"USR2\"", "signal=\"SIGUSR2\"", 13, "attribute 'signal' is 'SIGUSR2'; it is one of"},
    {"signal=\"USR2\"", "signal=\"\"", 13, "attribute 'signal' is ''; it is one of USR1"},
    {"<command path=\"/opt/train/run\">", "<command path=\"\">", 7,
        "attribute 'path' is ''; it can't be empty"},
    {"outcome=\"any\"", "outcome=\"never\"", 14, "it is one of ok, failed, any"},
    {"<after job=\"prepare\"", "<after job=\"pretrain-70b\"", 2,
        "<job name=\"pretrain-70b\">: its <after> makes a cycle"},
    {"2026-12-24T00:00:00Z", "2026-12-24", 15,
        "attribute 'at' is '2026-12-24'; write a time as 2026-12-24T00:00:00Z"},
    {"f[01-03]", "f[03-01]", 2, "<hosts>: the range 3-1 runs backwards"},
    {"exclude=\"oregon-h1-f01-r01-t07\"", "exclude=\"a b\"", 2, "<hosts>: "},
    {"<work minutes=\"600\"", "<work minutes=\"0\"", 17, "attribute 'minutes' is '0'; it must be"},
    {"<work minutes=\"600\"", "<work", 17, "attribute 'minutes' is missing"},
    {"name=\"chat\" kind=\"inference\"", "name=\"chat\" kind=\"training\"", 19,
        "<replicas> belongs to kind=\"inference\""},
    {"name=\"chat\"", "name=\"pretrain-70b\"", 19,
        "<job name=\"pretrain-70b\">: this file has a job of that name already, in line 2"},
    {"<gang tasks=\"4\" segment=\"all\"/>", "", 19, "has no <gang>; say how many tasks it is"},
    {"min=\"2\"", "min=\"41\"", 19, "<replicas>: min (41) is above max (40)"},
    {" max=\"40\"", "", 21, "<replicas>: attribute 'max' is missing"},
    {"spread=\"feed\"", "spread=\"host\"", 21, "it is one of none, rack, feed, hall, site"},
    {"spread=\"feed\"/>", "spread=\"feed\"/><array count=\"2\"/>", 19,
        "has both <replicas> and <array>; keep one"},
    {" cores-per-task=\"8\"", "", 23,
        "<job name=\"prepare\">: chips-per-task=\"0\" is a job of cores alone"},
    {"<array count=\"500\"/>", "<array count=\"0\"/>", 25, "attribute 'count' is '0'"},
    {"<array count=\"500\"/>", "<array count=\"100001\"/>", 25, "it must be from 1 to 100000"},
    {"<array count=\"500\"/>", "<gang tasks=\"2\"/>", 23, "has more than one <gang>; keep one"},
    {"</job>\n</jobs>", "</job><site/></jobs>", 26, "element 'site' in <jobs> is not known here"},
    {"</jobs>", "", 28, "not well-formed XML"},
};

START_TEST(each_fault_is_told_with_its_line)
{
    const struct bad_input *bad = &BAD[_i];
    char *text = edit_replace(GOOD, bad->find, bad->replace);
    struct faults faults = {0};
    struct job_list *list = job_list_parse(text, strlen(text), "jobs.xml", &faults);
    const char *found = edit_find_fault(&faults, bad->fault);
    char *all = edit_list_faults(&faults);
    char place[40];

    (void)snprintf(place, sizeof place, "jobs.xml:%ld: ", bad->line);
    ck_assert_ptr_null(list);
    ck_assert_msg(found != NULL, "no '%s' in:\n%s", bad->fault, all);
    ck_assert_msg(str_starts_with(found, place), "not in line %ld: %s", bad->line, found);
    mem_free(all);
    mem_free(text);
    faults_fini(&faults);
}
END_TEST

START_TEST(faults_of_all_jobs_are_told_at_once)
{
    static const char text[] = "<jobs xmlns=\"urn:wattyard:1\">\n"
                               "<job name=\"a\" kind=\"x\" priority=\"-1\"><gang/></job>\n"
                               "<job name=\"b\" kind=\"training\"/>\n"
                               "<job name=\"c\" kind=\"training\"><gang tasks=\"1\"/>\n"
                               "<replicas max=\"2\"/></job>\n"
                               "<job name=\"d\" kind=\"batch\"><gang tasks=\"1\"/></job>\n"
                               "<job name=\"d\" kind=\"batch\"><gang tasks=\"1\"/></job>\n"
                               "</jobs>";
    static const char *const expected[] = {"j.xml:2: <job name=\"a\">: attribute 'kind'",
        "j.xml:2: <job name=\"a\">: attribute 'priority'", "j.xml:2: <gang>: attribute 'tasks'",
        "j.xml:3: <job name=\"b\">: has no <gang>", "j.xml:4: <job name=\"c\">: <replicas>",
        "j.xml:7: <job name=\"d\">: this file has a job of that name already, in line 6"};
    struct faults faults = {0};
    char *all;

    ck_assert_ptr_null(job_list_parse(text, strlen(text), "j.xml", &faults));
    all = edit_list_faults(&faults);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_msg(edit_find_fault(&faults, expected[i]), "no '%s' in:\n%s", expected[i], all);
    ck_assert_msg(faults.count == sizeof expected / sizeof *expected, "more than these:\n%s", all);
    mem_free(all);
    faults_fini(&faults);
}
END_TEST

START_TEST(another_root_is_no_manifest)
{
    static const char text[] = "<fleet xmlns=\"urn:wattyard:1\"/>";
    struct faults faults = {0};

    ck_assert_ptr_null(job_list_parse(text, strlen(text), "j.xml", &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "j.xml:1: <fleet>: this is no <job>"));
    faults_fini(&faults);
}
END_TEST

START_TEST(a_manifest_in_memory_is_short_and_includes_nothing)
{
    static const char text[] =
        "<jobs xmlns=\"urn:wattyard:1\" xmlns:xi=\"http://www.w3.org/2001/XInclude\">"
        "<xi:include href=\"workloads/jobs/pretrain.xml\"/></jobs>";
    struct faults faults = {0};
    struct str long_text = {0};

    ck_assert_ptr_null(job_list_parse(text, strlen(text), "j.xml", &faults));
    ck_assert_uint_gt(faults.error_count, 0);
    faults_fini(&faults);
    str_add(&long_text, "<jobs xmlns=\"urn:wattyard:1\">");
    while (long_text.length < JOB_MANIFEST_BYTES)
        str_add(&long_text, "<job name=\"a\" kind=\"batch\"><gang tasks=\"1\"/></job>");
    str_add(&long_text, "</jobs>");
    ck_assert_ptr_null(job_list_parse(long_text.text, long_text.length, "j.xml", &faults));
    ck_assert_uint_eq(faults.count, 1); /* its size alone: nothing of it was read */
    str_fini(&long_text);
    faults_fini(&faults);
}
END_TEST

/* Dependencies as "a>b" (a waits for b, both of tenant t), and whether they make a cycle. */
static const struct {
    const char *rows;
    bool is_cycle;
} GRAPHS[] = {
    {"", false},
    {"a>a", true},
    {"a>b", false},
    {"a>b b>a", true},
    {"a>b b>c c>d", false},
    {"d>c c>b b>a", false},
    {"a>b a>c b>d c>d", false},
    {"a>b b>c c>a d>a", true},
    {"a>b b>c c>d d>b", true},
    {"a>z", false},     /* z may be a job of the scheduler */
    {"a>b a>b", false}, /* twice the same */
    {"a>1234", false},  /* an id */
    {"a>b c>d d>c", true},
};

START_TEST(a_cycle_of_dependencies_is_a_fault)
{
    struct str text = {0};
    struct faults faults = {0};
    struct job_list *list;

    str_add(&text, "<jobs xmlns=\"urn:wattyard:1\">");
    for (const char *name = "abcd"; *name != '\0'; name++) {
        str_format(
            &text, "<job name=\"%c\" kind=\"batch\" tenant=\"t\"><gang tasks=\"1\"/>", *name);
        for (const char *row = GRAPHS[_i].rows; *row != '\0'; row += strcspn(row, " ")) {
            row += *row == ' ';
            if (*row == *name)
                str_format(&text, "<after job=\"%.*s\"/>", (int)strcspn(row, " ") - 2, row + 2);
        }
        str_add(&text, "</job>");
    }
    str_add(&text, "</jobs>");
    list = job_list_parse(text.text, text.length, "j.xml", &faults);
    ck_assert_int_eq(list == NULL, GRAPHS[_i].is_cycle);
    ck_assert_int_eq(edit_find_fault(&faults, "makes a cycle") != NULL, GRAPHS[_i].is_cycle);
    job_list_destroy(list);
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

START_TEST(jobs_of_other_tenants_are_not_waited_for)
{
    job_list_destroy(load("<jobs xmlns=\"urn:wattyard:1\">"
                          "<job name=\"a\" kind=\"batch\" tenant=\"t\"><gang tasks=\"1\"/>"
                          "<after job=\"b\"/></job>"
                          "<job name=\"b\" kind=\"batch\" tenant=\"u\"><gang tasks=\"1\"/>"
                          "<after job=\"a\"/></job></jobs>"));
}
END_TEST

enum { RANDOM_JOBS = 12 };

/* Warshall's closure: afterwards, rows[i][k] says that i waits for k, at once or by others. */
static void close_rows(bool rows[RANDOM_JOBS][RANDOM_JOBS])
{
    for (int by = 0; by < RANDOM_JOBS; by++)
        for (int i = 0; i < RANDOM_JOBS; i++)
            for (int k = 0; k < RANDOM_JOBS; k++)
                rows[i][k] = rows[i][k] || (rows[i][by] && rows[by][k]);
}

START_TEST(cycles_of_random_graphs_are_found_as_by_their_closure)
{
    struct rng rng = rng_seed((uint64_t)_i);
    bool rows[RANDOM_JOBS][RANDOM_JOBS] = {{false}};
    struct str text = {0};
    struct faults faults = {0};
    struct job_list *list;
    bool has_cycle = false;
    int row_count = (int)rng_between(&rng, 0, RANDOM_JOBS + 2);

    for (int i = 0; i < row_count; i++)
        rows[rng_between(&rng, 0, RANDOM_JOBS - 1)][rng_between(&rng, 0, RANDOM_JOBS - 1)] = true;
    str_add(&text, "<jobs xmlns=\"urn:wattyard:1\">");
    for (int i = 0; i < RANDOM_JOBS; i++) {
        str_format(&text, "<job name=\"j%d\" kind=\"batch\"><gang tasks=\"1\"/>", i);
        for (int k = 0; k < RANDOM_JOBS; k++)
            if (rows[i][k])
                str_format(&text, "<after job=\"j%d\"/>", k);
        str_add(&text, "</job>");
    }
    str_add(&text, "</jobs>");
    close_rows(rows);
    for (int i = 0; i < RANDOM_JOBS; i++)
        has_cycle = has_cycle || rows[i][i];
    list = job_list_parse(text.text, text.length, "j.xml", &faults);
    ck_assert_int_eq(list == NULL, has_cycle);
    job_list_destroy(list);
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

START_TEST(the_shipped_manifests_fit_the_fleet_that_they_are_for)
{
    static const char *const folder[] = {"workloads/jobs"};
    struct faults faults = {0};
    struct fleet *fleet = fleet_load("topologies/fleets/mixed-30mw.xml", NULL, &faults);
    struct job_list *list = job_list_load(folder, 1, &faults);

    ck_assert_msg(list != NULL, "%s", faults.count > 0 ? faults.list[0].text : "no fault");
    ck_assert_uint_eq(faults.count, 0);
    ck_assert_uint_eq(list->count, 20);
    ck_assert_str_eq(list->specs[0].name, "ablation"); /* files by name */
    ck_assert_str_eq(list->specs[0].where.file, "workloads/jobs/ablation-sweep.xml");
    for (size_t i = 0; i < list->count; i++) {
        const struct job_spec *job = &list->specs[i];

        ck_assert_msg(job->work_minutes > 0, "%s has no <work>", job->name);
        ck_assert_msg(job->command.path != NULL, "%s has no <command>", job->name);
        ck_assert_msg(
            fleet_find_tenant(fleet, job->tenant) >= 0, "%s: tenant %s", job->name, job->tenant);
        ck_assert(job->wall_minutes <= 0 || job->wall_minutes > job->work_minutes);
        for (size_t k = 0; k < job->system_count; k++) {
            const struct system *system = catalog_find_system(&fleet->catalog, job->systems[k].id);

            ck_assert_msg(system != NULL, "%s: system %s", job->name, job->systems[k].id);
            ck_assert_int_le(job->systems[k].chips_per_task, system->chips_per_host);
            ck_assert_int_le(job->systems[k].segment, system->host_count);
        }
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(job->name, list->specs[k].name);
    }
    job_list_destroy(list);
    fleet_destroy(fleet);
    faults_fini(&faults);
}
END_TEST

static bool loads(const char *text, size_t count, struct faults *faults)
{
    struct job_list *list = job_list_parse(text, count, "jobs.xml", faults);

    job_list_destroy(list);
    return list != NULL;
}

START_TEST(tables_schema_and_page_agree)
{
    agree_check(loads, GOOD, NULL, "workloads/job.rng", "workloads/pages/manifest.txt");
}
END_TEST

START_TEST(folders_without_manifests_and_missing_files_are_faults)
{
    static const char *const paths[] = {"tests/tools", "workloads/jobs/none.xml"};
    struct faults faults = {0};

    ck_assert_ptr_null(job_list_load(paths, 2, &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "tests/tools: "));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "workloads/jobs/none.xml: "));
    faults_fini(&faults);
}
END_TEST

/* One job whose command, or that of its row, has an argument of so many letters. */
static struct job_list *load_long(size_t job_letters, size_t row_letters, struct faults *faults)
{
    struct str text = {0};
    struct job_list *list;

    str_add(&text, "<job xmlns=\"urn:wattyard:1\" name=\"a\" kind=\"batch\">\n"
                   "<gang tasks=\"1\"/><system id=\"gb300-nvl72\">\n<command path=\"/r\"><arg>");
    for (size_t i = 0; i < row_letters; i++)
        str_add(&text, "x");
    str_add(&text, "</arg></command></system><command path=\"/r\"><arg>");
    for (size_t i = 0; i < job_letters; i++)
        str_add(&text, "x");
    str_add(&text, "</arg></command><env name=\"E\" value=\"1\"/></job>");
    list = job_list_parse(text.text, text.length, "j.xml", faults);
    str_fini(&text);
    ck_assert_ptr_nonnull(list);
    return list;
}

/* "/r", the argument, "E" and "1", each with 8 bytes more. */
enum { ARG_LETTERS_MOST = JOB_TASK_BYTES - 2 - 1 - 1 - 4 * 8 };
static const struct {
    size_t job_letters, row_letters;
    const char *fault; /* NULL: none */
} LONG_TASKS[] = {
    {ARG_LETTERS_MOST, 0, NULL},
    {0, ARG_LETTERS_MOST, NULL},
    {ARG_LETTERS_MOST + 1, 0,
        "j.xml:1: <job name=\"a\">: command, arguments and environment of a task are 131073 bytes; "
        "a host takes at most 131072"},
    {0, ARG_LETTERS_MOST + 1, "j.xml:2: <system id=\"gb300-nvl72\">: command, arguments and"},
};

START_TEST(a_task_that_no_host_could_be_given_is_a_fault)
{
    struct faults faults = {0};
    struct job_list *list = load_long(
        LONG_TASKS[_i].job_letters, LONG_TASKS[_i].row_letters, &faults);
    int rc = job_list_check_tasks(list, &faults);

    ck_assert_int_eq(rc, LONG_TASKS[_i].fault != NULL ? -1 : 0);
    ck_assert_uint_eq(faults.error_count, LONG_TASKS[_i].fault != NULL ? 1 : 0);
    if (LONG_TASKS[_i].fault != NULL)
        ck_assert_ptr_nonnull(edit_find_fault(&faults, LONG_TASKS[_i].fault));
    job_list_destroy(list);
    faults_fini(&faults);
}
END_TEST

START_TEST(a_directory_is_an_absolute_path)
{
    char *text = edit_replace(GOOD, "/scratch/a1", "scratch/a1");
    struct faults faults = {0};
    struct job_list *list = job_list_parse(text, strlen(text), "jobs.xml", &faults);

    ck_assert_ptr_nonnull(list); /* one that was stored is read again */
    ck_assert_int_eq(job_list_check_tasks(list, &faults), -1);
    ck_assert_ptr_nonnull(
        edit_find_fault(&faults, "jobs.xml:2: <job name=\"pretrain-70b\">: <directory "
                                 "path=\"scratch/a1\"> is not an absolute "
                                 "path"));
    job_list_destroy(list);
    faults_fini(&faults);
    mem_free(text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("workloads/job");
    TCase *tc = tcase_create("job");
    TCase *bad = tcase_create("bad input");
    TCase *after = tcase_create("after");

    tcase_add_test(tc, what_a_job_needs_is_read);
    tcase_add_test(tc, when_a_job_runs_is_read);
    tcase_add_test(tc, what_a_job_runs_is_read);
    tcase_add_test(tc, rows_replace_what_they_give_and_keep_the_rest);
    tcase_add_test(tc, what_is_left_out_has_its_default);
    tcase_add_test(tc, replicas_arrays_and_jobs_of_cores_alone_are_read);
    tcase_add_loop_test(tc, batch_and_checkpointed_jobs_are_interruptible_unless_they_say_otherwise,
        0, (int)(sizeof INTERRUPTIBLE / sizeof *INTERRUPTIBLE));
    tcase_add_test(tc, replicas_have_at_least_one_where_no_minimum_is_given);
    tcase_add_test(tc, the_shipped_manifests_fit_the_fleet_that_they_are_for);
    tcase_add_test(tc, tables_schema_and_page_agree);
    suite_add_tcase(s, tc);
    tcase_add_loop_test(bad, each_fault_is_told_with_its_line, 0, (int)(sizeof BAD / sizeof *BAD));
    tcase_add_test(bad, faults_of_all_jobs_are_told_at_once);
    tcase_add_test(bad, another_root_is_no_manifest);
    tcase_add_test(bad, folders_without_manifests_and_missing_files_are_faults);
    tcase_add_test(bad, a_manifest_in_memory_is_short_and_includes_nothing);
    tcase_add_loop_test(bad, a_task_that_no_host_could_be_given_is_a_fault, 0,
        (int)(sizeof LONG_TASKS / sizeof *LONG_TASKS));
    tcase_add_test(bad, a_directory_is_an_absolute_path);
    suite_add_tcase(s, bad);
    tcase_add_loop_test(
        after, a_cycle_of_dependencies_is_a_fault, 0, (int)(sizeof GRAPHS / sizeof *GRAPHS));
    tcase_add_test(after, jobs_of_other_tenants_are_not_waited_for);
    tcase_add_loop_test(after, cycles_of_random_graphs_are_found_as_by_their_closure, 0, 200);
    suite_add_tcase(s, after);
    return s;
}
