#include "planner/output_file.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct output_file {
    char *path;
    char *temporary; /* NULL: written directly */
    FILE *stream;
};

static void release(struct output_file *file)
{
    mem_free(file->path);
    mem_free(file->temporary);
    mem_free(file);
}

/* The same rights as a file made by open(…, 0666). */
static void give_usual_rights(int descriptor)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    (void)fchmod(descriptor, 0666 & ~mask);
}

static FILE *open_temporary(struct output_file *file)
{
    struct str name = {0};
    int descriptor;
    FILE *stream;

    str_format(&name, "%s.XXXXXX", file->path);
    file->temporary = mem_copy_text(str_text(&name));
    str_fini(&name);
    descriptor = mkstemp(file->temporary);
    if (descriptor < 0) {
        mem_free(file->temporary);
        file->temporary = NULL;
        return NULL;
    }
    give_usual_rights(descriptor);
    stream = fdopen(descriptor, "w");
    if (stream == NULL) {
        (void)close(descriptor);
        (void)unlink(file->temporary);
    }
    return stream;
}

struct output_file *output_file_create(const char *path, struct err *err)
{
    struct output_file *file = mem_zero(1, sizeof *file);
    struct stat status;
    bool is_special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);

    file->path = mem_copy_text(path);
    file->stream = is_special ? fopen(path, "we") : open_temporary(file);
    if (file->stream == NULL) {
        (void)err_set_errno(err, "%s: can't be written", path);
        release(file);
        return NULL;
    }
    return file;
}

FILE *output_file_stream(const struct output_file *file)
{
    return file->stream;
}

int output_file_commit(struct output_file *file, struct err *err)
{
    bool had_error = ferror(file->stream) != 0;
    bool is_good = fflush(file->stream) == 0;
    int rc = -1;

    is_good = is_good && (file->temporary == NULL || fsync(fileno(file->stream)) == 0);
    if (!is_good)
        (void)err_set_errno(err, "%s: can't be written", file->path);
    else if (had_error)
        (void)err_set(err, ERR_IO, "%s: can't be written", file->path);
    is_good = is_good && !had_error;
    if (fclose(file->stream) != 0 && is_good) {
        is_good = false;
        (void)err_set_errno(err, "%s: can't be written", file->path);
    }
    if (file->temporary != NULL) {
        if (is_good && rename(file->temporary, file->path) != 0) {
            is_good = false;
            (void)err_set_errno(err, "%s: can't be put in place", file->path);
        }
        if (!is_good)
            (void)unlink(file->temporary);
    }
    if (is_good)
        rc = 0;
    release(file);
    return rc;
}

void output_file_abandon(struct output_file *file)
{
    if (file == NULL)
        return;
    (void)fclose(file->stream);
    if (file->temporary != NULL)
        (void)unlink(file->temporary);
    release(file);
}
