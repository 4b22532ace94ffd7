/* What can never run is refused while it is prepared, with the reason, before anything is made for
 * it: the start of its gang fails at once, and not at exec, when others run already. Its working
 * folder is tried by the shim, as its user and after the prolog, which may have made it. */
#include "agent/launcher_private.h"
#include "agent/shim_spec.h"
#include "base/err.h"

#include <signal.h>
#include <string.h>

enum { ENV_OF_OURS = 64 }; /* words of the environment that are left for the launcher and shim */

int launcher_signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } SIGNALS[] = {{"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"HUP", SIGHUP}, {"INT", SIGINT},
        {"TERM", SIGTERM}, {"QUIT", SIGQUIT}, {"CONT", SIGCONT}, {"ALRM", SIGALRM}};

    if (str_starts_with(name, "SIG"))
        name += 3;
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++)
        if (strcmp(name, SIGNALS[i].name) == 0)
            return SIGNALS[i].number;
    return 0;
}

static int check_command(const struct task_spec *spec, struct err *err)
{
    if (spec->path == NULL || spec->path[0] == '\0')
        return err_set(err, ERR_INPUT, "it has no program to run");
    if (spec->arg_count + 2 >= SHIM_WORDS_MOST)
        return err_set(err, ERR_LIMIT, "its program has over %d arguments", SHIM_WORDS_MOST - 3);
    return 0;
}

static int check_environment(const struct task_spec *spec, struct err *err)
{
    if (spec->env_count + ENV_OF_OURS >= SHIM_WORDS_MOST)
        return err_set(
            err, ERR_LIMIT, "its environment has over %d variables", SHIM_WORDS_MOST - ENV_OF_OURS);
    for (size_t i = 0; i < spec->env_count; i++)
        if (spec->env[i].name[0] == '\0' || strchr(spec->env[i].name, '=') != NULL)
            return err_set(err, ERR_INPUT, "its environment can have no variable \"%.80s\"",
                spec->env[i].name);
    return 0;
}

/* Times that are none would be read back as damage. */
static int check_times(const struct task_spec *spec, struct err *err)
{
    static const double most_s = 1e12;
    const struct {
        const char *name;
        double time_s;
    } times[] = {{"wall limit", spec->wall_s}, {"grace", spec->grace_s}, {"lease", spec->lease_s},
        {"time between checkpoints", spec->checkpoint_every_s}};

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (!(times[i].time_s >= 0 && times[i].time_s <= most_s)) /* not a number: neither */
            return err_set(err, ERR_INPUT, "its %s can't be %g s", times[i].name, times[i].time_s);
    return 0;
}

int launcher_check_spec(const struct task_spec *spec, struct err *err)
{
    if (check_command(spec, err) != 0 || check_environment(spec, err) != 0 ||
        check_times(spec, err) != 0)
        return -1;
    if (spec->checkpoint_signal != NULL && launcher_signal_number(spec->checkpoint_signal) == 0)
        return err_set(err, ERR_INPUT, "its checkpoint signal \"%.40s\" is none that is known",
            spec->checkpoint_signal);
    return 0;
}
