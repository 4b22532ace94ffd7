#include "tests/support/program.h"

#include "base/mem.h"
#include "base/str.h"

#include <check.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_all(int from, struct str *text)
{
    char bytes[4096];
    ssize_t count;

    while ((count = read(from, bytes, sizeof bytes)) > 0)
        str_add_bytes(text, bytes, (size_t)count);
}

/* A copy of the arguments: posix_spawn wants them writable. */
static char **copy_arguments(const char *const *argv)
{
    size_t count = 0;
    char **copy;

    while (argv[count] != NULL)
        count++;
    copy = mem_zero(count + 1, sizeof *copy);
    for (size_t k = 0; k < count; k++)
        copy[k] = mem_copy_text(argv[k]);
    return copy;
}

static void free_arguments(char **argv)
{
    for (size_t k = 0; argv[k] != NULL; k++)
        mem_free(argv[k]);
    mem_free(argv);
}

char *program_run(const char *const *argv, int *status)
{
    char **arguments = copy_arguments(argv);
    posix_spawn_file_actions_t actions;
    struct str text = {0};
    int ends[2], ended, failed;
    char *output;
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    failed = posix_spawnp(&child, argv[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    free_arguments(arguments);
    close(ends[1]);
    ck_assert_msg(failed == 0, "%s cannot be run: `make deps-test` installs it", argv[0]);
    read_all(ends[0], &text);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &ended, 0), child);
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    output = mem_copy_text(str_text(&text));
    str_fini(&text);
    return output;
}
