#include "tests/support/tempdir.h"

#include "base/mem.h"
#include "base/str.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS_MAX = 16 };

char *tempdir_create(void)
{
    const char *parent = getenv("TMPDIR");
    struct str path = {0};
    char *whole;

    if (parent == NULL || *parent == '\0') {
        parent = "build";
        (void)mkdir(parent, 0777);
    }
    str_format(&path, "%s/wattyard-test-XXXXXX", parent);
    ck_assert_msg(mkdtemp(path.text) != NULL, "no folder %s can be made", path.text);
    ck_assert_int_eq(chmod(path.text, 0755), 0);
    whole = realpath(path.text, NULL); /* tests start programs in other folders */
    ck_assert_ptr_nonnull(whole);
    str_clear(&path);
    str_add(&path, whole);
    free(whole);
    return path.text;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

void tempdir_remove(char *folder)
{
    if (folder == NULL)
        return;
    (void)nftw(folder, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    mem_free(folder);
}

char *tempdir_path(const char *folder, const char *name)
{
    struct str path = {0};

    str_format(&path, "%s/%s", folder, name);
    return path.text;
}

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
}

char *tempdir_write(const char *folder, const char *name, const char *bytes, size_t count)
{
    char *path = tempdir_path(folder, name);
    FILE *file;

    make_folders(path);
    file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s can't be written", path);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

char *tempdir_write_text(const char *folder, const char *name, const char *text)
{
    return tempdir_write(folder, name, text, strlen(text));
}
