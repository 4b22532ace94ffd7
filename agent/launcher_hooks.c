/* Prolog and epilog: programs of the site, run as the agent, with a limit of their own. */
#include "agent/launcher_private.h"
#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool launcher_start_hook(
    struct launcher *launcher, struct task *task, const char *program, bool *failed)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    char key[TASK_KEY_SIZE];
    char job[32];
    char *argv[4];
    sigset_t none;

    *failed = false;
    if (program == NULL)
        return false;
    task_key(task->status.id, key);
    (void)snprintf(job, sizeof job, "%llu", (unsigned long long)task->status.job);
    argv[0] = mem_copy_text(program);
    argv[1] = job;
    argv[2] = key;
    argv[3] = NULL;
    /* What it is for; the launcher has one thread. */
    (void)setenv("WATTYARD_JOB_ID", job, 1);
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawnattr_init(&how);
    (void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    (void)posix_spawnattr_setsigmask(&how, &none);
    task->hook.is_ours = true;
    *failed = posix_spawn(&task->hook.pid, program, &files, &how, argv, environ) != 0 ||
              launcher_watch(launcher, task, &task->hook) != 0;
    (void)unsetenv("WATTYARD_JOB_ID");
    if (*failed)
        launcher_unwatch(&task->hook);
    else
        task->hook_until_ms = launcher_boot_ms() + HOOK_MS;
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&how);
    mem_free(argv[0]);
    return !*failed;
}

static void take_epilog(struct launcher *launcher, struct task *task, bool is_fine)
{
    struct str why = {0};

    if (!is_fine)
        str_format(&why, "%s%sits epilog failed", task->status.why,
            task->status.why[0] != '\0' ? "; " : "");
    launcher_set_state(launcher, task, task->end, str_text(&why));
    str_fini(&why);
}

void launcher_take_hook(struct launcher *launcher, struct task *task)
{
    int status = 0;
    bool is_fine;
    char why[96];

    is_fine = waitpid(task->hook.pid, &status, WNOHANG) == task->hook.pid && WIFEXITED(status) &&
              WEXITSTATUS(status) == 0;
    task->hook.is_ours = false;
    launcher_unwatch(&task->hook);
    if (!task->is_prolog) {
        take_epilog(launcher, task, is_fine);
        return;
    }
    if (task->stop_asked) {
        launcher_set_state(launcher, task, TASK_NOT_STARTED, "stopped");
        return;
    }
    if (is_fine) {
        launcher_start_shim(launcher, task);
        return;
    }
    if (WIFEXITED(status))
        (void)snprintf(why, sizeof why, "the prolog exited %d", WEXITSTATUS(status));
    else
        (void)snprintf(why, sizeof why, "the prolog ended by signal %d", WTERMSIG(status));
    launcher_set_state(launcher, task, TASK_PROLOG_FAILED, why);
}
