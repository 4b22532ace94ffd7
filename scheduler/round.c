/*
 * A full round: down the tiers; in a tier first the gangs within their tenant's share, then those
 * that borrow. For both the placement program is asked, gangs are picked and started; then those
 * that are left may take from lower tiers or get back what was lent. At last reservations.
 */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/round_private.h"

#include <math.h>

enum {
    TIERS = 11,
    SEARCH_MOST = 9,   /* so few gangs are placed by exact search */
    SEARCH_RACKS = 64, /* … on so few racks */
    WHOLE_MOST = 64,   /* classes × pools: as a MIP */
    STOP_TRIES = 16    /* gangs of a tier for which others may be stopped in one round */
};

enum step { STEP_SHARE, STEP_STOP, STEP_BORROW, STEP_STOP_BORROW, STEP_END };

struct round {
    struct core_gang **line; /* all that may start, in order; owned */
    size_t count;
    int tier;
    enum step step;
    size_t from, to;               /* of the tier, in line */
    struct round_problem *problem; /* asked about now; owned */
    int64_t trial_tasks;           /* of the core, when it began */
    bool has_stopped;              /* others, for gangs of the round */
    bool asks_bound;               /* the problem is over all tiers, for the bound */
    bool is_overtaken;             /* things happened while an answer was waited for: … */
    double overtaken_chips, overtaken_jobs; /* … so many changed */
};

void round_destroy(struct round *round)
{
    if (round == NULL)
        return;
    round_problem_destroy(round->problem);
    mem_free(round->line);
    mem_free(round);
}

bool core_round_is_due(const struct core *core, int64_t now_ms)
{
    double jobs = (double)(core->waiting_count + core->running_count);

    if (core->is_settled || core->waiting_count == 0)
        return false;
    if (core->last_round_ms == INT64_MIN || now_ms - core->last_round_ms >= CORE_ROUND_MS)
        return true;
    return core->changed_chips * 100 >= core->fleet_chips ||
           (core->changed_jobs * 100 >= jobs && core->changed_jobs >= 1);
}

/* What happened since the round last rested is for the round after it to look at. */
static void resume(struct core *core)
{
    struct round *round = core->round;

    round->is_overtaken |= !core->is_settled;
    round->overtaken_chips += core->changed_chips;
    round->overtaken_jobs += core->changed_jobs;
}

/* What the round itself did is no reason for another. */
static void rest(struct core *core)
{
    core->is_settled = true;
    core->changed_chips = core->changed_jobs = 0;
}

static void begin(struct core *core)
{
    struct round *round = mem_zero(1, sizeof *round);
    size_t kept = 0;

    round->line = core_order_waiting(core, core->now_ms, &round->count);
    for (size_t i = 0; i < round->count; i++)
        if (decide_pays(core, round->line[i]) && !reservations_has_claim(core, round->line[i]))
            round->line[kept++] = round->line[i];
    round->count = kept;
    round->tier = TIERS;
    round->trial_tasks = core->trial_tasks;
    round->asks_bound = core->options.wants_bound && kept > 0;
    core->round = round;
    core->report.tier_count = 0;
    core->report.greedy_count = 0;
    core->report.bound_usd_per_hour = core->report.value_usd_per_hour = 0;
}

/* Those of line[from, to) that still wait, within their share or borrowing. Gives (mem_free). */
static struct core_gang **tier_members(
    const struct core *core, const struct round *round, bool borrows, size_t *count)
{
    struct core_gang **members = mem_zero(round->to - round->from, sizeof *members);

    *count = 0;
    for (size_t i = round->from; i < round->to; i++) {
        struct core_gang *gang = round->line[i];

        if (core_gang_is_ready(core, gang) && (!borrows || gang->view.spec->is_interruptible) &&
            !reservations_has_claim(core, gang))
            members[(*count)++] = gang;
    }
    return members;
}

static struct round_tier *tier_report(struct core *core)
{
    return &core->report.tiers[core->report.tier_count - 1];
}

static double net_value_of(const struct core *core, const struct actions *out, size_t from)
{
    double value = 0;

    for (size_t i = from; i < out->count; i++)
        if (out->list[i].kind == ACTION_PREPARE) {
            const struct core_gang *gang = core_gang_of(core, out->list[i].gang);

            if (gang->view.placement != NULL)
                value += core_net_value(gang, gang->view.placement);
        }
    return value;
}

static void start_picks(struct core *core, struct picks *picks, struct actions *out)
{
    size_t from = out->count;

    picks_start(core, picks, out);
    tier_report(core)->value_usd_per_hour += net_value_of(core, out, from);
}

/* Does each of them go where it is worth most, all at once? Then no program is needed; the picks
 * are kept. */
static bool all_fit_at_their_best(struct core *core, struct core_gang *const *members, size_t count,
    bool may_borrow, struct picks *picks)
{
    for (size_t i = 0; i < count; i++)
        if (!pick_best(core, members[i], may_borrow, picks)) {
            picks_drop(core, picks);
            return false;
        }
    return true;
}

/* Does any of them fit, if it were alone? */
static bool any_fits(
    const struct core *core, struct core_gang *const *members, size_t count, bool may_borrow)
{
    struct failed_asks failed = {.count = 0};

    for (size_t i = 0; i < count; i++) {
        struct placement placement = {0};

        if (decide_has_failed(&failed, members[i]))
            continue;
        if (decide_find_best(core, members[i], may_borrow, 0, &placement)) {
            placement_fini(&placement);
            return true;
        }
        decide_note_failed(&failed, members[i]);
    }
    return false;
}

/* The next tier that has gangs; false: none is left. */
static bool next_tier(struct core *core, struct round *round)
{
    size_t from = round->to;

    if (from >= round->count)
        return false;
    round->tier = core_tier(round->line[from]);
    round->from = from;
    while (round->to < round->count && core_tier(round->line[round->to]) == round->tier)
        round->to++;
    round->step = STEP_SHARE;
    core->report.tiers[core->report.tier_count++] = (struct round_tier){.tier = round->tier};
    return true;
}

/* Remember what a chip of each system is worth, for quick decisions. */
static void keep_prices(
    struct core *core, const struct round_problem *problem, const struct placement_answer *answer)
{
    size_t systems = core->fleet->catalog.system_count;
    int pools = (problem->domains_row - problem->chips_row) / (int)systems;

    if (core->chip_prices == NULL)
        core->chip_prices = mem_zero(systems, sizeof *core->chip_prices);
    for (size_t k = 0; k < systems; k++) {
        double least = INFINITY;

        for (int i = 0; i < pools; i++) {
            int row = problem->chips_row + (int)k * pools + i;

            if (problem->capacity[row] > 0)
                least = fmin(least, answer->resource_prices[row]);
        }
        core->chip_prices[k] = isfinite(least) ? least : 0;
    }
}

static size_t keep_ready(const struct core *core, struct core_gang **line, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++)
        if (core_gang_is_ready(core, line[i]))
            line[left++] = line[i];
    return left;
}

static bool is_for_search(const struct core *core, size_t count)
{
    return count <= SEARCH_MOST && core->fleet->rack_count <= SEARCH_RACKS;
}

static void pick_in_problem(
    struct core *core, const struct placement_answer *answer, struct picks *picks)
{
    struct round_problem *problem = core->round->problem;
    size_t count = 0;

    for (int c = 0; c < problem->lp.class_count; c++)
        count += (size_t)problem->classes[c].count;
    if (is_for_search(core, count)) /* some may have started or ended since they were asked about */
        pick_by_search(core, problem->members, keep_ready(core, problem->members, count),
            problem->may_borrow, picks);
    else
        pick_gangs(core, problem, answer, picks);
}

void core_round_answer(
    struct core *core, const struct placement_answer *answer, struct actions *out)
{
    struct round *round = core->round;
    struct picks picks = {0};

    resume(core);
    if (answer != NULL && answer->status == PLACEMENT_FAILED)
        answer = NULL;
    if (round->asks_bound) {
        round->asks_bound = false;
        core->report.bound_usd_per_hour = answer != NULL ? answer->bound : INFINITY;
        goto out;
    }
    if (answer == NULL) {
        core->report.greedy_count++;
    } else {
        tier_report(core)->bound_usd_per_hour += answer->bound;
        keep_prices(core, round->problem, answer);
    }
    pick_in_problem(core, answer, &picks);
    start_picks(core, &picks, out);
out:
    round_problem_destroy(round->problem);
    round->problem = NULL;
    rest(core);
}

/* Is there a place for it beyond its tenant's share? The step for those that borrow is next. */
static bool can_borrow_now(const struct core *core, const struct core_gang *gang)
{
    struct placement placement = {0};
    bool fits = core->fleet->tenant_count > 0 && gang->view.spec->is_interruptible &&
                decide_find_best(core, gang, true, 0, &placement);

    placement_fini(&placement);
    return fits;
}

static bool stop_for(struct core *core, struct core_gang *gang, bool borrows, struct actions *out,
    double *stopped_value)
{
    if (borrows)
        return gang->view.spec->is_interruptible &&
               preempt_for_loan(core, gang, out, stopped_value);
    return preempt_for(core, gang, out, stopped_value) ||
           (core->fleet->tenant_count > 0 && give_back_for(core, gang, out, stopped_value));
}

/* For the gangs that are left: take from lower tiers, or get back what was lent. */
static void stop_others(struct core *core, struct round *round, bool borrows, struct actions *out)
{
    int tries = STOP_TRIES;
    struct failed_asks failed = {.count = 0};
    size_t from = out->count;
    double stopped_value = 0;

    for (size_t i = round->from; i < round->to && tries > 0; i++) {
        struct core_gang *gang = round->line[i];

        if (!core_gang_is_ready(core, gang) || core->running_count == 0 ||
            (core->now_ms < core->stop_due_ms && gang->ready_ms <= core->stop_ms) ||
            decide_has_failed(&failed, gang) || (!borrows && can_borrow_now(core, gang)))
            continue;
        tries--;
        if (!stop_for(core, gang, borrows, out, &stopped_value))
            decide_note_failed(&failed, gang);
    }
    round->has_stopped |= out->count > from;
    tier_report(core)->value_usd_per_hour += net_value_of(core, out, from) - stopped_value;
}

static struct round_tier *report_of(struct core *core, int tier)
{
    for (int i = 0; i < core->report.tier_count; i++)
        if (core->report.tiers[i].tier == tier)
            return &core->report.tiers[i];
    return NULL;
}

/* What fits beside the new reservations: stops and reservations that ended have made room since its
 * tier was decided. */
static void start_left_over(struct core *core, size_t count, struct actions *out)
{
    struct failed_asks failed = {.count = 0};

    for (size_t i = 0; i < count; i++) {
        struct core_gang *gang = core->round->line[i];
        bool may_borrow = core->fleet->tenant_count == 0 || gang->view.spec->is_interruptible;
        struct placement placement = {0};
        struct round_tier *tier = report_of(core, core_tier(gang));

        if (!core_gang_is_ready(core, gang) || reservations_has_claim(core, gang) ||
            decide_has_failed(&failed, gang))
            continue;
        if (!decide_find_best(core, gang, may_borrow, 0, &placement)) {
            decide_note_failed(&failed, gang);
            continue;
        }
        if (tier != NULL)
            tier->value_usd_per_hour += core_net_value(gang, &placement);
        decide_start(core, gang, &placement, out);
    }
}

static void finish(struct core *core, struct actions *out)
{
    struct round *round = core->round;
    struct round_report *report = &core->report;
    size_t left = keep_ready(core, round->line, round->count);

    if (core->now_ms >= core->stop_due_ms)
        core->stop_due_ms = core_rest_until(core, round->trial_tasks);
    core->stop_ms = core->now_ms;
    if (reservations_renew(core, round->line, left) || round->has_stopped) {
        start_left_over(core, left, out);
        left = keep_ready(core, round->line, left);
    }
    for (int i = 0; i < report->tier_count; i++)
        report->value_usd_per_hour += report->tiers[i].value_usd_per_hour;
    report->gap = report->bound_usd_per_hour > 0
                      ? (report->bound_usd_per_hour - report->value_usd_per_hour) /
                            report->bound_usd_per_hour
                      : 0;
    report->round_count++;
    mem_free(core->line);
    core->line = round->line;
    core->line_count = left;
    core->line_from = 0;
    round->line = NULL;
    core->round = NULL;
    core->last_round_ms = core->now_ms;
    core->is_settled = !round->is_overtaken;
    core->changed_chips = round->overtaken_chips;
    core->changed_jobs = round->overtaken_jobs;
    core->has_freed = false;
    core->fresh_count = 0;
    round_destroy(round);
}

/* The program of one step of a tier, or what makes it needless. True: it must be solved. */
static bool open_step(struct core *core, struct round *round, bool borrows, struct actions *out)
{
    bool has_shares = core->fleet->tenant_count > 0;
    struct round_problem_options options = {
        .may_borrow = borrows || !has_shares, .with_ages = true};
    size_t count = 0;
    struct core_gang **members = tier_members(core, round, borrows, &count);
    struct picks picks = {0};
    bool is_open = false;

    if (count == 0 ||
        (!core->options.wants_bound && !any_fits(core, members, count, options.may_borrow)))
        goto out;
    if (!core->options.wants_bound &&
        all_fit_at_their_best(core, members, count, options.may_borrow, &picks)) {
        start_picks(core, &picks, out);
        goto out;
    }
    round->problem = round_problem_create(core, members, count, &options);
    is_open = round->problem->lp.option_count > 0;
    if (!is_open) {
        round_problem_destroy(round->problem);
        round->problem = NULL;
    }
out:
    mem_free(members);
    return is_open;
}

static bool open_bound(struct core *core, struct round *round)
{
    struct round_problem_options options = {.may_borrow = true, .counts_interruptible = true};

    round->problem = round_problem_create(core, round->line, round->count, &options);
    return true;
}

enum round_stage core_round_step(struct core *core, int64_t now_ms,
    const struct placement_problem **problem, bool *is_small, struct actions *out)
{
    struct round *round;
    bool is_open = false;

    if (now_ms > core->now_ms)
        core->now_ms = now_ms;
    if (core->round == NULL) {
        if (core->options.policy != CORE_POLICY_LP) {
            baseline_decide(core, out);
            core->last_round_ms = core->now_ms;
            rest(core);
            core->report.round_count++;
            return ROUND_DONE;
        }
        reservations_start_claims(core, out);
        reservations_drop_needless(core);
        if (core->fleet->tenant_count > 0)
            loans_repay(core);
        begin(core);
        rest(core);
    }
    round = core->round;
    resume(core);
    if (round->asks_bound) {
        is_open = open_bound(core, round);
    } else if (round->tier == TIERS || round->step == STEP_END) {
        if (!next_tier(core, round)) {
            finish(core, out);
            return ROUND_DONE;
        }
    } else {
        bool borrows = round->step >= STEP_BORROW;
        bool has_shares = core->fleet->tenant_count > 0;

        if (round->step == STEP_STOP || round->step == STEP_STOP_BORROW)
            stop_others(core, round, borrows, out);
        else
            is_open = open_step(core, round, borrows, out);
        round->step = round->step == STEP_STOP && !has_shares ? STEP_END : round->step + 1;
    }
    rest(core);
    if (!is_open)
        return ROUND_MORE;
    *problem = &round->problem->lp;
    *is_small = !round->asks_bound &&
                (int64_t)round->problem->lp.class_count * core->fleet->feed_count <= WHOLE_MOST;
    return ROUND_SOLVE;
}

void core_round(struct core *core, int64_t now_ms, struct actions *out)
{
    const struct placement_problem *problem = NULL;
    bool is_small = false;
    enum round_stage stage;

    while ((stage = core_round_step(core, now_ms, &problem, &is_small, out)) != ROUND_DONE) {
        struct placement_answer answer = {0};
        struct err err = {0};
        int rc;

        if (stage == ROUND_MORE)
            continue;
        /* Only a bound asks for the program when few gangs are searched. */
        rc = placement_solve_linear(problem, &core->options.budget, NULL, &answer, &err);
        core_round_answer(core, rc == 0 ? &answer : NULL, out);
        placement_answer_fini(&answer);
    }
}
