#include "tests/support/small_random.h"

#include "base/rng.h"
#include "base/str.h"
#include "tests/support/small_plan.h"

/* Around `middle`, by at most half of it either way. */
static double around(struct rng *rng, double middle)
{
    return middle * (0.5 + rng_unit(rng));
}

static void add_systems(struct str *out, struct rng *rng)
{
    str_format(out,
        "<system id='s0' chip='c' hosts='2' chips-per-host='4' racks='1' "
        "power-kw='%.3f' availability='0.97'/>",
        around(rng, 120));
    str_format(out,
        "<system id='s1' chip='d' hosts='2' chips-per-host='4' racks='2' power-kw='%.3f' "
        "idle-kw='9' availability='0.95'><mode id='full' power='1' throughput='1'/>"
        "<mode id='eco' power='0.7' throughput='0.87'/></system>",
        around(rng, 70));
    str_format(out,
        "<system id='s2' chip='d' hosts='2' chips-per-host='4' racks='1' "
        "power-kw='%.3f' available-from='2026-07'/>",
        around(rng, 90));
}

static void add_sites(struct str *out, struct rng *rng)
{
    for (int s = 0; s < 2; s++) {
        double mw = around(rng, 2.5);

        str_format(out,
            "<site id='%c' region='r%d' jurisdiction='us' pue='%.3f' oversubscription='%.3f' "
            "rack-positions='%.0f'><power from='2026-01' mw='%.4f'/><power from='2027-01' "
            "mw='%.4f'/><energy from='2026-01' usd-per-mwh='%.2f' kg-co2-per-mwh='%.1f'/></site>",
            'a' + s, s, 1.1 + 0.2 * rng_unit(rng), 1 + 0.2 * rng_unit(rng), around(rng, 30), mw,
            mw * (1 + rng_unit(rng)), around(rng, 60), around(rng, 200));
    }
}

static void add_offers(struct str *out, struct rng *rng)
{
    static const char *const KINDS[] = {"kind='buy' term-months='48' lead-months='1'",
        "kind='reserve' term-months='12'", "kind='buy' term-months='36'", "kind='on-demand'"};
    static const char *const SYSTEMS[] = {"s0", "s1", "s2", "s1"};
    static const double CAPEX[] = {2e6, 0, 9e5, 0}, HOURLY[] = {0, 55, 0, 90};

    for (int o = 0; o < 4; o++) {
        str_format(out,
            "<offer id='o%d' system='%s' provider='p%d' %s usd-per-system-hour='%.3f' "
            "opex-usd-per-year='%.1f'",
            o, SYSTEMS[o], o % 2, KINDS[o], around(rng, HOURLY[o]), around(rng, 2e4));
        if (CAPEX[o] > 0)
            str_format(out, " capex-usd='%.1f'", around(rng, CAPEX[o]));
        if (o == 1)
            str_format(out, " max-systems='%.2f'", around(rng, 14));
        str_format(out, "><supply from='2026-01' systems-per-month='%.3f'/></offer>",
            around(rng, o == 3 ? 6 : 1.5));
    }
}

static void add_rates(struct str *out, struct rng *rng)
{
    for (int k = 0; k < 3; k++)
        str_format(out, "<rate system='s%d' units-per-hour='%.2f'/>", k, around(rng, 1000));
}

static void add_workloads(struct str *out, struct rng *rng)
{
    str_format(out,
        "<workload id='chat' kind='inference' value-usd-per-unit='%.4f' load-factor='0.6' "
        "power-fraction='0.85' survive-site='%.2f'>",
        around(rng, 0.4), 0.3 * rng_unit(rng) + 0.1);
    add_rates(out, rng);
    str_format(out,
        "<demand region='us' from='2026-01' units-per-hour='%.1f'/><demand region='us' "
        "from='2027-01' units-per-hour='%.1f'/><demand region='eu' from='2026-04' "
        "units-per-hour='%.1f'/></workload>",
        around(rng, 8000), around(rng, 16000), around(rng, 6000));
    str_format(out,
        "<workload id='train' kind='training' value-usd-per-unit='%.4f' start='2026-04' "
        "end='2027-04' max-systems='%.1f'>",
        around(rng, 0.3), around(rng, 12));
    add_rates(out, rng);
    str_format(out, "<volume units='%.0f'/></workload>", around(rng, 8e7));
    str_format(out,
        "<workload id='score' kind='batch' value-usd-per-unit='%.4f' "
        "power-fraction='0.9'>",
        around(rng, 0.12));
    add_rates(out, rng);
    str_format(out, "<volume units='%.0f'/></workload>", around(rng, 6e7));
}

static void add_rules(struct str *out, struct rng *rng)
{
    str_format(out, "<budget id='capex' kind='capex' from='2026-01' to='2027-01' usd='%.0f'/>",
        around(rng, 3e7));
    str_format(out, "<budget id='carbon' kind='carbon' tonnes='%.1f'/>", around(rng, 8000));
    str_format(
        out, "<commitment id='spend' kind='spend' provider='p1' usd='%.0f'/>", around(rng, 1e7));
    str_format(out,
        "<commitment id='power' kind='power' systems='s1 s2' from='2027-01' "
        "mw='%.3f' shortfall-usd-per-mw-month='%.1f'/>",
        around(rng, 0.8), around(rng, 2e5));
    str_format(out, "<limit id='mix' attribute='system' value='s0' max-share='%.3f'/>",
        0.4 + 0.4 * rng_unit(rng));
}

struct scenario *small_random(uint64_t seed, const char *more)
{
    struct rng rng = rng_seed(seed * 7919 + 13);
    struct str systems = {0}, sites = {0}, offers = {0}, workloads = {0}, rules = {0};
    struct small_pieces pieces = {
        .horizon = "<horizon start='2026-01' end='2027-06' step='quarter' discount-rate='0.07'/>"};
    struct scenario *scenario;

    add_systems(&systems, &rng);
    add_sites(&sites, &rng);
    add_offers(&offers, &rng);
    add_workloads(&workloads, &rng);
    add_rules(&rules, &rng);
    if (more != NULL)
        str_add(&rules, more);
    pieces.systems = str_text(&systems);
    pieces.sites = str_text(&sites);
    pieces.offers = str_text(&offers);
    pieces.workloads = str_text(&workloads);
    pieces.rules = str_text(&rules);
    scenario = small_scenario(&pieces);
    str_fini(&systems);
    str_fini(&sites);
    str_fini(&offers);
    str_fini(&workloads);
    str_fini(&rules);
    return scenario;
}
