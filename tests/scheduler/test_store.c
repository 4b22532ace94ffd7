#include "scheduler/store.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t DAY_MS = (int64_t)24 * 3600 * 1000;

struct place {
    char *folder;
    struct store *store;
    struct err err;
};

#define OK(p, call) ck_assert_msg((call) == 0, "%s", (p)->err.text)

static void open_again(struct place *p)
{
    store_close(p->store);
    p->store = store_open(p->folder, &p->err);
    ck_assert_msg(p->store != NULL, "%s", p->err.text);
}

static struct place make_place(void)
{
    struct place p = {.folder = tempdir_create()};

    open_again(&p);
    return p;
}

static void leave_place(struct place *p)
{
    store_close(p->store);
    tempdir_remove(p->folder);
}

static void remove_file(const struct place *p, const char *name)
{
    char *path = tempdir_path(p->folder, name);

    ck_assert_int_eq(unlink(path), 0);
    mem_free(path);
}

static void put_job(struct place *p, int64_t id, int64_t end_ms, int64_t manifest)
{
    OK(p, store_put_job(p->store,
              &(struct job_row){.id = id,
                  .first_gang = id * 10,
                  .gang_count = 1,
                  .manifest = manifest,
                  .name = "job",
                  .end_ms = end_ms},
              &p->err));
}

static void add_event(struct place *p, int64_t job, int member, int64_t at_ms, const char *what)
{
    OK(p, store_add_event(p->store,
              &(struct event_row){.at_ms = at_ms, .job = job, .member = member, .what = what},
              &p->err));
}

/* Visitors that note ids: "3 2 1 ". */
static int note_job(void *context, const struct job_row *row, struct err *err)
{
    (void)err;
    str_format(context, "%lld ", (long long)row->id);
    return 0;
}

static int note_event(void *context, const struct event_row *row, struct err *err)
{
    (void)err;
    str_format(context, "%lld:%s ", (long long)row->id, row->what);
    return 0;
}

static void expect_text(struct str *is, const char *should)
{
    ck_assert_str_eq(str_text(is), should);
    str_fini(is);
}

static void expect_ended(struct place *p, int64_t before_id, int max, const char *should)
{
    struct str is = {0};

    OK(p, store_each_ended_job(p->store, before_id, max, note_job, &is, &p->err));
    expect_text(&is, should);
}

static void expect_events(
    struct place *p, int64_t job, int member, int64_t after_id, int max, const char *should)
{
    struct str is = {0};

    OK(p, store_each_event(p->store, job, member, after_id, max, note_event, &is, &p->err));
    expect_text(&is, should);
}

/* --- Making and opening */

START_TEST(a_new_store_has_a_cluster_of_its_own)
{
    struct place p = make_place();
    struct place other = make_place();
    struct cluster_row row;
    struct cluster_row again;

    OK(&p, store_read_cluster(p.store, &row, &p.err));
    ck_assert_uint_eq(row.epoch, 0);
    ck_assert_int_eq(row.next_job, 1);
    ck_assert_int_eq(row.next_gang, 1);
    ck_assert_int_eq(row.fleet_version, 0);
    ck_assert_uint_eq(row.cluster[6] >> 4, 4);
    ck_assert_uint_eq(row.cluster[8] >> 6, 2);
    OK(&p, store_read_cluster(other.store, &again, &p.err));
    ck_assert_int_ne(memcmp(row.cluster, again.cluster, sizeof row.cluster), 0);

    row = (struct cluster_row){
        .epoch = UINT64_MAX, .next_job = INT64_MAX, .next_gang = 5, .fleet_version = 2};
    OK(&p, store_write_cluster(p.store, &row, &p.err));
    open_again(&p);
    OK(&p, store_read_cluster(p.store, &again, &p.err));
    ck_assert_uint_eq(again.epoch, UINT64_MAX);
    ck_assert_int_eq(again.next_job, INT64_MAX);
    ck_assert_int_eq(again.next_gang, 5);
    ck_assert_int_eq(again.fleet_version, 2);
    ck_assert_uint_eq(again.cluster[6] >> 4, 4);
    leave_place(&other);
    leave_place(&p);
}
END_TEST

START_TEST(a_folder_is_made_and_only_its_owner_can_read_it)
{
    static const char *const NAMES[] = {
        "state", "state/state.db", "state/archive.db", "state/lock"};
    char *folder = tempdir_create();
    char *inner = tempdir_path(folder, "state");
    struct err err = {0};
    struct store *store = store_open(inner, &err);

    ck_assert_msg(store != NULL, "%s", err.text);
    for (int i = 0; i < 4; i++) {
        char *path = tempdir_path(folder, NAMES[i]);
        struct stat info;

        ck_assert_int_eq(stat(path, &info), 0);
        ck_assert_uint_eq(info.st_mode & 077, 0);
        mem_free(path);
    }
    store_close(store);
    mem_free(inner);
    tempdir_remove(folder);
}
END_TEST

/* --- Rows */

static int check_extreme_gang(void *context, const struct gang_row *row, struct err *err)
{
    (void)err;
    ck_assert_int_eq(row->state, INT_MAX);
    ck_assert_int_eq(row->exit_status, INT_MIN);
    ck_assert_int_eq(row->start_ms, INT64_MIN);
    ck_assert_str_eq(row->reason, "");
    ck_assert_ptr_null(row->placement);
    ++*(int *)context;
    return 0;
}

static int check_extreme_host(void *context, const struct host_row *row, struct err *err)
{
    (void)err;
    ck_assert_uint_eq(row->boot, UINT64_MAX);
    ++*(int *)context;
    return 0;
}

START_TEST(extreme_numbers_and_missing_texts_come_back)
{
    struct place p = make_place();
    int count = 0;

    put_job(&p, 1, 0, 0);
    OK(&p, store_put_gang(p.store,
               &(struct gang_row){.id = 10,
                   .job = 1,
                   .state = INT_MAX,
                   .exit_status = INT_MIN,
                   .start_ms = INT64_MIN,
                   .placement = "",
                   .placement_bytes = 0},
               &p.err));
    OK(&p, store_put_host(p.store, &(struct host_row){.name = "h", .boot = UINT64_MAX}, &p.err));
    OK(&p, store_each_gang_of(p.store, 1, check_extreme_gang, &count, &p.err));
    OK(&p, store_find_gang(p.store, 10, check_extreme_gang, &count, &p.err));
    OK(&p, store_find_gang(p.store, 1, check_extreme_gang, &count, &p.err)); /* a job's id */
    OK(&p, store_each_host(p.store, check_extreme_host, &count, &p.err));
    ck_assert_int_eq(count, 3);
    leave_place(&p);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
    struct place p = make_place();
    struct str out = {0};
    struct usage_sum sum;

    ck_assert_int_eq(store_find_job(p.store, 7, note_job, &out, &p.err), -1);
    ck_assert_int_eq(p.err.kind, ERR_NOT_FOUND);
    ck_assert_str_eq(p.err.text, "there is no job 7");
    ck_assert_int_eq(store_read_manifest(p.store, 8, &out, &p.err), -1);
    ck_assert_int_eq(p.err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(store_each_fleet(p.store, 9, NULL, NULL, &p.err), -1);
    ck_assert_int_eq(p.err.kind, ERR_NOT_FOUND);
    OK(&p, store_job_usage(p.store, 7, &sum, &p.err));
    ck_assert_int_eq(sum.job_count, 0);
    ck_assert(sum.chip_seconds <= 0 && sum.joules <= 0 && sum.usd <= 0);
    leave_place(&p);
}
END_TEST

START_TEST(ended_jobs_are_paged_from_the_newest)
{
    struct place p = make_place();

    for (int64_t id = 1; id <= 9; id++)
        put_job(&p, id, id % 3 == 0 ? 0 : 1000 - id, 0);
    for (int i = 0; i < 3; i++) { /* none archived, some, all */
        expect_ended(&p, 0, 100, "8 7 5 4 2 1 ");
        expect_ended(&p, 0, 2, "8 7 ");
        expect_ended(&p, 7, 2, "5 4 ");
        expect_ended(&p, 2, 2, "1 ");
        expect_ended(&p, 1, 2, "");
        ck_assert_int_eq(store_archive(p.store, 1000, 0, 3, &p.err), i < 2 ? 3 : 0);
    }
    leave_place(&p);
}
END_TEST

START_TEST(events_are_paged_and_filtered_also_across_the_archive)
{
    struct place p = make_place();

    put_job(&p, 1, 50, 0);
    put_job(&p, 2, 0, 0);
    add_event(&p, 1, -1, 10, "a");
    add_event(&p, 2, 0, 10, "b");
    add_event(&p, 0, -1, 10, "c");
    add_event(&p, 1, 1, 20, "d");
    add_event(&p, 2, 1, 20, "e");
    add_event(&p, 0, -1, 900, "f");
    for (int i = 0; i < 2; i++) {
        expect_events(&p, 0, -1, 0, 100, "1:a 2:b 3:c 4:d 5:e 6:f ");
        expect_events(&p, 0, -1, 2, 3, "3:c 4:d 5:e ");
        expect_events(&p, 0, 1, 0, 100, "4:d 5:e ");
        expect_events(&p, 1, -1, 0, 100, "1:a 4:d ");
        expect_events(&p, 1, -1, 1, 100, "4:d ");
        expect_events(&p, 2, 1, 0, 100, "5:e ");
        expect_events(&p, 3, -1, 0, 100, "");
        (void)store_archive(p.store, 100, 0, 10, &p.err);
    }
    /* Ids go on after those of the archive. */
    open_again(&p);
    add_event(&p, 0, -1, 901, "g");
    expect_events(&p, 0, -1, 5, 100, "6:f 7:g ");
    leave_place(&p);
}
END_TEST

/* --- Usage */

static void put_usage(struct place *p, int64_t gang, const char *tenant, int64_t start_ms,
    int64_t end_ms, double chip_seconds)
{
    OK(p, store_put_usage(p->store,
              &(struct usage_row){.gang = gang,
                  .job = gang,
                  .attempt = 1,
                  .tenant = tenant,
                  .user = "u",
                  .system = "s",
                  .start_ms = start_ms,
                  .end_ms = end_ms,
                  .chip_seconds = chip_seconds,
                  .joules = chip_seconds * 2,
                  .usd = chip_seconds * 4},
              &p->err));
}

static int note_sum(void *context, const struct usage_sum *sum, struct err *err)
{
    (void)err;
    str_format(context, "%s:%lld:%g:%g:%g ", sum->key, (long long)sum->job_count, sum->chip_seconds,
        sum->joules, sum->usd);
    return 0;
}

static void expect_usage(
    struct place *p, enum usage_by by, int64_t from_ms, int64_t to_ms, const char *should)
{
    struct str is = {0};

    OK(p, store_sum_usage(p->store, by, from_ms, to_ms, note_sum, &is, &p->err));
    expect_text(&is, should);
}

START_TEST(usage_counts_in_proportion_to_the_part_within)
{
    struct place p = make_place();

    for (int64_t id = 1; id <= 4; id++)
        put_job(&p, id, 500, 0);
    put_usage(&p, 1, "a", 0, 100, 100);
    put_usage(&p, 2, "a", 50, 150, 200);
    put_usage(&p, 3, "b", 100, 300, 400);
    put_usage(&p, 4, "b", 120, 120, 8); /* an instant */
    for (int i = 0; i < 3; i++) {
        expect_usage(&p, USAGE_BY_TENANT, 0, 1000, "a:2:300:600:1200 b:2:408:816:1632 ");
        expect_usage(&p, USAGE_BY_TENANT, 0, 100, "a:2:200:400:800 ");
        expect_usage(&p, USAGE_BY_TENANT, 75, 120, "a:2:115:230:460 b:1:40:80:160 ");
        expect_usage(&p, USAGE_BY_TENANT, 120, 121, "a:1:2:4:8 b:2:10:20:40 ");
        expect_usage(&p, USAGE_BY_USER, 0, 1000, "u:4:708:1416:2832 ");
        expect_usage(&p, USAGE_BY_SYSTEM, 300, 1000, "");
        ck_assert_int_eq(store_archive(p.store, 1000, 0, 2, &p.err), i < 2 ? 2 : 0);
    }
    leave_place(&p);
}
END_TEST

/* --- Answers */

static int find_answer(struct place *p, int id, const char *user, const char *should)
{
    unsigned char request[16] = {(unsigned char)id};
    struct str out = {0};
    int got = store_find_answer(p->store, request, user, &out, &p->err);

    if (got == 1)
        ck_assert_str_eq(str_text(&out), should);
    str_fini(&out);
    return got;
}

static void put_answer(struct place *p, int id, const char *user, int64_t at_ms, const char *text)
{
    unsigned char request[16] = {(unsigned char)id};

    OK(p, store_put_answer(p->store, request, user, at_ms, text, strlen(text), &p->err));
}

START_TEST(an_answer_is_its_users_the_first_one_and_a_days)
{
    struct place p = make_place();

    put_answer(&p, 1, "ann", 1000, "first");
    put_answer(&p, 1, "ann", 1000, "second");
    put_answer(&p, 1, "bob", 2000, "bob's");
    put_answer(&p, 2, "ann", 2000, "");
    ck_assert_int_eq(find_answer(&p, 1, "ann", "first"), 1);
    ck_assert_int_eq(find_answer(&p, 1, "bob", "bob's"), 1);
    ck_assert_int_eq(find_answer(&p, 2, "ann", ""), 1);
    ck_assert_int_eq(find_answer(&p, 2, "bob", ""), 0);
    ck_assert_int_eq(find_answer(&p, 3, "ann", ""), 0);
    ck_assert_int_eq(store_archive(p.store, 0, 1000 + DAY_MS, 10, &p.err), 0);
    ck_assert_int_eq(find_answer(&p, 1, "ann", "first"), 1);
    ck_assert_int_eq(store_archive(p.store, 0, 1001 + DAY_MS, 10, &p.err), 0);
    ck_assert_int_eq(find_answer(&p, 1, "ann", "first"), 0);
    ck_assert_int_eq(find_answer(&p, 1, "bob", "bob's"), 1);
    leave_place(&p);
}
END_TEST

/* --- Archive */

static int count_gang(void *context, const struct gang_row *row, struct err *err)
{
    (void)row;
    (void)err;
    ++*(int *)context;
    return 0;
}

static int count_task(void *context, const struct task_row *row, struct err *err)
{
    (void)row;
    (void)err;
    ++*(int *)context;
    return 0;
}

/* A job with a gang, a task, usage and an event. */
static void put_whole_job(struct place *p, int64_t id, int64_t end_ms, int64_t manifest)
{
    put_job(p, id, end_ms, manifest);
    OK(p, store_put_gang(p->store, &(struct gang_row){.id = id, .job = id}, &p->err));
    OK(p, store_put_task(p->store, &(struct task_row){.gang = id, .attempt = 1}, &p->err));
    put_usage(p, id, "t", 0, 100, 10);
    add_event(p, id, -1, 10, "e");
}

/* How many rows belong to the job: gangs, tasks, usage. */
static int count_rows(struct place *p, int64_t job)
{
    struct usage_sum sum;
    int count = 0;

    OK(p, store_each_gang_of(p->store, job, count_gang, &count, &p->err));
    OK(p, store_each_task_of(p->store, job, 1, count_task, &count, &p->err));
    OK(p, store_job_usage(p->store, job, &sum, &p->err));
    return count + (int)sum.job_count;
}

START_TEST(what_ended_long_ago_moves_whole_to_the_archive)
{
    struct place p = make_place();
    struct str bytes = {0};
    int64_t manifests[2];

    OK(&p, store_add_manifest(p.store, "shared", 6, &manifests[0], &p.err));
    OK(&p, store_add_manifest(p.store, "own", 3, &manifests[1], &p.err));
    put_whole_job(&p, 1, 100, manifests[0]);
    put_whole_job(&p, 2, 200, manifests[0]);
    put_whole_job(&p, 3, 100, manifests[1]);
    put_whole_job(&p, 4, 0, 0);
    ck_assert_int_eq(store_archive(p.store, 200, 0, 10, &p.err), 2);
    ck_assert_int_eq(store_archive(p.store, 200, 0, 10, &p.err), 0);
    for (int64_t id = 1; id <= 4; id++)
        ck_assert_int_eq(count_rows(&p, id), 3);

    /* Without archive.db only what did not move is there. */
    store_close(p.store);
    p.store = NULL;
    remove_file(&p, "archive.db");
    open_again(&p);
    expect_ended(&p, 0, 10, "2 ");
    expect_events(&p, 0, -1, 0, 10, "2:e 4:e ");
    ck_assert_int_eq(count_rows(&p, 1), 0);
    ck_assert_int_eq(count_rows(&p, 2), 3);
    ck_assert_int_eq(count_rows(&p, 3), 0);
    ck_assert_int_eq(count_rows(&p, 4), 3);
    OK(&p, store_read_manifest(p.store, manifests[0], &bytes, &p.err));
    expect_text(&bytes, "shared");
    ck_assert_int_eq(store_read_manifest(p.store, manifests[1], &bytes, &p.err), -1);
    str_fini(&bytes);
    leave_place(&p);
}
END_TEST

/* --- Transactions and visitors */

START_TEST(a_rollback_takes_back_rows_and_ids)
{
    struct place p = make_place();
    int64_t id = 0;

    OK(&p, store_begin(p.store, &p.err));
    OK(&p, store_add_manifest(p.store, "x", 1, &id, &p.err));
    ck_assert_int_eq(id, 1);
    put_job(&p, 1, 5, id);
    add_event(&p, 1, -1, 1, "gone");
    store_rollback(p.store);
    expect_ended(&p, 0, 10, "");
    OK(&p, store_add_manifest(p.store, "x", 1, &id, &p.err));
    ck_assert_int_eq(id, 1);
    add_event(&p, 0, -1, 1, "kept");
    expect_events(&p, 0, -1, 0, 10, "1:kept ");
    leave_place(&p);
}
END_TEST

START_TEST(a_gang_without_its_job_is_refused_whole_at_the_commit)
{
    struct place p = make_place();

    OK(&p, store_begin(p.store, &p.err));
    OK(&p, store_put_gang(p.store, &(struct gang_row){.id = 1, .job = 1}, &p.err));
    put_job(&p, 1, 5, 0); /* after its gang: fine */
    OK(&p, store_commit(p.store, &p.err));
    OK(&p, store_begin(p.store, &p.err));
    put_job(&p, 2, 5, 0);
    OK(&p, store_put_gang(p.store, &(struct gang_row){.id = 30, .job = 3}, &p.err));
    ck_assert_int_eq(store_commit(p.store, &p.err), -1);
    ck_assert_int_eq(p.err.kind, ERR_INTERNAL);
    ck_assert(!store_is_full(p.store));
    expect_ended(&p, 0, 10, "1 ");
    OK(&p, store_begin(p.store, &p.err));
    put_job(&p, 2, 5, 0);
    OK(&p, store_commit(p.store, &p.err));
    expect_ended(&p, 0, 10, "2 1 ");
    leave_place(&p);
}
END_TEST

START_TEST(after_a_failed_write_nothing_of_the_transaction_is_kept)
{
    struct place p = make_place();
    struct limit_row bad = {.place = "site", .kw = NAN};

    for (int i = 0; i < 2; i++) {
        OK(&p, store_begin(p.store, &p.err));
        put_job(&p, 1, 5, 0);
        ck_assert_int_eq(
            store_put_usage(p.store, &(struct usage_row){.job = 1, .usd = bad.kw}, &p.err), -1);
        ck_assert_int_eq(store_put_job(p.store, &(struct job_row){.id = 2}, &p.err), -1);
        ck_assert_int_eq(p.err.kind, ERR_STATE);
        if (i == 0)
            ck_assert_int_eq(store_commit(p.store, &p.err), -1);
        else
            store_rollback(p.store);
        expect_ended(&p, 0, 10, "");
    }
    leave_place(&p);
}
END_TEST

static int refuse_second(void *context, const struct job_row *row, struct err *err)
{
    str_format(context, "%lld ", (long long)row->id);
    return row->id == 2 ? err_set(err, ERR_LIMIT, "enough") : 0;
}

struct nest {
    struct store *store;
    int rc;
};

static int walk_again(void *context, const struct job_row *row, struct err *err)
{
    struct nest *nest = context;
    struct str out = {0};

    (void)row;
    nest->rc = store_each_live_job(nest->store, note_job, &out, err);
    str_fini(&out);
    return 0;
}

START_TEST(a_visitor_can_end_the_walk_but_not_begin_it_again)
{
    struct place p = make_place();
    struct nest nest = {.store = p.store};
    struct str seen = {0};

    for (int64_t id = 1; id <= 3; id++)
        put_job(&p, id, 0, 0);
    ck_assert_int_eq(store_each_live_job(p.store, refuse_second, &seen, &p.err), -1);
    ck_assert_str_eq(p.err.text, "enough");
    expect_text(&seen, "1 2 ");
    OK(&p, store_each_live_job(p.store, walk_again, &nest, &p.err));
    ck_assert_int_eq(nest.rc, -1);
    ck_assert_int_eq(p.err.kind, ERR_INTERNAL);
    leave_place(&p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store");
    TCase *rows = tcase_create("rows");
    TCase *transactions = tcase_create("transactions");

    tcase_add_test(rows, a_new_store_has_a_cluster_of_its_own);
    tcase_add_test(rows, a_folder_is_made_and_only_its_owner_can_read_it);
    tcase_add_test(rows, extreme_numbers_and_missing_texts_come_back);
    tcase_add_test(rows, what_is_not_there_is_not_found);
    tcase_add_test(rows, ended_jobs_are_paged_from_the_newest);
    tcase_add_test(rows, events_are_paged_and_filtered_also_across_the_archive);
    tcase_add_test(rows, usage_counts_in_proportion_to_the_part_within);
    tcase_add_test(rows, an_answer_is_its_users_the_first_one_and_a_days);
    tcase_add_test(rows, what_ended_long_ago_moves_whole_to_the_archive);
    tcase_add_test(transactions, a_rollback_takes_back_rows_and_ids);
    tcase_add_test(transactions, a_gang_without_its_job_is_refused_whole_at_the_commit);
    tcase_add_test(transactions, after_a_failed_write_nothing_of_the_transaction_is_kept);
    tcase_add_test(transactions, a_visitor_can_end_the_walk_but_not_begin_it_again);
    suite_add_tcase(s, rows);
    suite_add_tcase(s, transactions);
    return s;
}
