/* `wattyard systems`: the catalog as tables. An edge file. */
#include "planner/commands.h"

#include "base/err.h"
#include "base/faults.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/input_kind.h"
#include "planner/systems_print.h"
#include "topologies/catalog_file.h"

#include <math.h>

enum { EXIT_DONE = 0, EXIT_WRONG = 2 };

/* Where no scenario says otherwise: the middle of what is planned with in the US, and of PUEs of
 * new halls. */
#define DEFAULT_USD_PER_MWH 75.0
#define DEFAULT_PUE 1.15
#define DEFAULT_YEARS 5.0

/* In the data folder. */
static const char DEFAULT_FILE[] = "workloads/scenarios/aws-trainium-2gw.xml";

static const char AGAINST_DEFAULT[] = "gb300-nvl72";

struct systems_options {
    bool json, csv;
    struct system_price_options prices;
    double years, discount_rate, usd_per_mwh, pue; /* NAN: not given */
    int precision;
    const char *against;
    const char *workload;
    bool is_training;
    struct model_shape model; /* active_params 0: none given */
    int64_t chips;
};

#define AT(member) offsetof(struct systems_options, member)

static const struct option OPTIONS[] = {
    {"json", 0, OPTION_FLAG, AT(json), NULL, "print one JSON object", 0, 0, NULL},
    {"csv", 0, OPTION_FLAG, AT(csv), NULL, "print one CSV table with all figures", 0, 0, NULL},
    {"price", 0, OPTION_LIST, AT(prices.price), "SYSTEM=USD", "rent of a system for an hour", 0, 0,
        NULL},
    {"chip-price", 0, OPTION_LIST, AT(prices.chip_price), "SYSTEM=USD",
        "rent of one of its chips for an hour", 0, 0, NULL},
    {"capex", 0, OPTION_LIST, AT(prices.capex), "SYSTEM=USD", "price of a system that is bought", 0,
        0, NULL},
    {"opex", 0, OPTION_LIST, AT(prices.opex), "SYSTEM=USD", "upkeep of a system for a year", 0, 0,
        NULL},
    {"years", 0, OPTION_NUMBER, AT(years), "YEARS",
        "how long a bought system is used (offers: their term), and what price is told for; 5", 0.1,
        50, NULL},
    {"discount-rate", 0, OPTION_NUMBER, AT(discount_rate), "SHARE",
        "cost of capital a year, 0.08 for 8 %; the scenario's, or 0", 0, 1, NULL},
    {"usd-per-mwh", 0, OPTION_NUMBER, AT(usd_per_mwh), "USD",
        "price of energy; the mean of the scenario's sites, or 75", 0, 1e5, NULL},
    {"pue", 0, OPTION_NUMBER, AT(pue), "RATIO",
        "power at the meter to that of the systems; the mean of the sites, or 1.15", 1, 10, NULL},
    {"precision", 0, OPTION_CHOICE, AT(precision), "NAME",
        "of the PFLOPS that costs are told for, and of the model; fp8", 0, 0, PRECISION_NAMES},
    {"against", 0, OPTION_TEXT, AT(against), "SYSTEM",
        "compare the cost of a PFLOP-hour with this system's; gb300-nvl72 where it has a price", 0,
        0, NULL},
    {"workload", 0, OPTION_TEXT, AT(workload), "ID",
        "tokens of this workload of the scenario, with its measured rates", 0, 0, NULL},
    {"train", 0, OPTION_FLAG, AT(is_training), NULL,
        "the model is trained; only --active-params is needed then", 0, 0, NULL},
    {"active-params", 0, OPTION_NUMBER, AT(model.active_params), "COUNT",
        "tokens of this model: parameters that work on a token", 1, 1e16, NULL},
    {"total-params", 0, OPTION_NUMBER, AT(model.total_params), "COUNT",
        "all its parameters; as many as are active", 1, 1e16, NULL},
    {"kv-bytes-per-token", 0, OPTION_NUMBER, AT(model.kv_bytes_per_token), "BYTES",
        "its cache for a token of context", 1e-3, 1e12, NULL},
    {"context", 0, OPTION_NUMBER, AT(model.context_tokens), "TOKENS", "length of a sequence; 4096",
        1, 1e9, NULL},
    {"chips", 0, OPTION_COUNT, AT(chips), "COUNT", "chips that a replica spans; 8", 1, 1e6, NULL},
    {"max-tpot-ms", 0, OPTION_NUMBER, AT(model.max_tpot_ms), "MS",
        "longest time for a token of one sequence; no limit", 1e-3, 1e9, NULL},
    {"input-tokens-per-output", 0, OPTION_NUMBER, AT(model.input_tokens_per_output), "RATIO",
        "tokens read for each one written; 0", 0, 1e6, NULL},
};

static const char DETAILS[] =
    "FILE is a scenario, whose offers give the prices, or a catalog. Without it: the scenario "
    "aws-trainium-2gw that comes with Wattyard. Prices given as options go before those of "
    "offers.\n"
    "\n"
    "The cost of an hour is what having the system costs (capital spread over its years, upkeep, "
    "rent) and its energy at full load. Per PFLOP-hour it is held against the dense peak that the "
    "vendor states, which no program reaches; tokens say what a model gets. Give a model by "
    "options, or --workload of a scenario.\n"
    "\n"
    "Estimates carry the sign ~: all power and prices of Trainium, and everything about Trn4.";

static const char EXAMPLES[] =
    "wattyard systems  # what each system is and costs\n"
    "wattyard systems two-sites.xml  # with that scenario's prices\n"
    "wattyard systems --chip-price trn3-gen2=1.10 --chip-price gb300-nvl72=2.65"
    "  # is Trainium3 30 % cheaper?\n"
    "wattyard systems two-sites.xml --workload chat  # dollars and joules for its tokens\n"
    "wattyard systems --active-params 37e9 --total-params 671e9 --kv-bytes-per-token 70000 "
    "--chips 16 --max-tpot-ms 50  # or for a model of yours\n";

/* The file that was given: a scenario, or a catalog. */
struct source {
    struct scenario *scenario;
    struct catalog_file *file;
};

static const struct catalog *source_catalog(const struct source *source)
{
    return source->scenario != NULL ? &source->scenario->catalog : &source->file->catalog;
}

static void source_fini(struct source *source)
{
    scenario_destroy(source->scenario);
    catalog_file_destroy(source->file);
}

static int load_source(
    const char *path, const char *data_folder, struct source *out, struct faults *faults)
{
    enum input_kind kind;

    if (input_kind_find(path, data_folder, &kind, faults) != 0)
        return -1;
    if (kind == INPUT_SCENARIO)
        out->scenario = scenario_load(path, data_folder, faults);
    else
        out->file = catalog_file_load(path, data_folder, faults);
    return out->scenario == NULL && out->file == NULL ? -1 : 0;
}

/* Means over the sites of a scenario at its start. */
static void read_site_means(const struct scenario *scenario, double *usd_per_mwh, double *pue)
{
    *usd_per_mwh = 0;
    *pue = 0;
    for (int s = 0; s < scenario->site_count; s++) {
        const struct site *site = &scenario->sites[s];

        *pue += site->pue / scenario->site_count;
        *usd_per_mwh += dated_value_at(&site->energy_usd_per_mwh, scenario->horizon.start,
                            DEFAULT_USD_PER_MWH) /
                        scenario->site_count;
    }
}

static struct system_settings choose_settings(
    const struct systems_options *options, const struct scenario *scenario)
{
    struct system_settings settings = {.precision = (enum precision)options->precision,
        .years = options->years,
        .usd_per_mwh = DEFAULT_USD_PER_MWH,
        .pue = DEFAULT_PUE};

    if (scenario != NULL) {
        read_site_means(scenario, &settings.usd_per_mwh, &settings.pue);
        settings.discount_rate = scenario->horizon.discount_rate;
    }
    if (!isnan(options->usd_per_mwh))
        settings.usd_per_mwh = options->usd_per_mwh;
    if (!isnan(options->pue))
        settings.pue = options->pue;
    if (!isnan(options->discount_rate))
        settings.discount_rate = options->discount_rate;
    return settings;
}

static int unknown_workload(const struct scenario *scenario, const char *id, struct err *err)
{
    const char **names = mem_zero((size_t)scenario->workload_count, sizeof *names);
    const char *nearest;

    for (int j = 0; j < scenario->workload_count; j++)
        names[j] = scenario->workloads[j].id;
    nearest = str_nearest(id, names, (size_t)scenario->workload_count);
    mem_free(names);
    return err_set(err, ERR_USAGE, "--workload %s: %s has no such workload%s%s%s", id,
        scenario->name, nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
        nearest == NULL ? "" : "?");
}

static int find_workload(
    const struct scenario *scenario, const char *id, const struct workload **out, struct err *err)
{
    if (id == NULL)
        return 0;
    if (scenario == NULL)
        return err_set(err, ERR_USAGE, "--workload %s: give a scenario that has it", id);
    for (int j = 0; j < scenario->workload_count; j++)
        if (str_equal(scenario->workloads[j].id, id)) {
            *out = &scenario->workloads[j];
            return 0;
        }
    return unknown_workload(scenario, id, err);
}

/* Completes the model that options describe; *out stays NULL where they describe none. */
static int find_model(
    struct systems_options *options, const struct model_shape **out, struct err *err)
{
    struct model_shape *model = &options->model;

    if (model->active_params <= 0)
        return model->total_params > 0 || model->kv_bytes_per_token > 0 || options->is_training
                   ? err_set(err, ERR_USAGE, "a model needs --active-params")
                   : 0;
    if (options->workload != NULL)
        return err_set(err, ERR_USAGE, "give --workload or a model by options, not both");
    if (!options->is_training && model->kv_bytes_per_token <= 0)
        return err_set(
            err, ERR_USAGE, "a model that serves needs --kv-bytes-per-token (or is it --train?)");
    if (model->total_params <= 0)
        model->total_params = model->active_params;
    if (model->total_params < model->active_params)
        return err_set(err, ERR_USAGE, "--total-params is below --active-params");
    model->precision = (enum precision)options->precision;
    model->chips = (int)options->chips;
    *out = model;
    return 0;
}

/* The system to compare with; NULL: the cheapest. */
static int choose_against(const struct systems_options *options, const struct systems_rows *rows,
    const struct catalog *catalog, const char **out, struct err *err)
{
    const char *nearest;

    *out = NULL;
    for (size_t i = 0; i < rows->count; i++) {
        const char *id = rows->rows[i].system->id;

        if (str_equal(id, options->against == NULL ? AGAINST_DEFAULT : options->against) &&
            isfinite(rows->rows[i].values[FIGURE_USD_PER_PFLOP_HOUR]))
            *out = id;
    }
    if (*out != NULL || options->against == NULL)
        return 0;
    if (catalog_find_system(catalog, options->against) != NULL)
        return err_set(err, ERR_USAGE, "--against %s: it has no price here", options->against);
    nearest = catalog_nearest_system(catalog, options->against);
    return err_set(err, ERR_USAGE, "--against %s: there is no such system%s%s%s", options->against,
        nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
        nearest == NULL ? "" : "?");
}

static int print_rows(const struct systems_options *options, const struct systems_rows *rows,
    const struct systems_query *query, FILE *stream, struct err *err)
{
    const char *against;

    if (choose_against(options, rows, query->catalog, &against, err) != 0)
        return -1;
    if (options->json)
        return systems_print_json(rows, query, stream, err);
    if (options->csv)
        systems_print_csv(rows, stream);
    else
        systems_print_text(rows, query, against, stream);
    if (fflush(stream) != 0)
        return err_set_errno(err, "the table can't be written");
    return ferror(stream) ? err_set(err, ERR_IO, "the table can't be written") : 0;
}

static int show(
    struct systems_options *options, const struct source *source, FILE *stream, struct err *err)
{
    struct systems_query query = {.catalog = source_catalog(source),
        .scenario = source->scenario,
        .prices = &options->prices,
        .is_training = options->is_training,
        .settings = choose_settings(options, source->scenario)};
    struct arena *arena;
    struct systems_rows rows;
    int rc;

    if (find_workload(source->scenario, options->workload, &query.workload, err) != 0 ||
        find_model(options, &query.model, err) != 0)
        return -1;
    arena = arena_create();
    rc = systems_rows_make(&query, arena, &rows, err);
    if (rc == 0)
        rc = print_rows(options, &rows, &query, stream, err);
    arena_destroy(arena);
    return rc;
}

/* The file's path, into `out`. */
static int choose_path(const char *given, const char *data_folder, struct str *out, struct err *err)
{
    if (given != NULL)
        str_add(out, given);
    else if (data_folder != NULL)
        str_format(out, "%s/%s", data_folder, DEFAULT_FILE);
    else
        return err_set(err, ERR_USAGE,
            "the files that come with Wattyard are not found; give a FILE, or set WATTYARD_DATA");
    return 0;
}

/* The exit status. */
static int run_with(struct systems_options *options, const char *path,
    const struct command_context *context, struct err *err)
{
    struct faults faults = {0};
    struct source source = {0};
    int status = EXIT_DONE;

    if (load_source(path, context->data_folder, &source, &faults) != 0)
        status = EXIT_WRONG;
    if (faults.count > 0)
        faults_print(&faults, context->err);
    if (status == EXIT_DONE && show(options, &source, context->out, err) != 0)
        status = err_exit_status(err);
    source_fini(&source);
    faults_fini(&faults);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct systems_options options = {.years = DEFAULT_YEARS,
        .discount_rate = NAN,
        .usd_per_mwh = NAN,
        .pue = NAN,
        .precision = PRECISION_FP8,
        .model = {.context_tokens = 4096, .max_tpot_ms = INFINITY},
        .chips = 8};
    struct str path = {0};
    struct err err = {0};
    const char *positional[1] = {NULL};
    size_t positional_count;
    int status = options_begin(
        command, argc, argv, &options, positional, &positional_count, context);

    if (status >= 0)
        return status;
    if (choose_path(positional[0], context->data_folder, &path, &err) == 0)
        status = run_with(&options, str_text(&path), context, &err);
    else
        status = err_exit_status(&err);
    if (err.kind != ERR_NONE)
        (void)fprintf(context->err, "wattyard systems: %s\n", err.text);
    str_fini(&path);
    return status;
}

const struct command SYSTEMS_COMMAND = {
    .name = "systems",
    .arguments = "[FILE]",
    .summary = "the catalog: price, power and work of each system",
    .details = DETAILS,
    .examples = EXAMPLES,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .positional_min = 0,
    .positional_max = 1,
    .run = run,
};
