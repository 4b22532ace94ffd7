/* The main of a fuzz target without a fuzzer: runs it on each file that it is given, and on the
 * files of each folder. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

enum { INPUT_BYTES_MAX = 1 << 24 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    struct err err = {0};
    char *bytes = NULL;
    size_t count = 0;

    if (file_read(path, INPUT_BYTES_MAX, &bytes, &count, &err) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, err.text);
        return -1;
    }
    (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes, count);
    mem_free(bytes);
    return 0;
}

static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    int rc = 0;

    if (folder == NULL) {
        perror(path);
        return -1;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        struct str file = {0};

        if (entry->d_name[0] == '.')
            continue;
        str_format(&file, "%s/%s", path, entry->d_name);
        if (run_file(str_text(&file)) != 0)
            rc = -1;
        str_fini(&file);
    }
    (void)closedir(folder);
    return rc;
}

int main(int argc, char **argv)
{
    int status = 0;

    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        struct stat info;
        bool is_folder = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);

        if ((is_folder ? run_folder(argv[i]) : run_file(argv[i])) != 0)
            status = 1;
    }
    return status;
}
