#include "base/file.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <dirent.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MAX_BYTES = 1000 };

/* Reading fails with that text, and leaves its outputs alone. */
static void check_refused(const char *path, enum err_kind kind, const char *expected)
{
    char untouched[] = "untouched";
    char *bytes = untouched;
    size_t count = 77;
    struct err err = {0};

    ck_assert_int_eq(file_read(path, MAX_BYTES, &bytes, &count, &err), -1);
    ck_assert_int_eq(err.kind, kind);
    ck_assert_str_eq(err.text, expected);
    ck_assert_ptr_eq(bytes, untouched);
    ck_assert_uint_eq(count, 77);
}

static void check_content(const char *path, const char *expected, size_t expected_count)
{
    char *bytes = NULL;
    size_t count = 0;
    struct err err = {0};

    ck_assert_msg(file_read(path, MAX_BYTES, &bytes, &count, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(count, expected_count);
    ck_assert_mem_eq(bytes, expected, expected_count);
    ck_assert_int_eq(bytes[count], '\0');
    mem_free(bytes);
}

START_TEST(a_file_is_read_whole_with_a_nul_behind_it)
{
    char *folder = tempdir_create();
    char *path = tempdir_write(folder, "a", "one\0two\n", 8);

    check_content(path, "one\0two\n", 8);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(an_empty_file_is_no_bytes)
{
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "a", "");

    check_content(path, "", 0);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_file_may_be_as_large_as_the_limit_and_no_larger)
{
    char *folder = tempdir_create();
    char bytes[MAX_BYTES + 1];
    char *path;

    memset(bytes, 'x', sizeof bytes);
    path = tempdir_write(folder, "at", bytes, MAX_BYTES);
    check_content(path, bytes, MAX_BYTES);
    mem_free(path);
    path = tempdir_write(folder, "over", bytes, MAX_BYTES + 1);
    check_refused(
        path, ERR_LIMIT, "is too large: 1,001 bytes, and at most 1,000 are read; split it");
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_large_sparse_file_costs_nothing)
{
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "a", "");

    ck_assert_int_eq(truncate(path, (off_t)200 << 20), 0);
    check_refused(
        path, ERR_LIMIT, "is too large: 209,715,200 bytes, and at most 1,000 are read; split it");
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_link_is_followed)
{
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "a", "text");
    char *link_path = tempdir_path(folder, "link");

    ck_assert_int_eq(symlink("a", link_path), 0);
    check_content(link_path, "text", 4);
    mem_free(link_path);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "none");
    char *under = tempdir_write_text(folder, "file", "x");
    char *below = tempdir_path(folder, "file/x");

    check_refused(path, ERR_IO, "can't be read: No such file or directory; check the path");
    check_refused(below, ERR_IO, "can't be read: Not a directory; check the path");
    check_refused(folder, ERR_IO, "is a folder; give a file");
    check_refused("/dev/zero", ERR_IO, "is not a regular file; give a file on disk");
    check_refused("", ERR_IO, "can't be read: No such file or directory; check the path");
    mem_free(below);
    mem_free(under);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_pipe_without_a_writer_is_refused_at_once)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "pipe");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    check_refused(path, ERR_IO, "is not a regular file; give a file on disk");
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_file_without_permission_is_refused)
{
    char *folder = tempdir_create();
    static const char EXPECTED[] =
        "can't be read: Permission denied; allow it with chmod, or run as its owner";
    char *path = tempdir_write_text(folder, "a", "secret");

    ck_assert_int_eq(chmod(path, 0), 0);
    if (geteuid() == 0) { /* root may read it all the same: be somebody else */
        const struct passwd *nobody = getpwnam("nobody");

        ck_assert_ptr_nonnull(nobody);
        ck_assert_int_eq(seteuid(nobody->pw_uid), 0);
        check_refused(path, ERR_IO, EXPECTED);
        ck_assert_int_eq(seteuid(0), 0);
    } else {
        check_refused(path, ERR_IO, EXPECTED);
    }
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

static int count_entries(const char *folder)
{
    DIR *list = opendir(folder);
    int count = 0;

    ck_assert_ptr_nonnull(list);
    while (readdir(list) != NULL)
        count++;
    ck_assert_int_eq(closedir(list), 0);
    return count - 2; /* . and .. */
}

START_TEST(a_file_is_written_and_replaced)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "a");
    struct err err = {0};
    struct stat info;

    ck_assert_msg(file_write(path, "one", 3, &err) == 0, "%s", err.text);
    check_content(path, "one", 3);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(file_write(path, "two\0!", 5, &err), 0);
    check_content(path, "two\0!", 5);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0640);
    ck_assert_int_eq(file_write(path, NULL, 0, &err), 0);
    check_content(path, "", 0);
    ck_assert_int_eq(count_entries(folder), 1); /* nothing is left beside it */
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_new_file_gets_the_permissions_that_the_umask_leaves)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "a");
    mode_t old = umask(027);
    struct err err = {0};
    struct stat info;

    ck_assert_int_eq(file_write(path, "one", 3, &err), 0);
    (void)umask(old);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0640);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_link_keeps_its_target)
{
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "there/a", "old");
    char *link_path = tempdir_path(folder, "link");
    struct err err = {0};
    struct stat info;

    ck_assert_int_eq(symlink("there/a", link_path), 0);
    ck_assert_int_eq(file_write(link_path, "new", 3, &err), 0);
    check_content(path, "new", 3);
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    mem_free(link_path);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_device_stays_a_device)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "null");
    struct err err = {0};
    struct stat info;

    if (mknod(path, S_IFCHR | 0666, makedev(1, 3)) != 0) { /* takes root */
        mem_free(path);
        path = mem_copy_text("/dev/null");
    }
    if (file_write(path, "one", 3, &err) != 0) /* a disk may be mounted without devices */
        ck_assert_msg(
            str_ends_with(err.text, "can't be written: Permission denied"), "%s", err.text);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert(S_ISCHR(info.st_mode));
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(what_can_not_be_written_is_told_with_its_path)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "none/a");
    struct str expected = {0};
    struct err err = {0};

    ck_assert_int_eq(file_write(path, "one", 3, &err), -1);
    str_format(&expected, "%s can't be written: No such file or directory", path);
    ck_assert_str_eq(err.text, str_text(&expected));
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_int_eq(file_write(folder, "one", 3, &err), -1);
    str_clear(&expected);
    str_format(&expected, "%s can't be written: Is a directory", folder);
    ck_assert_str_eq(err.text, str_text(&expected));
    str_fini(&expected);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_write_that_fails_leaves_the_old_content_and_nothing_beside)
{
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "a", "old");
    const struct rlimit tiny = {10, RLIM_INFINITY};
    struct rlimit before;
    char bytes[100] = {0};
    struct str expected = {0};
    struct err err = {0};
    int rc;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    rc = file_write(path, bytes, sizeof bytes, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(rc, -1);
    str_format(&expected, "%s can't be written: File too large", path);
    ck_assert_str_eq(err.text, str_text(&expected));
    check_content(path, "old", 3);
    ck_assert_int_eq(count_entries(folder), 1);
    str_fini(&expected);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_full_device_is_told)
{
    struct err err = {0};

    ck_assert_int_eq(file_write("/dev/full", "one", 3, &err), -1);
    ck_assert_str_eq(err.text, "/dev/full can't be written: No space left on device");
}
END_TEST

START_TEST(a_folder_is_made_once)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "new");
    char *file = tempdir_write_text(folder, "file", "x");
    struct str expected = {0};
    struct err err = {0};

    ck_assert_int_eq(file_make_folder(path, &err), 0);
    ck_assert_int_eq(file_make_folder(path, &err), 0);
    ck_assert_int_eq(file_make_folder(file, &err), -1);
    str_format(&expected, "folder %s can't be made: File exists", file);
    ck_assert_str_eq(err.text, str_text(&expected));
    str_fini(&expected);
    mem_free(file);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

struct beside_case {
    const char *path, *name, *expected;
};

static const struct beside_case BESIDE_CASES[] = {
    {"a.xml", "b.xml", "b.xml"},
    {"dir/a.xml", "b.xml", "dir/b.xml"},
    {"/dir/a.xml", "../b.xml", "/dir/../b.xml"},
    {"dir/a.xml", "/abs/b.xml", "/abs/b.xml"},
    {"/a.xml", "b.xml", "/b.xml"},
};

START_TEST(a_name_is_relative_to_the_folder_of_a_path)
{
    const struct beside_case *c = &BESIDE_CASES[_i];
    char *joined = file_beside(c->path, c->name);

    ck_assert_str_eq(joined, c->expected);
    mem_free(joined);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("base/file");
    TCase *tcase = tcase_create("file");

    tcase_set_timeout(tcase, 20);
    tcase_add_test(tcase, a_file_is_read_whole_with_a_nul_behind_it);
    tcase_add_test(tcase, an_empty_file_is_no_bytes);
    tcase_add_test(tcase, a_file_may_be_as_large_as_the_limit_and_no_larger);
    tcase_add_test(tcase, a_large_sparse_file_costs_nothing);
    tcase_add_test(tcase, a_link_is_followed);
    tcase_add_test(tcase, what_is_no_file_is_refused);
    tcase_add_test(tcase, a_pipe_without_a_writer_is_refused_at_once);
    tcase_add_test(tcase, a_file_without_permission_is_refused);
    tcase_add_test(tcase, a_file_is_written_and_replaced);
    tcase_add_test(tcase, a_new_file_gets_the_permissions_that_the_umask_leaves);
    tcase_add_test(tcase, a_link_keeps_its_target);
    tcase_add_test(tcase, a_device_stays_a_device);
    tcase_add_test(tcase, what_can_not_be_written_is_told_with_its_path);
    tcase_add_test(tcase, a_write_that_fails_leaves_the_old_content_and_nothing_beside);
    tcase_add_test(tcase, a_full_device_is_told);
    tcase_add_test(tcase, a_folder_is_made_once);
    tcase_add_loop_test(tcase, a_name_is_relative_to_the_folder_of_a_path, 0,
        (int)(sizeof BESIDE_CASES / sizeof *BESIDE_CASES));
    suite_add_tcase(suite, tcase);
    return suite;
}
