/* One job: its class, its gang on each kind of system, its length, value and limits. */
#include "workloads/generate_private.h"

#include "base/mem.h"
#include "base/str.h"

#include <math.h>

/* What a gang is built of. */
enum form {
    FORM_HOST_PART, /* chips of one host */
    FORM_HOSTS,     /* some hosts of one domain */
    FORM_RACK,      /* a whole domain */
    FORM_RACKS      /* several domains, a segment on each */
};

struct job_class {
    double share; /* of the sessions */
    enum job_kind kind;
    enum form form;
    int chips_min, chips_max; /* powers of two; 1 where racks are counted */
    double median_minutes, sigma, minutes_max;
    double checkpoint_share;
    int priority_min, priority_max;
    double value_factor; /* median of value over cost */
    double together;     /* mean number of jobs alike that are submitted at once */
};

/* Shares and lengths are rounded from the papers that generate.h names; the last four columns are
 * guesses. */
static const struct job_class CLASSES[] = {
    /* tries and notebooks */
    {0.30, JOB_TRAINING, FORM_HOST_PART, 1, 1, 4, 1.3, 480, 0, 500, 599, 3, 2},
    /* training on one host */
    {0.25, JOB_TRAINING, FORM_HOST_PART, 1, 8, 60, 1.6, 5760, 0.3, 400, 599, 2, 3},
    /* evaluation and scoring */
    {0.18, JOB_BATCH, FORM_HOST_PART, 1, 4, 15, 1.2, 720, 0, 100, 299, 1.6, 8},
    /* fine-tuning on some hosts */
    {0.16, JOB_TRAINING, FORM_HOSTS, 8, 64, 120, 1.4, 5760, 0.7, 400, 599, 2, 2},
    /* a whole rack or UltraServer */
    {0.04, JOB_TRAINING, FORM_RACK, 1, 1, 300, 1.2, 10080, 0.8, 400, 599, 2, 1.5},
    /* pretraining */
    {0.03, JOB_TRAINING, FORM_RACKS, 1, 1, 480, 1.2, 10080, 1, 500, 699, 2, 1},
    /* serving */
    {0.04, JOB_INFERENCE, FORM_HOSTS, 8, 32, 1440, 0.8, 10080, 0, 700, 899, 3, 2},
};

enum {
    TRIAL_SESSIONS = 4096,
    CLASS_COUNT = sizeof CLASSES / sizeof *CLASSES,
    TOGETHER_MAX = 200,
    PRETRAIN_CHIPS_MAX = 16384
};

static const double FILLS = 12;             /* how often all jobs should fill the floor */
static const double LARGE_FACTOR_MAX = 6;   /* most jobs stay small all the same */
static const double SAME_STACK_SHARE = 0.6; /* of the sessions can use other kinds of their stack */
static const double ANY_STACK_SHARE = 0.25;
static const double OTHER_STACK_SPEED = 0.85; /* what a port keeps of the speed */
static const double THROUGHPUT_MIN = 0.3;     /* nobody would list what is slower */
static const double VALUE_SHARE = 0.75;       /* of the jobs state one */
static const double WALL_SHARE = 0.75;

struct gang {
    int tasks, chips_per_task, segment;
};

/* The largest power of two that is at most n. */
static int power_of_two(int n)
{
    int power = 1;

    while (power * 2 <= n)
        power *= 2;
    return power;
}

/* Tasks of one domain that a gang over several uses: of 18 hosts 16, as 8 and 16 divide models
 * better than 9 and 18, and a rack with a bad host still serves. */
static int segment_of(const struct generate_kind *kind)
{
    return power_of_two(kind->hosts_per_rack);
}

/* A gang of about that many chips on the kind; false where it can't be one of that form. */
static bool gang_on(
    const struct generate_kind *kind, enum form form, double chip_count, struct gang *out)
{
    int hosts = (int)ceil(chip_count / kind->chips_per_host);
    int domains;

    switch (form) {
    case FORM_HOST_PART:
    case FORM_HOSTS:
        if (hosts > kind->hosts_per_rack)
            return false;
        *out = (struct gang){hosts, kind->chips_per_host, hosts > 1 ? JOB_SEGMENT_ALL : 0};
        if (chip_count < kind->chips_per_host)
            out->chips_per_task = (int)chip_count;
        return true;
    case FORM_RACK:
        *out = (struct gang){kind->hosts_per_rack, kind->chips_per_host, JOB_SEGMENT_ALL};
        return true;
    case FORM_RACKS:
        domains = (int)round(chip_count / kind->chips_per_host / segment_of(kind));
        if (domains < 2 || domains > kind->largest_site_racks / 2)
            return false;
        *out = (struct gang){domains * segment_of(kind), kind->chips_per_host, segment_of(kind)};
        return true;
    }
    return false;
}

/* Index of one of the shares, each as likely as it is large. They need not sum to 1. */
static int draw_share(const double *shares, int count, struct rng *rng)
{
    double sum = 0;
    double left;
    int i = 0;

    for (int k = 0; k < count; k++)
        sum += shares[k];
    left = rng_unit(rng) * sum;
    while (i + 1 < count && left >= shares[i])
        left -= shares[i++];
    return i;
}

static bool is_large(const struct job_class *class)
{
    return class->form == FORM_RACK || class->form == FORM_RACKS;
}

static int draw_class(double large_factor, struct rng *rng)
{
    double shares[CLASS_COUNT];

    for (int i = 0; i < CLASS_COUNT; i++)
        shares[i] = CLASSES[i].share * (is_large(&CLASSES[i]) ? large_factor : 1);
    return draw_share(shares, CLASS_COUNT, rng);
}

/* Small ones are more likely: each doubling half as much as the one before. */
static int draw_power(int min, int max, struct rng *rng)
{
    int power = min;

    while (power * 2 <= max && rng_unit(rng) < 0.4)
        power *= 2;
    return power;
}

/* Chips of a gang over several racks of the kind, even on a scale of logarithms; 0: there are too
 * few racks. */
static double draw_rack_chips(const struct generate_kind *kind, struct rng *rng)
{
    double domain = (double)segment_of(kind) * kind->chips_per_host;
    double largest = kind->largest_site_racks / 2 * domain;
    double draw = rng_unit(rng);

    if (largest > PRETRAIN_CHIPS_MAX && PRETRAIN_CHIPS_MAX >= 2 * domain)
        largest = PRETRAIN_CHIPS_MAX;
    return largest < 2 * domain ? 0 : 2 * domain * pow(largest / (2 * domain), draw);
}

/* Small jobs go anywhere; the home of a large one is where least work was given yet, so that the
 * load of each kind comes near that of the fleet. */
static int draw_home(
    const struct generate_floor *floor, const struct job_class *class, struct rng *rng)
{
    double draw = rng_unit(rng) * (double)floor->chip_count;
    int home = 0;

    if (is_large(class)) {
        for (int k = 1; k < floor->kind_count; k++)
            if (floor->kinds[k].given_chip_hours / (double)floor->kinds[k].chip_count <
                floor->kinds[home].given_chip_hours / (double)floor->kinds[home].chip_count)
                home = k;
        return home;
    }
    while (home + 1 < floor->kind_count && draw >= (double)floor->kinds[home].chip_count)
        draw -= (double)floor->kinds[home++].chip_count;
    return home;
}

/* About how many chips the jobs of a session have. */
static double draw_chip_count(
    const struct generate_kind *home, const struct job_class *class, struct rng *rng)
{
    double rack_chips = (double)home->chips_per_host * home->hosts_per_rack;
    double most = class->form == FORM_HOST_PART ? home->chips_per_host : rack_chips;
    double chip_count = class->form == FORM_RACKS
                            ? draw_rack_chips(home, rng)
                            : draw_power(class->chips_min, class->chips_max, rng);

    if (class->form == FORM_RACK || chip_count <= 0)
        return rack_chips;
    return class->form != FORM_RACKS && chip_count > most ? most : chip_count;
}

void generate_session_draw(
    struct generate_session *session, const struct generate_floor *floor, struct rng *rng)
{
    const struct job_class *class;
    double portable;

    session->job_class = draw_class(floor->large_factor, rng);
    class = &CLASSES[session->job_class];
    session->home = draw_home(floor, class, rng);
    session->tenant = draw_share(floor->tenant_shares, floor->tenant_count, rng);
    session->chip_count = draw_chip_count(&floor->kinds[session->home], class, rng);
    portable = rng_unit(rng);
    session->takes_any_stack = portable < ANY_STACK_SHARE;
    session->takes_same_stack = portable < SAME_STACK_SHARE;
    session->job_count = 1 + (int)rng_exponential(rng, class->together - 1 + 1e-9);
    if (session->job_count > TOGETHER_MAX)
        session->job_count = TOGETHER_MAX;
}

/* With jobs j and chips c of small and large sessions, as they are drawn for factor 1, the mean of
 * a factor f is (c_small + f × c_large) ÷ (j_small + f × j_large): solved for f. */
void generate_floor_fit(struct generate_floor *floor, int64_t job_count)
{
    struct rng rng = rng_seed(0);
    double target = FILLS * (double)floor->chip_count / (double)job_count;
    double jobs[2] = {0};
    double chips[2] = {0};
    double factor = LARGE_FACTOR_MAX;

    for (int i = 0; i < TRIAL_SESSIONS; i++) {
        struct generate_session session;
        int large;

        generate_session_draw(&session, floor, &rng);
        large = is_large(&CLASSES[session.job_class]);
        jobs[large] += session.job_count;
        chips[large] += session.job_count * session.chip_count;
        floor->kinds[session.home].given_chip_hours += session.job_count * session.chip_count;
    }
    for (int k = 0; k < floor->kind_count; k++)
        floor->kinds[k].given_chip_hours = 0;
    if (chips[1] > target * jobs[1])
        factor = (target * jobs[0] - chips[0]) / (chips[1] - target * jobs[1]);
    floor->large_factor = fmin(fmax(factor, 1), LARGE_FACTOR_MAX);
}

/* How many chips of a kind do what the session's do at home; whole powers of two below a rack. */
static double chips_alike(const struct generate_session *session, const struct generate_kind *home,
    const struct generate_kind *kind)
{
    double chip_count = session->chip_count * home->speed / kind->speed;

    if (kind == home || CLASSES[session->job_class].form == FORM_RACKS)
        return kind == home ? session->chip_count : chip_count;
    return fmax(exp2(round(log2(chip_count))), 1);
}

static void add_rows(struct job_spec *out, const struct generate_session *session,
    const struct generate_floor *floor, enum form form, struct arena *arena)
{
    const struct generate_kind *home = &floor->kinds[session->home];
    struct job_system *rows = arena_zero(arena, (size_t)floor->kind_count, sizeof *rows);

    for (int k = 0; k < floor->kind_count; k++) {
        const struct generate_kind *kind = &floor->kinds[k];
        bool is_same_stack = str_equal(kind->stack, home->stack);
        double throughput = 1;
        struct gang gang;

        if (kind != home && !session->takes_any_stack &&
            !(session->takes_same_stack && is_same_stack))
            continue;
        if (!gang_on(kind, form, chips_alike(session, home, kind), &gang))
            continue;
        if (kind != home)
            throughput = (double)gang.tasks * gang.chips_per_task * kind->speed /
                         ((double)out->tasks * out->chips_per_task * home->speed) *
                         (is_same_stack ? 1 : OTHER_STACK_SPEED);
        if (throughput < THROUGHPUT_MIN)
            continue;
        rows[out->system_count] = (struct job_system){.id = arena_copy_text(arena, kind->id),
            .throughput = throughput,
            .tasks = gang.tasks,
            .segment = gang.segment,
            .chips_per_task = gang.chips_per_task};
        out->system_count++;
    }
    out->systems = rows;
}

/* People ask for about twice what they need, in quarters of an hour; enough for the slowest row. */
static double draw_wall_minutes(const struct job_spec *job, struct rng *rng)
{
    double slowest = 1;
    double ask = 1.1 + rng_lognormal(rng, 0.9, 0.6);

    for (size_t i = 0; i < job->system_count; i++)
        if (job->systems[i].throughput < slowest)
            slowest = job->systems[i].throughput;
    return rng_unit(rng) < WALL_SHARE ? ceil(job->work_minutes / slowest * ask / 15) * 15 : 0;
}

/* All that is random about a job itself, drawn in this order. */
struct draws {
    double value_factor;
    bool has_value, has_checkpoint;
    int64_t priority, every_minutes;
    double work_minutes;
};

static struct draws draw_job(const struct job_class *class, struct rng *rng)
{
    struct draws d;

    d.value_factor = fmax(class->value_factor * rng_lognormal(rng, 1, 0.35), 1.3);
    d.has_value = rng_unit(rng) < VALUE_SHARE;
    d.has_checkpoint = rng_unit(rng) < class->checkpoint_share;
    d.priority = rng_between(rng, class->priority_min, class->priority_max);
    d.every_minutes = rng_between(rng, 10, 60);
    d.work_minutes = rng_lognormal(rng, class->median_minutes, class->sigma);
    d.work_minutes = fmin(fmax(d.work_minutes, 0.1), class->minutes_max);
    return d;
}

void generate_job_draw(struct job_spec *out, const struct generate_session *session,
    struct generate_floor *floor, struct arena *arena, struct rng *rng)
{
    const struct job_class *class = &CLASSES[session->job_class];
    struct generate_kind *home = &floor->kinds[session->home];
    double share_usd = floor->tenant_shares[session->tenant] * floor->usd_per_hour;
    struct draws d = draw_job(class, rng);
    enum form form = class->form;
    struct gang gang = {1, 1, 0};
    double usd_per_hour;

    if (!gang_on(home, form, session->chip_count, &gang)) {
        form = FORM_RACK; /* too few racks for a gang over several */
        (void)gang_on(home, form, session->chip_count, &gang);
    }
    usd_per_hour = (double)gang.tasks * gang.chips_per_task * home->usd_per_chip_hour;
    /* Only what can be interrupted may borrow, so what is large for its tenant can be. */
    d.has_checkpoint = d.has_checkpoint || usd_per_hour > share_usd / 4;
    *out = (struct job_spec){.kind = class->kind,
        .tenant = floor->tenants[session->tenant],
        .priority = (int)d.priority,
        .value_usd_per_hour = d.has_value ? usd_per_hour * d.value_factor : NAN,
        .power_frac = class->kind == JOB_TRAINING ? 0.95 : 0.75,
        .is_interruptible = class->kind == JOB_BATCH || d.has_checkpoint,
        .tasks = gang.tasks,
        .segment = gang.segment,
        .chips_per_task = gang.chips_per_task,
        .grace_seconds = JOB_GRACE_SECONDS_DEFAULT,
        .retries = 3,
        .lease_minutes = JOB_LEASE_MINUTES_DEFAULT,
        .checkpoint_signal = d.has_checkpoint ? "USR1" : NULL,
        .checkpoint_every_minutes = d.has_checkpoint ? (double)d.every_minutes : 0,
        .deadline_ms = INT64_MAX,
        .work_minutes = d.work_minutes};
    add_rows(out, session, floor, form, arena);
    out->wall_minutes = draw_wall_minutes(out, rng);
    home->given_chip_hours += generate_job_chip_hours(out);
}

double generate_job_chip_hours(const struct job_spec *job)
{
    return (double)job->tasks * job->chips_per_task * job->work_minutes / 60;
}
