/* What the world does to a store: full and broken disks, damaged, foreign and newer files, a second
 * scheduler, folders that can't be written. */
#include "scheduler/store.h"
#include "scheduler/store_place.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/bad_disk.h"
#include "tests/support/store_model.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TURNS = 25,
    FAULT_TESTS = 24, /* test i: the faults begin with write 1 + i, + 24, … */
    FAULTS_MAX = 400,
    TURN_TRIES_MAX = 100,
    FLIP_TESTS = 40,
    FILE_BYTES_MAX = 8 << 20,
    NOBODY = 65534,
    USER_VERSION_AT = 60, /* of a database's header, 4 bytes each, the highest first */
    APPLICATION_ID_AT = 68
};

static const char *const FILES[] = {"state.db", "state.db-wal", "archive.db", "archive.db-wal"};

static struct store *open_store(const char *folder)
{
    struct err err = {0};
    struct store *store = store_open(folder, &err);

    ck_assert_msg(store != NULL, "%s", err.text);
    return store;
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

/* A turn in a transaction; on failure the model is as before. */
static int try_turn(struct store *store, struct store_model *model, struct err *err)
{
    struct store_model before = *model;

    if (store_begin(store, err) != 0)
        return -1;
    if (store_model_turn(model, store, err) == 0 && store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    *model = before;
    return -1;
}

static void make_turns(struct store *store, struct store_model *model, int count)
{
    struct err err = {0};

    for (int i = 0; i < count; i++)
        ck_assert_msg(try_turn(store, model, &err) == 0, "%s", err.text);
}

/* A closed store with some turns in it, part of it archived. */
static char *make_folder(struct store_model *model)
{
    char *folder = tempdir_create();
    struct store *store = open_store(folder);
    struct err err = {0};

    *model = store_model_make(3);
    make_turns(store, model, 4 * TURNS);
    ck_assert_int_gt(store_archive(store, INT64_MAX, 0, 5, &err), 0);
    store_close(store);
    return folder;
}

/* All files of the store as they are, one after another; gives bytes to str_fini. */
static struct str snapshot(const char *folder)
{
    struct str all = {0};

    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        char *path = tempdir_path(folder, FILES[i]);
        struct err err = {0};
        char *bytes;
        size_t count;

        if (file_read(path, FILE_BYTES_MAX, &bytes, &count, &err) == 0) {
            if (count > 0) /* an empty log is as good as none */
                str_format(&all, "%s %zu:", FILES[i], count);
            str_add_bytes(&all, bytes, count);
            mem_free(bytes);
        }
        mem_free(path);
    }
    return all;
}

/* It is not opened, for this reason, and all files stay as they are. */
static void expect_refused(const char *folder, enum err_kind kind, const char *reason)
{
    struct str before = snapshot(folder);
    struct str after;
    struct err err = {0};
    struct store *store = store_open(folder, &err);

    ck_assert_msg(store == NULL, "it was opened; it should be refused: %s", reason);
    ck_assert_int_eq(err.kind, kind);
    ck_assert_msg(strstr(err.text, reason) != NULL, "\"%s\" does not say \"%s\"", err.text, reason);
    after = snapshot(folder);
    ck_assert_uint_eq(before.length, after.length);
    ck_assert_int_eq(memcmp(before.text, after.text, after.length), 0);
    str_fini(&before);
    str_fini(&after);
}

static void patch(const char *folder, const char *name, off_t at, const void *bytes, size_t count)
{
    char *path = tempdir_path(folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, count, at), (ssize_t)count);
    ck_assert_int_eq(close(fd), 0);
    mem_free(path);
}

static off_t size_of(const char *folder, const char *name)
{
    char *path = tempdir_path(folder, name);
    struct stat info;
    off_t size = stat(path, &info) == 0 ? info.st_size : -1;

    mem_free(path);
    return size;
}

static void remove_file(const char *folder, const char *name)
{
    char *path = tempdir_path(folder, name);

    ck_assert_int_eq(unlink(path), 0);
    mem_free(path);
}

/* --- Disks that fail */

static const struct {
    enum bad_disk_way way;
    const char *says;
} WAYS[] = {{BAD_DISK_FULL, "the disk is full"}, {BAD_DISK_BROKEN, "Input/output error"}};

/* Turns and moves to the archive while `count` writes from the first on fail; all that fails is
 * taken back whole and done again. Returns how many writes there were. */
static int work_through_faults(const char *folder, int way, int first, int count)
{
    struct store_model model = store_model_make(9);
    struct store *store = open_store(folder);
    struct err err = {0};
    int writes;

    bad_disk_set(folder, WAYS[way].way, first, count);
    for (int i = 0; i < TURNS; i++) {
        int tries = 0;

        while (try_turn(store, &model, &err) != 0) {
            ck_assert_int_lt(++tries, TURN_TRIES_MAX);
            ck_assert_int_eq(err.kind, ERR_IO);
            ck_assert_msg(strstr(err.text, WAYS[way].says) != NULL, "%s", err.text);
            ck_assert_int_eq(store_is_full(store), WAYS[way].way == BAD_DISK_FULL);
            check_same(store, &model, "after a turn that failed");
        }
        if (i % 4 == 3 && store_archive(store, INT64_MAX, 0, 2, &err) < 0) {
            ck_assert_int_eq(err.kind, ERR_IO);
            check_same(store, &model, "after a move that failed");
        }
    }
    writes = bad_disk_clear();
    check_same(store, &model, "at the end");
    while (store_archive(store, INT64_MAX, 0, 2, &err) > 0)
        ;
    store_close(store);
    store = open_store(folder);
    check_same(store, &model, "opened again");
    store_close(store);
    return writes;
}

static void try_faults(int way, int test)
{
    int first = 1 + test;
    int writes;

    do {
        char *folder = tempdir_create();

        writes = work_through_faults(folder, way, first, 1 + first % 7);
        tempdir_remove(folder);
        first += FAULT_TESTS;
    } while (first < writes && first < FAULTS_MAX);
    ck_assert_int_gt(writes, 100);
}

START_TEST(a_full_disk_at_any_write_loses_nothing_and_work_goes_on_after_it)
{
    try_faults(0, _i);
}
END_TEST

START_TEST(a_broken_disk_at_any_write_loses_nothing)
{
    try_faults(1, _i);
}
END_TEST

/* A limit on the size of files acts as a full disk does, without one. */
START_TEST(a_limit_on_the_size_of_files_is_a_full_disk)
{
    struct rlimit small = {65536, RLIM_INFINITY};
    struct rlimit large = {RLIM_INFINITY, RLIM_INFINITY};
    struct store_model model = store_model_make(4);
    char *folder = tempdir_create();
    struct store *store = open_store(folder);
    struct err err = {0};
    int count = 0;

    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (try_turn(store, &model, &err) == 0)
        ck_assert_int_lt(++count, 1000);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert(store_is_full(store));
    check_same(store, &model, "full");
    ck_assert_int_eq(try_turn(store, &model, &err), -1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &large), 0);
    make_turns(store, &model, TURNS);
    check_same(store, &model, "with room");
    store_close(store);
    tempdir_remove(folder);
}
END_TEST

/* Takes all the room that is left; gives it back by its removal. */
static void fill(const char *folder)
{
    static const char BLOCK[4096] = {1};
    char *path = tempdir_path(folder, "filler");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    while (write(fd, BLOCK, sizeof BLOCK) > 0)
        ;
    ck_assert_int_eq(close(fd), 0);
    mem_free(path);
}

START_TEST(a_file_system_that_is_full_loses_nothing)
{
    struct store_model model = store_model_make(5);
    char *folder = tempdir_create();
    struct err err = {0};
    struct store *store;
    int count = 0;

    if (mount("none", folder, "tmpfs", 0, "size=4m") != 0) {
        puts("NOTE: a small tmpfs can't be mounted here; a limit on the size of files stands in "
             "for a full disk");
        tempdir_remove(folder);
        return;
    }
    store = open_store(folder);
    make_turns(store, &model, TURNS);
    fill(folder);
    while (try_turn(store, &model, &err) == 0)
        ck_assert_int_lt(++count, 10000);
    ck_assert_msg(strstr(err.text, "the disk is full; make room") != NULL, "%s", err.text);
    ck_assert(store_is_full(store));
    check_same(store, &model, "full");
    remove_file(folder, "filler");
    make_turns(store, &model, TURNS);
    store_close(store);

    fill(folder); /* with nothing open: what is there can be refused, not harmed */
    store = store_open(folder, &err);
    if (store == NULL)
        ck_assert_int_eq(err.kind, ERR_IO);
    else
        check_same(store, &model, "opened on a full disk");
    store_close(store);
    remove_file(folder, "filler");
    store = open_store(folder);
    check_same(store, &model, "opened again");
    store_close(store);
    ck_assert_int_eq(umount(folder), 0);
    tempdir_remove(folder);
}
END_TEST

/* --- Folders that can't be written */

/* Root may write everywhere but where the file system itself is read-only. */
static bool mount_read_only(const char *folder)
{
    if (mount(folder, folder, NULL, MS_BIND, NULL) != 0)
        return false;
    if (mount(NULL, folder, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0)
        return true;
    ck_assert_int_eq(umount(folder), 0);
    return false;
}

START_TEST(a_folder_on_a_read_only_file_system_is_refused)
{
    struct store_model model;
    char *folder = make_folder(&model);

    if (!mount_read_only(folder)) {
        puts("NOTE: a read-only folder can't be mounted here; only its mode is tested");
        tempdir_remove(folder);
        return;
    }
    expect_refused(folder, ERR_IO, "can't be written; allow it");
    ck_assert_int_eq(umount(folder), 0);
    tempdir_remove(folder);
}
END_TEST

/* The other who is refused: root itself may write whatever the mode is. */
START_TEST(a_folder_that_may_not_be_written_is_refused)
{
    struct store_model model;
    char *folder = make_folder(&model);
    uid_t other = geteuid() == 0 ? NOBODY : geteuid();

    ck_assert_int_eq(chmod(folder, 0555), 0);
    if (geteuid() == 0)
        for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
            char *path = tempdir_path(folder, FILES[i]);

            ck_assert(access(path, F_OK) != 0 || chmod(path, 0444) == 0);
            mem_free(path);
        }
    ck_assert_int_eq(seteuid(other), 0);
    expect_refused(folder, ERR_IO, "can't be");
    ck_assert_int_eq(seteuid(getuid()), 0);
    ck_assert_int_eq(chmod(folder, 0700), 0);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_place_that_is_no_folder_is_refused)
{
    char *folder = tempdir_create();
    char *file = tempdir_write_text(folder, "file", "x");
    char *deep = tempdir_path(folder, "a/b");
    struct err err = {0};

    ck_assert_ptr_null(store_open(file, &err));
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_msg(strstr(err.text, "is not a folder") != NULL, "%s", err.text);
    ck_assert_ptr_null(store_open(deep, &err));
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_msg(strstr(err.text, "can't be made: No such file") != NULL, "%s", err.text);
    mem_free(deep);
    mem_free(file);
    tempdir_remove(folder);
}
END_TEST

START_TEST(network_file_systems_are_known)
{
    static const struct {
        unsigned long magic;
        const char *type, *name;
    } ROWS[] = {{0x6969, "nfs4", "NFS"}, {0xff534d42, "cifs", "SMB (CIFS)"},
        {~0xacb2bdUL, "cifs", "SMB (CIFS)"}, /* as a signed 32-bit field gives it */
        {0x01021997, "9p", "9P"}, {0x00c36400, "ceph", "Ceph"}, {0x0bd00bd0, "lustre", "Lustre"},
        {0x65735546, "fuse.sshfs", "FUSE"}, {0x65735546, "virtiofs", "FUSE"},
        {0x65735546, "", "FUSE"}, {0x65735546, "fuseblk", NULL},
        {0x65735546, "fuse.fuse-overlayfs", NULL}, {0xef53, "ext4", NULL},
        {0x01021994, "tmpfs", NULL}, {0x58465342, "xfs", NULL}, {0x9123683e, "btrfs", NULL},
        {0x794c7630, "overlay", NULL}};

    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        ck_assert_msg(str_equal(store_place_network(ROWS[i].magic, ROWS[i].type), ROWS[i].name),
            "row %zu", i);
}
END_TEST

/* --- Files that are not as they should be */

START_TEST(a_file_that_is_no_database_is_refused)
{
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i += 2) {
        struct store_model model;
        char *folder = make_folder(&model);
        char text[8192];

        memset(text, 'x', sizeof text);
        mem_free(tempdir_write(folder, FILES[i], text, sizeof text));
        expect_refused(folder, ERR_STATE, "is damaged (file is not a database)");
        expect_refused(folder, ERR_STATE,
            i == 0 ? "start with --after-restore" : "move archive.db (and archive.db-wal) away");
        tempdir_remove(folder);
    }
}
END_TEST

START_TEST(newer_and_foreign_databases_are_refused)
{
    static const struct {
        off_t at;
        const char *bytes, *says;
    } ROWS[] = {
        {USER_VERSION_AT, "\0\0\0\143", "written by a newer wattyard (its version is 99"},
        {USER_VERSION_AT, "\0\0\0\0", "is damaged (it has no tables)"},
        {USER_VERSION_AT, "\377\377\377\377", "is damaged (it has no tables)"},
        {APPLICATION_ID_AT, "\0\0\0\0", "is a database of another program"},
        {APPLICATION_ID_AT, "abcd", "is a database of another program"},
    };

    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i += 2)
        for (size_t k = 0; k < sizeof ROWS / sizeof ROWS[0]; k++) {
            struct store_model model;
            char *folder = make_folder(&model);

            patch(folder, FILES[i], ROWS[k].at, ROWS[k].bytes, 4);
            expect_refused(folder, ERR_STATE, ROWS[k].says);
            expect_refused(folder, ERR_STATE, FILES[i]);
            tempdir_remove(folder);
        }
}
END_TEST

START_TEST(a_file_cut_short_is_refused)
{
    static const int KEEP_PERCENT[] = {99, 90, 50, 20, 5, 1};

    for (size_t i = 0; i < sizeof KEEP_PERCENT / sizeof KEEP_PERCENT[0]; i++) {
        struct store_model model;
        char *folder = make_folder(&model);
        char *path = tempdir_path(folder, "state.db");

        ck_assert_int_eq(truncate(path, size_of(folder, "state.db") * KEEP_PERCENT[i] / 100), 0);
        expect_refused(folder, ERR_STATE, "state.db is damaged");
        mem_free(path);
        tempdir_remove(folder);
    }
}
END_TEST

START_TEST(a_lost_state_beside_its_archive_is_no_first_start)
{
    struct store_model model;
    char *folder = make_folder(&model);
    char *other = make_folder(&model);
    char *path = tempdir_path(folder, "state.db");
    char *other_path = tempdir_path(other, "state.db");

    ck_assert_int_eq(truncate(path, 0), 0);
    expect_refused(folder, ERR_STATE, "state.db is missing or empty, but archive.db is there");
    ck_assert_int_eq(unlink(path), 0);
    expect_refused(folder, ERR_STATE, "Put back a backup");
    ck_assert_int_eq(rename(other_path, path), 0);
    expect_refused(folder, ERR_STATE, "archive.db is of another cluster than state.db");
    remove_file(folder, "archive.db");
    store_close(open_store(folder));
    mem_free(other_path);
    mem_free(path);
    tempdir_remove(other);
    tempdir_remove(folder);
}
END_TEST

/* Bits that are not as they were: refused and left alone, or opened and read to the end, rightly or
 * with an error; never a crash. */
START_TEST(flipped_bits_are_refused_or_survived)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct store_model model;
    char *folder = make_folder(&model);
    const char *name = FILES[rng_between(&rng, 0, 3) == 0 ? 2 : 0];
    off_t size = size_of(folder, name);
    struct err err = {0};
    struct str before;
    struct str after;
    struct store *store;

    for (int i = 0; i < 1 + _i / 4; i++) {
        unsigned char byte = (unsigned char)rng_next(&rng);
        /* every other one in the header and the schema's page */
        off_t at = rng_between(&rng, 0, i % 2 == 0 ? size - 1 : 4095);

        patch(folder, name, at, &byte, 1);
    }
    before = snapshot(folder);
    store = store_open(folder, &err);
    if (store == NULL) {
        ck_assert_int_eq(err.kind, ERR_STATE);
        after = snapshot(folder);
        ck_assert_uint_eq(before.length, after.length);
        ck_assert_int_eq(memcmp(before.text, after.text, after.length), 0);
        str_fini(&after);
    } else {
        char *text = store_model_read(store, &err);

        ck_assert_msg(text != NULL || err.kind == ERR_STATE || err.kind == ERR_NOT_FOUND, "%d: %s",
            err.kind, err.text);
        mem_free(text);
        store_close(store);
    }
    str_fini(&before);
    tempdir_remove(folder);
}
END_TEST

/* --- One at a time */

START_TEST(a_second_scheduler_on_one_folder_is_refused)
{
    struct store_model model;
    char *folder = make_folder(&model);
    struct store *store = open_store(folder);
    char says[64];
    int status;
    pid_t pid;

    (void)snprintf(says, sizeof says, "in use by another scheduler, process %ld;", (long)getpid());
    expect_refused(folder, ERR_STATE, says);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct err err = {0};

        _exit(store_open(folder, &err) == NULL && strstr(err.text, says) != NULL ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    make_turns(store, &model, TURNS); /* the first is unharmed */
    store_close(store);
    store = open_store(folder);
    check_same(store, &model, "opened again");
    store_close(store);
    tempdir_remove(folder);
}
END_TEST

/* Holds a database as another program that reads it does, until killed. */
static void hold_file(const char *path, int ready)
{
    struct flock lock = {.l_type = F_RDLCK, .l_start = 0x40000002, .l_len = 510};
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && write(ready, "x", 1) == 1)
        (void)pause();
    _exit(1);
}

START_TEST(a_database_that_another_program_reads_is_refused)
{
    struct store_model model;
    char *folder = make_folder(&model);
    char *path = tempdir_path(folder, "state.db");
    struct store *store;
    int ready[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        hold_file(path, ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    expect_refused(folder, ERR_STATE, "state.db is open in another process");
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    store = open_store(folder);
    check_same(store, &model, "when the other is gone");
    store_close(store);
    (void)close(ready[0]);
    (void)close(ready[1]);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store_faults");
    TCase *disks = tcase_create("disks");
    TCase *folders = tcase_create("folders");
    TCase *files = tcase_create("files");

    tcase_add_loop_test(
        disks, a_full_disk_at_any_write_loses_nothing_and_work_goes_on_after_it, 0, FAULT_TESTS);
    tcase_add_loop_test(disks, a_broken_disk_at_any_write_loses_nothing, 0, FAULT_TESTS);
    tcase_add_test(disks, a_limit_on_the_size_of_files_is_a_full_disk);
    tcase_add_test(disks, a_file_system_that_is_full_loses_nothing);
    tcase_add_test(folders, a_folder_on_a_read_only_file_system_is_refused);
    tcase_add_test(folders, a_folder_that_may_not_be_written_is_refused);
    tcase_add_test(folders, a_place_that_is_no_folder_is_refused);
    tcase_add_test(folders, network_file_systems_are_known);
    tcase_add_test(folders, a_second_scheduler_on_one_folder_is_refused);
    tcase_add_test(folders, a_database_that_another_program_reads_is_refused);
    tcase_add_test(files, a_file_that_is_no_database_is_refused);
    tcase_add_test(files, newer_and_foreign_databases_are_refused);
    tcase_add_test(files, a_file_cut_short_is_refused);
    tcase_add_test(files, a_lost_state_beside_its_archive_is_no_first_start);
    tcase_add_loop_test(files, flipped_bits_are_refused_or_survived, 0, FLIP_TESTS);
    suite_add_tcase(s, disks);
    suite_add_tcase(s, folders);
    suite_add_tcase(s, files);
    return s;
}
