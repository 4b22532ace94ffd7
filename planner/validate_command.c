/* `wattyard validate`: is this file right? All that is wrong, at once. An edge file. */
#include "planner/commands.h"

#include "base/err.h"
#include "base/faults.h"
#include "base/mem.h"
#include "planner/input_kind.h"
#include "topologies/catalog_file.h"
#include "topologies/fleet.h"
#include "workloads/job.h"
#include "workloads/scenario.h"

enum { EXIT_GOOD = 0, EXIT_FAULTY = 2, FILES_MAX = 10000 };

static const char DETAILS[] =
    "Reads each file as the program would, told by its root element: a catalog, a scenario, a "
    "fleet, or job manifests. Prints every fault, a line each: file, line, element, what is wrong "
    "and what to do; or that the file is good.\n"
    "\n"
    "Exit status: 0 all files are good (there may be warnings); 2 at least one is not.";

static const char EXAMPLES[] = "wattyard validate two-sites.xml  # one file\n"
                               "wattyard validate scenarios/*.xml jobs/*.xml  # many\n";

/* A loader and what releases it, with the types put away. */
typedef void check_fn(const char *path, const char *data_folder, struct faults *faults);

static void check_catalog(const char *path, const char *data_folder, struct faults *faults)
{
    catalog_file_destroy(catalog_file_load(path, data_folder, faults));
}

static void check_scenario(const char *path, const char *data_folder, struct faults *faults)
{
    scenario_destroy(scenario_load(path, data_folder, faults));
}

static void check_fleet(const char *path, const char *data_folder, struct faults *faults)
{
    fleet_destroy(fleet_load(path, data_folder, faults));
}

static void check_jobs(const char *path, const char *data_folder, struct faults *faults)
{
    const char *paths[] = {path};

    (void)data_folder;
    job_list_destroy(job_list_load(paths, 1, faults));
}

static check_fn *const CHECKS[] = {
    [INPUT_CATALOG] = check_catalog,
    [INPUT_SCENARIO] = check_scenario,
    [INPUT_FLEET] = check_fleet,
    [INPUT_JOBS] = check_jobs,
};

static bool check_file(const char *path, const struct command_context *context)
{
    struct faults faults = {0};
    enum input_kind kind;
    bool is_good;

    if (input_kind_find(path, context->data_folder, &kind, &faults) == 0)
        CHECKS[kind](path, context->data_folder, &faults);
    is_good = faults.error_count == 0;
    if (faults.count > 0)
        faults_print(&faults, context->out);
    if (is_good)
        (void)fprintf(context->out, "%s: ok\n", path);
    faults_fini(&faults);
    return is_good;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    const char **paths = mem_zero((size_t)argc + 1, sizeof *paths);
    size_t path_count;
    char options[1]; /* it has none */
    int status = options_begin(command, argc, argv, options, paths, &path_count, context);

    if (status < 0) {
        status = EXIT_GOOD;
        for (size_t i = 0; i < path_count; i++)
            if (!check_file(paths[i], context))
                status = EXIT_FAULTY;
    }
    mem_free(paths);
    return status;
}

const struct command VALIDATE_COMMAND = {
    .name = "validate",
    .arguments = "FILE…",
    .summary = "check any input file",
    .details = DETAILS,
    .examples = EXAMPLES,
    .positional_min = 1,
    .positional_max = FILES_MAX,
    .run = run,
};
