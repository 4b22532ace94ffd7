#include "planner/plan_csv.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/output_file.h"
#include "planner/plan_lists.h"
#include "tests/support/edit.h"
#include "tests/support/plan_builder.h"
#include "tests/support/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test, in the checked fixture's process. */
static void make_folder(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(path, size, "%s/wattyard-test-XXXXXX", base == NULL ? "/tmp" : base);
    ck_assert_ptr_nonnull(mkdtemp(path));
}

static int count_files(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;

    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count;
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct str name = {0};

    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        str_clear(&name);
        str_format(&name, "%s/%s", path, entry->d_name);
        (void)unlink(str_text(&name));
    }
    (void)closedir(folder);
    (void)rmdir(path);
    str_fini(&name);
}

struct file_case {
    const char *name;
    const char *text;
};

static const struct file_case FILES[] = {
    {"acquired.csv", "offer,site,period,systems\n"
                     "buy-trn3,oregon,2026-07,10.5\n"
                     "rent-gb300,dublin,2026-04,4\n"
                     "spot-gb300,oregon,2026-10,2\n"},
    {"unmet.csv", "workload,region,period,units,share\n"
                  "chat,eu,2026-07,200000000,0.1\n"
                  "chat,eu,2026-10,600000000,0.3\n"
                  "scoring,,,4000000000000,0.4\n"},
    {"budgets.csv", "id,used_usd,limit_usd,used_tonnes,limit_tonnes\n"
                    "capex-2026,1500000000,2000000000,,\n"
                    "carbon,,,150000,200000\n"},
    {"shortfalls.csv", "commitment,period,mw,usd\n"
                       "trainium-power,2027-01,2.5,1500000\n"
                       "aws-spend,,0,3000000\n"},
    {"cost_usd.csv", "part,usd\ncapex,40000000\nrent,30000000\nmaintenance,0\nenergy,6000000\n"
                     "carbon,0\nunmet,8000000\nshortfall,0\nporting,0\nsalvage,-4000000\n"},
    {"ported.csv", "workload,stack\npretrain,neuron\n"},
};

START_TEST(files_hold_the_fields_of_the_json)
{
    const struct file_case *expected = &FILES[_i];
    struct built_plan built = plan_builder_init();
    struct err err = {0};
    struct str path = {0};
    char folder[256];
    char *text;

    make_folder(folder, sizeof folder);
    ck_assert_msg(plan_csv_write(built.plan, folder, &err) == 0, "%s", err.text);
    str_format(&path, "%s/%s", folder, expected->name);
    text = edit_read(str_text(&path));
    for (char *c = strchr(text, '\r'); c != NULL; c = strchr(c, '\r'))
        memmove(c, c + 1, strlen(c));
    ck_assert_str_eq(text, expected->text);
    ck_assert_int_eq(count_files(folder), (int)PLAN_LIST_COUNT + 1);
    mem_free(text);
    str_fini(&path);
    remove_folder(folder);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_made)
{
    struct built_plan built = plan_builder_init();
    struct err err = {0};
    char base[256], folder[300];

    make_folder(base, sizeof base);
    (void)snprintf(folder, sizeof folder, "%s/out", base);
    ck_assert_int_eq(plan_csv_write(built.plan, folder, &err), 0);
    ck_assert_int_eq(count_files(folder), (int)PLAN_LIST_COUNT + 1);
    remove_folder(folder);
    remove_folder(base);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(a_file_in_the_way_is_an_error_that_names_it)
{
    struct built_plan built = plan_builder_init();
    struct err err = {0};

    ck_assert_int_eq(plan_csv_write(built.plan, "Makefile", &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_msg(strstr(err.text, "Makefile") != NULL, "%s", err.text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(an_output_file_is_there_whole_or_not_at_all)
{
    struct err err = {0};
    struct output_file *file;
    char folder[256], path[300];
    char *text;

    make_folder(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/a", folder);
    file = output_file_create(path, &err);
    ck_assert_ptr_nonnull(file);
    (void)fputs("one", output_file_stream(file));
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(output_file_commit(file, &err), 0);
    file = output_file_create(path, &err);
    (void)fputs("two", output_file_stream(file));
    output_file_abandon(file);
    text = edit_read(path);
    ck_assert_str_eq(text, "one");
    ck_assert_int_eq(count_files(folder), 1);
    mem_free(text);
    remove_folder(folder);
}
END_TEST

/* A full disk, as a limit on the size of files: nothing is left of the new file, nor of its
 * temporary one. */
START_TEST(what_can_not_be_written_is_an_error)
{
    struct rlimit before, nothing;
    struct err err = {0};
    struct output_file *file;
    char folder[256], path[300];
    int rc;

    ck_assert_ptr_null(output_file_create("/nowhere/at/all", &err));
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_msg(strstr(err.text, "/nowhere/at/all") != NULL, "%s", err.text);
    make_folder(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/a", folder);
    err_clear(&err);
    file = output_file_create(path, &err);
    ck_assert_ptr_nonnull(file);
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    nothing = (struct rlimit){0, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &nothing), 0);
    (void)fputs("text", output_file_stream(file));
    rc = output_file_commit(file, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(rc, -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_int_eq(count_files(folder), 0);
    remove_folder(folder);
}
END_TEST

/* A pipe is written to, not replaced by a file. */
START_TEST(a_pipe_stays_a_pipe)
{
    struct err err = {0};
    struct stat status;
    struct output_file *file;
    char folder[256], path[300], text[8] = "";
    int reader;

    make_folder(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    reader = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    file = output_file_create(path, &err);
    ck_assert_ptr_nonnull(file);
    (void)fputs("text", output_file_stream(file));
    ck_assert_int_eq(output_file_commit(file, &err), 0);
    ck_assert_int_eq(read(reader, text, sizeof text - 1), 4);
    ck_assert_str_eq(text, "text");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert(S_ISFIFO(status.st_mode));
    (void)close(reader);
    remove_folder(folder);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("plan_csv");
    TCase *tcase = tcase_create("plan_csv");

    tcase_add_loop_test(
        tcase, files_hold_the_fields_of_the_json, 0, sizeof FILES / sizeof FILES[0]);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_made);
    tcase_add_test(tcase, a_file_in_the_way_is_an_error_that_names_it);
    tcase_add_test(tcase, an_output_file_is_there_whole_or_not_at_all);
    tcase_add_test(tcase, what_can_not_be_written_is_an_error);
    tcase_add_test(tcase, a_pipe_stays_a_pipe);
    suite_add_tcase(suite, tcase);
    return suite;
}
