/* Random turns against a model: reopened, rolled back, archived and killed at random moments. */
#include "scheduler/store.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/support/bad_disk.h"
#include "tests/support/store_model.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TURNS = 200,
    SEEDS = 12,
    KILL_SEEDS = 10,
    KILLS_A_SEED = 10,
    KILL_US_MAX = 40000,
    KILLED_TURNS = 24, /* killed at each of its writes */
    KILLED_STEP = 6    /* test i: at writes i, i + 6, … */
};

/* Archives whatever has ended and drops no answer. */
static int archive_some(struct store *store, int max, struct err *err)
{
    return store_archive(store, INT64_MAX, 0, max, err);
}

static void check_same(struct store *store, const struct store_model *model, const char *when)
{
    struct err err = {0};
    char *is = store_model_read(store, &err);
    char *should = store_model_text(model);

    ck_assert_msg(is != NULL, "%s: %s", when, err.text);
    ck_assert_msg(
        strcmp(is, should) == 0, "%s: the store has\n%s\nand should have\n%s", when, is, should);
    mem_free(is);
    mem_free(should);
}

static struct store *open_store(const char *folder)
{
    struct err err = {0};
    struct store *store = store_open(folder, &err);

    ck_assert_msg(store != NULL, "%s", err.text);
    return store;
}

/* One turn in a transaction, thrown away at times. */
static void turn_once(struct store *store, struct store_model *model, struct rng *rng)
{
    struct store_model before = *model;
    struct err err = {0};

    ck_assert_msg(store_begin(store, &err) == 0, "%s", err.text);
    ck_assert_msg(store_model_turn(model, store, &err) == 0, "%s", err.text);
    if (rng_between(rng, 0, 5) == 0) {
        store_rollback(store);
        *model = before;
        model->rng = rng_seed(rng_next(rng));
    } else {
        ck_assert_msg(store_commit(store, &err) == 0, "%s", err.text);
    }
}

START_TEST(random_turns_leave_what_the_model_has)
{
    struct rng rng = rng_seed((uint64_t)_i + 1000);
    struct store_model model = store_model_make((uint64_t)_i);
    char *folder = tempdir_create();
    struct store *store = open_store(folder);
    struct err err = {0};

    for (int i = 0; i < TURNS; i++) {
        turn_once(store, &model, &rng);
        if (rng_between(&rng, 0, 15) == 0) {
            store_close(store);
            store = open_store(folder);
        }
        if (rng_between(&rng, 0, 9) == 0)
            ck_assert_msg(archive_some(store, 2, &err) >= 0, "%s", err.text);
        if (i % 10 == 0)
            check_same(store, &model, "on the way");
    }
    check_same(store, &model, "at the end");
    while (archive_some(store, 3, &err) > 0)
        ;
    check_same(store, &model, "all archived");
    store_close(store);
    store = open_store(folder);
    check_same(store, &model, "opened again");
    store_close(store);
    tempdir_remove(folder);
}
END_TEST

/* --- Killed writers */

/* Make turns until killed or done, telling how many were committed. */
static void write_turns(const char *folder, struct store_model *model, int count,
    volatile uint64_t *committed, bool archives)
{
    struct err err = {0};
    struct store *store = store_open(folder, &err);

    if (store == NULL)
        _exit(3);
    for (int i = 0; i < count; i++) {
        if (store_begin(store, &err) != 0 || store_model_turn(model, store, &err) != 0 ||
            store_commit(store, &err) != 0)
            _exit(4);
        *committed = model->cluster.epoch;
        if (archives && i % 5 == 4 && archive_some(store, 2, &err) < 0)
            _exit(5);
    }
    store_close(store);
    _exit(EXIT_SUCCESS);
}

/* Bring the model to where the store is, which is at `committed` turns or one more, and compare. */
static void follow(const char *folder, struct store_model *model, uint64_t committed)
{
    struct store *store = open_store(folder);
    struct cluster_row row;
    struct err err = {0};

    ck_assert_msg(store_read_cluster(store, &row, &err) == 0, "%s", err.text);
    ck_assert_uint_ge(row.epoch, committed);
    ck_assert_uint_le(row.epoch, committed + 1);
    while (model->cluster.epoch < row.epoch)
        ck_assert_int_eq(store_model_turn(model, NULL, &err), 0);
    check_same(store, model, "after the kill");
    store_close(store);
}

static volatile uint64_t *share_number(void)
{
    void *memory = mmap(
        NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

static void unshare_number(volatile uint64_t *number)
{
    ck_assert_int_eq(munmap((void *)(uintptr_t)number, sizeof *number), 0);
}

START_TEST(what_was_committed_before_a_kill_is_there_and_nothing_half)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct store_model model = store_model_make((uint64_t)_i + 500);
    volatile uint64_t *committed = share_number();
    char *folder = tempdir_create();

    for (int i = 0; i < KILLS_A_SEED; i++) {
        int status;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            write_turns(folder, &model, INT32_MAX, committed, true);
        (void)usleep((unsigned int)rng_between(&rng, 0, KILL_US_MAX));
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFSIGNALED(status), "the writer ended by itself: %d", WEXITSTATUS(status));
        follow(folder, &model, *committed);
        *committed = model.cluster.epoch;
    }
    tempdir_remove(folder);
    unshare_number(committed);
}
END_TEST

/* A process killed in its n-th write, which is then half done. Returns false when it had no more.
 */
static bool kill_at_write(int n, volatile uint64_t *committed)
{
    struct store_model model = store_model_make(77);
    char *folder = tempdir_create();
    int status;
    pid_t pid;

    *committed = 0;
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        bad_disk_set(folder, BAD_DISK_KILL, n, 1);
        write_turns(folder, &model, KILLED_TURNS, committed, true);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "the writer failed: %d",
        WEXITSTATUS(status));
    follow(folder, &model, *committed);
    tempdir_remove(folder);
    return WIFSIGNALED(status);
}

START_TEST(a_kill_at_any_write_leaves_whole_turns)
{
    volatile uint64_t *committed = share_number();
    int n = _i + 1;

    while (kill_at_write(n, committed))
        n += KILLED_STEP;
    ck_assert_int_gt(n, 100);
    unshare_number(committed);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store_random");
    TCase *random = tcase_create("random");
    TCase *killed = tcase_create("killed");

    tcase_add_loop_test(random, random_turns_leave_what_the_model_has, 0, SEEDS);
    tcase_add_loop_test(
        killed, what_was_committed_before_a_kill_is_there_and_nothing_half, 0, KILL_SEEDS);
    tcase_add_loop_test(killed, a_kill_at_any_write_leaves_whole_turns, 0, KILLED_STEP);
    suite_add_tcase(s, random);
    suite_add_tcase(s, killed);
    return s;
}
