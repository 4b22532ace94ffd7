#include "base/data_folder.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside an installed program, or above one that stands in its build folder. */
static const char *const DATA_FOLDERS[] = {"../share/wattyard", "../.."};

char *data_folder_find(void)
{
    const char *given = getenv("WATTYARD_DATA");
    char program[PATH_MAX];
    ssize_t length;

    if (given != NULL && given[0] != '\0')
        return mem_copy_text(given);
    length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return NULL;
    program[length] = '\0';
    for (size_t i = 0; i < sizeof DATA_FOLDERS / sizeof *DATA_FOLDERS; i++) {
        char *folder = file_beside(program, DATA_FOLDERS[i]);
        struct str catalog = {0};
        struct stat facts;
        bool is_there;

        str_format(&catalog, "%s/topologies/catalog.xml", folder);
        is_there = stat(str_text(&catalog), &facts) == 0;
        str_fini(&catalog);
        if (is_there)
            return folder;
        mem_free(folder);
    }
    return NULL;
}
