#include "agent/task_folder.h"

#include "agent/shim.h"
#include "agent/sysfile.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SMALL_FILE = 4096,
    HOOK_ENV_BYTES = 1024 * 1024,
};

void task_key(struct task_id id, char key[TASK_KEY_SIZE])
{
    (void)snprintf(key, TASK_KEY_SIZE, "%" PRIu64 ".%u.%u", id.gang, id.attempt, id.rank);
}

bool task_key_parse(const char *key, struct task_id *id)
{
    char again[TASK_KEY_SIZE];

    if (sscanf(key, "%" SCNu64 ".%" SCNu32 ".%" SCNu32, &id->gang, &id->attempt, &id->rank) != 3)
        return false;
    task_key(*id, again);
    return strcmp(key, again) == 0;
}

void folder_path(const char *folder, const char *name, char path[TASK_PATH_SIZE])
{
    (void)snprintf(path, TASK_PATH_SIZE, "%s/%s", folder, name);
}

static void path_in(const char *folder, const char *room, struct task_id id, const char *name,
    char path[TASK_PATH_SIZE])
{
    char key[TASK_KEY_SIZE];

    task_key(id, key);
    (void)snprintf(path, TASK_PATH_SIZE, "%s/%s/%s%s%s", folder, room, key,
        name[0] != '\0' && name[0] != '.' ? "/" : "", name);
}

void task_path(const char *folder, struct task_id id, const char *name, char path[TASK_PATH_SIZE])
{
    path_in(folder, "tasks", id, name, path);
}

void work_path(const char *folder, struct task_id id, const char *name, char path[TASK_PATH_SIZE])
{
    path_in(folder, "work", id, name, path);
}

/* --- Small files: written in one go; a rename makes them whole or absent */

static int write_small(
    const char *path, const char *text, size_t count, bool must_last, struct err *err)
{
    char aside[TASK_PATH_SIZE + 8];
    int fd;
    bool is_done;

    (void)snprintf(aside, sizeof aside, "%s.new", path);
    fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, "%s can't be written", aside);
    is_done = write(fd, text, count) == (ssize_t)count && (!must_last || fsync(fd) == 0);
    if (close(fd) != 0 || !is_done || rename(aside, path) != 0)
        return err_set_errno(err, "%s can't be written", path);
    return 0;
}

static char *read_small(const char *path)
{
    char *bytes = NULL;
    size_t count = 0;

    return file_read(path, SMALL_FILE, &bytes, &count, NULL) == 0 ? bytes : NULL;
}

int task_facts_write(
    const char *folder, struct task_id id, const struct task_facts *facts, struct err *err)
{
    char path[TASK_PATH_SIZE];
    char text[SMALL_FILE];
    int n = snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %u\n%s\n%s\n", facts->job,
        facts->chips, facts->port, facts->cpuset, facts->cgroup);

    task_path(folder, id, "facts", path);
    return write_small(path, text, (size_t)n, false, err);
}

void task_facts_read(const char *folder, struct task_id id, struct task_facts *facts)
{
    char path[TASK_PATH_SIZE];
    char *text;
    unsigned port = 0;
    char *line;

    *facts = (struct task_facts){0};
    task_path(folder, id, "facts", path);
    text = read_small(path);
    if (text != NULL &&
        sscanf(text, "%" SCNu64 " %" SCNu64 " %u", &facts->job, &facts->chips, &port) == 3 &&
        (line = strchr(text, '\n')) != NULL) {
        size_t length = strcspn(line + 1, "\n");
        const char *last = line + 1 + length;

        facts->port = (uint16_t)port;
        (void)snprintf(facts->cpuset, sizeof facts->cpuset, "%.*s", (int)length, line + 1);
        if (*last == '\n')
            (void)snprintf(facts->cgroup, sizeof facts->cgroup, "%.*s",
                (int)strcspn(last + 1, "\n"), last + 1);
    }
    mem_free(text);
}

int task_hook_env_write(
    const char *folder, struct task_id id, const struct str *env, struct err *err)
{
    char path[TASK_PATH_SIZE];

    task_path(folder, id, "hook-env", path);
    return write_small(path, str_text(env), env->length, false, err);
}

void task_hook_env_read(const char *folder, struct task_id id, struct str *out)
{
    char path[TASK_PATH_SIZE];
    char *bytes = NULL;
    size_t count = 0;

    task_path(folder, id, "hook-env", path);
    if (file_read(path, HOOK_ENV_BYTES, &bytes, &count, NULL) == 0 && count > 0 &&
        bytes[count - 1] == '\0')
        str_add_bytes(out, bytes, count);
    mem_free(bytes);
}

bool task_shim_read(const char *folder, struct task_id id, char *text, size_t size)
{
    char path[TASK_PATH_SIZE];

    task_path(folder, id, SHIM_SELF_FILE, path);
    return sysfile_read(path, text, size);
}

bool task_was_started(const char *folder, struct task_id id)
{
    char path[TASK_PATH_SIZE];
    struct stat facts;

    task_path(folder, id, SHIM_STARTED_FILE, path);
    return stat(path, &facts) == 0;
}

/* What stands in `exit`. */
static const struct {
    const char *name;
    enum task_state state;
} ENDS[] = {{SHIM_ENDED, TASK_ENDED}, {SHIM_NOT_STARTED, TASK_NOT_STARTED}, {"lost", TASK_LOST},
    {"prolog-failed", TASK_PROLOG_FAILED}};
enum { END_COUNT = sizeof ENDS / sizeof ENDS[0] };

static bool find_end(const char *name, enum task_state *state)
{
    for (size_t i = 0; i < END_COUNT; i++)
        if (strcmp(ENDS[i].name, name) == 0) {
            *state = ENDS[i].state;
            return true;
        }
    return false;
}

bool task_exit_read(const char *folder, struct task_id id, struct task_status *status, char **why)
{
    struct task_status got = *status; /* what is damaged changes nothing */
    char path[TASK_PATH_SIZE];
    char state[32] = "";
    char *text;
    int at = 0;
    bool is_whole;

    task_path(folder, id, SHIM_EXIT_FILE, path);
    text = read_small(path);
    is_whole = text != NULL &&
               sscanf(text, "%31s %d %d %" SCNd64 " %" SCNd64 " %n", state, &got.exit_status,
                   &got.signal, &got.started_ms, &got.ended_ms, &at) == 5 &&
               find_end(state, &got.state) && got.exit_status >= 0 && got.exit_status <= 255 &&
               got.signal >= 0 && got.started_ms >= 0 && got.ended_ms >= 0 &&
               strchr(text, '\n') != NULL;
    if (is_whole) {
        *status = got;
        text[strcspn(text, "\n")] = '\0';
        *why = mem_copy_text(at > 0 && (size_t)at <= strlen(text) ? text + at : "");
    }
    mem_free(text);
    return is_whole;
}

void task_exit_write(const char *folder, const struct task_status *status, enum task_state state)
{
    char path[TASK_PATH_SIZE];
    struct str text = {0};

    for (size_t i = 0; i < END_COUNT; i++)
        if (ENDS[i].state == state)
            str_format(&text, "%s %d %d %" PRId64 " %" PRId64 " %s\n", ENDS[i].name,
                status->exit_status, status->signal, status->started_ms, status->ended_ms,
                status->why);
    task_path(folder, status->id, SHIM_EXIT_FILE, path);
    (void)write_small(path, str_text(&text), text.length, false, NULL);
    str_fini(&text);
}

bool task_is_closed(const char *folder, struct task_id id)
{
    char path[TASK_PATH_SIZE];

    task_path(folder, id, "closed", path);
    return access(path, F_OK) == 0;
}

char *task_closed_read(const char *folder, struct task_id id)
{
    char path[TASK_PATH_SIZE];
    char *why;

    task_path(folder, id, "closed", path);
    why = read_small(path);
    if (why != NULL)
        why[strcspn(why, "\n")] = '\0';
    return why;
}

void task_closed_write(const char *folder, struct task_id id, const char *why)
{
    char path[TASK_PATH_SIZE];

    task_path(folder, id, "closed", path);
    (void)write_small(path, why, strlen(why), false, NULL);
}

int task_output_write(
    const char *folder, struct task_id id, const struct task_output *output, struct err *err)
{
    char path[TASK_PATH_SIZE];
    char text[TASK_PATH_SIZE + 64];
    int n = snprintf(
        text, sizeof text, "%ld %ld %s\n", (long)output->uid, (long)output->gid, output->path);

    work_path(folder, id, ".out", path);
    return write_small(path, text, (size_t)n, false, err);
}

bool task_output_read(const char *folder, struct task_id id, struct task_output *output)
{
    char path[TASK_PATH_SIZE];
    char *text;
    long uid = 0;
    long gid = 0;
    int at = 0;
    bool is_whole;

    work_path(folder, id, ".out", path);
    text = read_small(path);
    is_whole = text != NULL && sscanf(text, "%ld %ld %n", &uid, &gid, &at) == 2 && at > 0;
    if (is_whole) {
        output->uid = (uid_t)uid;
        output->gid = (gid_t)gid;
        (void)snprintf(
            output->path, sizeof output->path, "%.*s", (int)strcspn(text + at, "\n"), text + at);
    }
    mem_free(text);
    return is_whole;
}

/* --- Memory */

int launcher_memory_read(const char *folder, struct launcher_memory *memory, struct err *err)
{
    char path[TASK_PATH_SIZE];
    char hex[33] = "";
    char *text;
    int rc = 0;

    *memory = (struct launcher_memory){0};
    folder_path(folder, "memory", path);
    if (access(path, F_OK) != 0)
        return 0; /* a new host */
    text = read_small(path);
    if (text == NULL ||
        sscanf(text, "%32s %" SCNu64 " %" SCNu64 " %" SCNu64, hex, &memory->epoch,
            &memory->highest_gang, &memory->highest_job) != 4 ||
        strlen(hex) != 32)
        rc = err_set(err, ERR_STATE,
            "%s is damaged: it says which cluster this host belongs to. If nothing of it runs "
            "here, remove the folder %s",
            path, folder);
    for (size_t i = 0; i < 16 && rc == 0; i++) {
        unsigned byte = 0;

        (void)sscanf(hex + 2 * i, "%2x", &byte);
        memory->cluster[i] = (unsigned char)byte;
    }
    mem_free(text);
    return rc;
}

int launcher_memory_write(
    const char *folder, const struct launcher_memory *memory, bool must_last, struct err *err)
{
    char path[TASK_PATH_SIZE];
    struct str text = {0};
    int rc;

    for (size_t i = 0; i < 16; i++)
        str_format(&text, "%02x", memory->cluster[i]);
    str_format(&text, " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", memory->epoch, memory->highest_gang,
        memory->highest_job);
    folder_path(folder, "memory", path);
    rc = write_small(path, str_text(&text), text.length, must_last, err);
    str_fini(&text);
    return rc;
}
