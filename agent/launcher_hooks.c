/* Prolog and epilog: programs of the site, run as the agent, with a limit of their own and an
 * environment of their own: what they are to know of the task, and nothing of the agent's. */
#include "agent/launcher_private.h"
#include "agent/shim_spec.h"
#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A longer text would keep the program from being started (Linux: 128 KiB). */
enum { VALUE_MOST = 100 * 1024, PAIRS_MOST = 64 };
/* What it may name in its first words, as an administrator's shell would find it. */
static const char *const HOOK_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* --- Their environment: "NAME=value" texts with their NULs */

static const char *own_name(void)
{
    const struct passwd *entry = getpwuid(getuid());

    return entry != NULL ? entry->pw_name : "";
}

int launcher_keep_hook_env(
    const struct launcher *launcher, const struct task_spec *spec, struct err *err)
{
    bool has_user = spec->user != NULL && spec->user[0] != '\0';
    struct str env = {0};
    int rc;

    shim_spec_add(&env, "WATTYARD_JOB_NAME", spec->name);
    shim_spec_add(&env, "WATTYARD_USER", has_user ? spec->user : own_name());
    shim_spec_add(&env, "WATTYARD_TENANT", spec->tenant != NULL ? spec->tenant : "");
    shim_spec_add_number(&env, "WATTYARD_TASKS", spec->task_count);
    if (strlen(spec->hosts) <= VALUE_MOST)
        shim_spec_add(&env, "WATTYARD_HOSTS", spec->hosts);
    if (spec->array_index >= 0)
        shim_spec_add_number(&env, "WATTYARD_ARRAY_INDEX", spec->array_index);
    rc = task_hook_env_write(launcher->options.folder, spec->id, &env, err);
    str_fini(&env);
    return rc;
}

/* What every agent knows of a task, also where the rest of its folder is damaged. */
static void add_known(const struct launcher *launcher, const struct task *task, struct str *env)
{
    const struct task_id *id = &task->status.id;
    char path[TASK_PATH_SIZE];
    struct str chips = {0};

    shim_spec_add(env, "PATH", HOOK_PATH);
    shim_spec_add(env, "WATTYARD_HOOK", task->is_prolog ? "prolog" : "epilog");
    shim_spec_add_number(env, "WATTYARD_JOB_ID", (int64_t)task->status.job);
    shim_spec_add_number(env, "WATTYARD_GANG", (int64_t)id->gang);
    shim_spec_add_number(env, "WATTYARD_ATTEMPT", id->attempt);
    shim_spec_add_number(env, "WATTYARD_TASK", id->rank);
    shim_spec_add(env, "WATTYARD_HOST", launcher->options.host);
    launcher_list_chips(task->facts.chips, &chips);
    shim_spec_add(env, "WATTYARD_CHIPS", str_text(&chips));
    str_fini(&chips);
    shim_spec_add(env, "WATTYARD_CPUSET", task->facts.cpuset);
    task_path(launcher->options.folder, *id, "", path);
    shim_spec_add(env, TASK_MARK, path);
}

static void add_end(const struct task *task, struct str *env)
{
    shim_spec_add(env, "WATTYARD_STATE", TASK_STATE_NAMES[task->end]);
    shim_spec_add_number(env, "WATTYARD_EXIT_STATUS", task->status.exit_status);
    shim_spec_add_number(env, "WATTYARD_SIGNAL", task->status.signal);
}

/* Its texts, NULL-ended, in `pairs`. What was kept and is none of ours by its name is left out. */
static void point_at(const struct str *env, char *pairs[PAIRS_MOST])
{
    size_t count = 0;

    for (size_t at = 0; at < env->length && count + 1 < PAIRS_MOST;
         at += strlen(env->text + at) + 1) {
        char *pair = env->text + at;

        if (strchr(pair, '=') != NULL &&
            (str_starts_with(pair, "WATTYARD_") || str_starts_with(pair, "PATH=")))
            pairs[count++] = pair;
    }
    pairs[count] = NULL;
}

static void fill_env(const struct launcher *launcher, const struct task *task, struct str *env)
{
    add_known(launcher, task, env);
    if (!task->is_prolog)
        add_end(task, env);
    task_hook_env_read(launcher->options.folder, task->status.id, env);
}

/* --- Start and end */

/* In a group of its own, so that all of it can be ended. */
static int spawn(const char *program, char *const argv[], char *const env[], pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t signals;
    int rc;

    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawnattr_init(&how);
    (void)posix_spawnattr_setflags(
        &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    (void)sigemptyset(&signals);
    (void)posix_spawnattr_setsigmask(&how, &signals);
    (void)sigaddset(&signals, SIGPIPE); /* which the agent ignores */
    (void)posix_spawnattr_setsigdefault(&how, &signals);
    rc = posix_spawn(pid, program, &files, &how, argv, env);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&how);
    return rc == 0 ? 0 : -1;
}

bool launcher_start_hook(
    struct launcher *launcher, struct task *task, const char *program, bool *failed)
{
    char key[TASK_KEY_SIZE];
    char job[32];
    char *argv[] = {NULL, job, key, NULL};
    char *pairs[PAIRS_MOST];
    struct str env = {0};

    *failed = false;
    if (program == NULL)
        return false;
    task_key(task->status.id, key);
    (void)snprintf(job, sizeof job, "%" PRIu64, task->status.job);
    argv[0] = mem_copy_text(program);
    fill_env(launcher, task, &env);
    point_at(&env, pairs);
    *failed = spawn(program, argv, pairs, &task->hook.pid) != 0;
    if (*failed)
        task->hook.pid = 0;
    task->hook.is_ours = !*failed;
    if (!*failed && launcher_watch(launcher, task, &task->hook) != 0) {
        (void)kill(-task->hook.pid, SIGKILL);
        *failed = true;
    }
    if (*failed)
        launcher_unwatch(&task->hook);
    else
        task->hook_until_ms = launcher_boot_ms() + HOOK_MS;
    str_fini(&env);
    mem_free(argv[0]);
    return !*failed;
}

void launcher_end_epilog(struct launcher *launcher, struct task *task, const char *fault)
{
    struct str why = {0};

    if (fault != NULL)
        str_format(
            &why, "%s%s%s", task->status.why, task->status.why[0] != '\0' ? "; " : "", fault);
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
        launcher_end_epilog(launcher, task, is_fine ? NULL : "its epilog failed");
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
