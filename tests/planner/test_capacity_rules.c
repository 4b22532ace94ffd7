/* Each rule of the planning model in a scenario so small that its optimum is worked out by hand. */
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>

/* Hours of 2026 and of its quarters; what 4 systems cost by the default offer. */
#define Q1 2160.0
#define Q2 2184.0
#define Q3 2208.0
#define Q4 2208.0
#define YEAR (Q1 + Q2 + Q3 + Q4)

#define SYSTEM(attributes, inside)                                                                 \
    "<system id='s' chip='c' hosts='1' chips-per-host='1' power-kw='100'" attributes ">" inside    \
    "</system>"
#define TWO_SYSTEMS                                                                                \
    SYSTEM("", "") "<system id='z' chip='d' hosts='1' chips-per-host='1' power-kw='100'/>"
#define HORIZON(attributes) "<horizon start='2026-01' end='2026-12' step='quarter'" attributes "/>"
#define SITE_ID(id, place, attributes, mw, energy)                                                 \
    "<site id='" id "' region='r' jurisdiction='" place "'" attributes                             \
    "><power from='2026-01' mw='" mw "'/><energy from='2026-01' " energy "/></site>"
#define SITE(attributes, mw, energy) SITE_ID("a", "us", attributes, mw, energy)
#define TWO_SITES                                                                                  \
    SITE_ID("a", "us", "", "1", "usd-per-mwh='0'") SITE_ID("b", "eu", "", "1", "usd-per-mwh='0'")
#define FREE "usd-per-mwh='0'"
#define OFFER_OF(id, system, kind, attributes, inside)                                             \
    "<offer id='" id "' system='" system "' provider='p' kind='" kind "'" attributes ">" inside    \
    "</offer>"
#define OFFER(kind, attributes, inside) OFFER_OF("o", "s", kind, attributes, inside)
#define BY_QUARTER(attributes, inside)                                                             \
    OFFER("on-demand", " usd-per-system-hour='1'" attributes, inside)
#define RATE "<rate system='s' units-per-hour='1'/>"
#define DEMAND(units) "<demand from='2026-01' units-per-hour='" units "'/>"
#define CHAT(attributes, inside)                                                                   \
    "<workload id='w' kind='inference' value-usd-per-unit='10'" attributes ">" inside "</"         \
    "workload>"
#define TRAIN_AS(id, kind, attributes, units)                                                      \
    "<workload id='" id "' kind='" kind "' value-usd-per-unit='10'" attributes ">" RATE            \
    "<volume units='" units "'/></workload>"
#define TRAIN(attributes, units) TRAIN_AS("w", "training", attributes, units)

struct rule_case {
    const char *rule;
    struct small_pieces pieces;
    double cost_usd;
};

static const struct rule_case CASES[] = {
    {"four systems serve four units, rented by the quarter", {0}, 4 * YEAR},

    /* Supply: 1 a month is 3 a quarter, and each lasts a quarter: one unit is lacking. */
    {"supply is by the month, of all sites",
        {.offers = BY_QUARTER("", "<supply from='2026-01' systems-per-month='1'/>"),
            .sites = TWO_SITES},
        13 * YEAR},
    {"supply ends with its row",
        {.offers = BY_QUARTER("", "<supply from='2026-01' to='2026-07' systems-per-month='1'/>")},
        13 * (Q1 + Q2) + 40 * (Q3 + Q4)},
    {"a row that ends does not bring back the one before",
        {.offers = BY_QUARTER("", "<supply from='2026-01' systems-per-month='1'/>"
                                  "<supply from='2026-04' to='2026-07' systems-per-month='2'/>")},
        13 * Q1 + 4 * Q2 + 40 * (Q3 + Q4)},
    {"max-systems counts what is in its term", {.offers = BY_QUARTER(" max-systems='3'", "")},
        13 * YEAR},
    {"max-systems does not count what exists",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='60' max-systems='1'",
             "<existing site='a' count='2' acquired='2025-01'/>")},
        13 * YEAR},

    /* Three come in the first quarter, three in the second, and the first three leave in the third
     * and are renewed from its supply. */
    {"a term ends and is renewed from supply",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='6'",
             "<supply from='2026-01' systems-per-month='1'/>"),
            .workloads = CHAT("", RATE DEMAND("6"))},
        3 * Q1 + 30 * Q1 + 6 * (Q2 + Q3 + Q4)},
    {"a term of four months lasts the two quarters that start in it",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='4'",
             "<supply from='2026-01' to='2026-04' systems-per-month='1'/>"),
            .workloads = CHAT("", RATE DEMAND("3"))},
        3 * (Q1 + Q2) + 30 * (Q3 + Q4)},
    {"a buy without capex has no end",
        {.offers = OFFER("buy", " usd-per-system-hour='1' to='2026-04'", "")}, 4 * YEAR},
    {"lead-months and from and available-from hold acquisitions back",
        {.offers = BY_QUARTER(" lead-months='4'", "")}, 40 * (Q1 + Q2) + 4 * (Q3 + Q4)},
    {"an offer opens at its date", {.offers = BY_QUARTER(" from='2026-03'", "")},
        40 * Q1 + 4 * (Q2 + Q3 + Q4)},
    {"a system is there when it is available", {.systems = SYSTEM(" available-from='2026-08'", "")},
        40 * (Q1 + Q2 + Q3) + 4 * Q4},
    {"an offer closes before its date", {.offers = BY_QUARTER(" to='2026-10'", "")},
        4 * (Q1 + Q2 + Q3) + 40 * Q4},

    /* Capacity */
    {"availability takes its share", {.systems = SYSTEM(" availability='0.8'", "")}, 5 * YEAR},
    {"work that can't be interrupted needs firm systems",
        {.offers = BY_QUARTER(" interruptible='yes'", "")
                OFFER_OF("f", "s", "on-demand", " usd-per-system-hour='3'", "")},
        12 * YEAR},
    {"batch may run on what can be taken away",
        {.offers = BY_QUARTER(" interruptible='yes'", "")
                OFFER_OF("f", "s", "on-demand", " usd-per-system-hour='3'", ""),
            .workloads = TRAIN_AS("w", "batch", "", "8760")},
        YEAR},
    {"firm and interruptible systems share the capacity row",
        {.offers = BY_QUARTER(" interruptible='yes' max-systems='1'", "")
                OFFER_OF("f", "s", "on-demand", " usd-per-system-hour='3'", ""),
            .workloads = CHAT("", RATE DEMAND("2")) TRAIN_AS("b", "batch", "", "17520")},
        1 * YEAR + 3 * 3 * YEAR},

    /* Power: 0.3 MW run three systems of 100 kW. */
    {"operating power at the meter", {.sites = SITE(" pue='2' oversubscription='9'", "0.6", FREE)},
        13 * YEAR},
    {"nameplate power is what is installed, whatever it draws",
        {.sites = SITE(" oversubscription='1.5'", "0.2", FREE),
            .workloads = CHAT(" power-fraction='0.5'", RATE DEMAND("4"))},
        13 * YEAR},
    {"operating power binds first where much is oversubscribed",
        {.sites = SITE(" oversubscription='3'", "0.15", FREE),
            .workloads = CHAT(" power-fraction='0.5'", RATE DEMAND("4"))},
        13 * YEAR},
    /* Half of what stands runs: 100 kW each, and 50 kW for each that does not: 150 kW a unit. */
    {"systems that do not run draw idle power",
        {.systems = SYSTEM(" idle-kw='50' availability='0.5'", ""),
            .sites = SITE(" oversubscription='9'", "0.3", FREE)},
        (4 + 20) * YEAR},
    /* f + 0.8 h = 4 units and 100 f + 50 h = 300 kW: h = 10/3, f = 4/3, 14/3 systems. */
    {"capped modes serve more from the same power",
        {.systems = SYSTEM("", "<mode id='full' power='1' throughput='1'/>"
                               "<mode id='half' power='0.5' throughput='0.8'/>"
                               "<mode id='poor' power='0.9' throughput='0.7'/>"),
            .sites = SITE(" oversubscription='9'", "0.3", FREE)},
        14.0 / 3 * YEAR},
    {"power follows its dates",
        {.sites = "<site id='a' region='r' jurisdiction='us'><power from='2026-04' mw='0.3'/>"
                  "<power from='2026-08' mw='1'/><energy from='2026-01' usd-per-mwh='0'/></site>"},
        40 * Q1 + 13 * (Q2 + Q3) + 4 * Q4},
    {"floor positions",
        {.systems = SYSTEM(" racks='2'", ""), .sites = SITE(" rack-positions='6'", "1", FREE)},
        13 * YEAR},

    /* Energy: 100 kW at 50 dollars a MWh are 5 dollars an hour at the peak, half of it on average.
     */
    {"energy is paid by the load factor",
        {.sites = SITE("", "1", "usd-per-mwh='50'"),
            .workloads = CHAT(" load-factor='0.5'", RATE DEMAND("4"))},
        4 * (1 + 2.5) * YEAR},
    {"energy is paid at the meter", {.sites = SITE(" pue='1.2'", "1", "usd-per-mwh='50'")},
        4 * (1 + 6) * YEAR},
    {"carbon has its price",
        {.horizon = HORIZON(" carbon-usd-per-tonne='25'"),
            .sites = SITE("", "1", "usd-per-mwh='0' kg-co2-per-mwh='400'")},
        4 * (1 + 1) * YEAR},
    /* Ten stand, four run: 4 · 90 kW and 10 · 10 kW. */
    {"all that is installed draws idle power, for money",
        {.systems = SYSTEM(" idle-kw='10'", ""),
            .sites = SITE("", "1", "usd-per-mwh='10'"),
            .offers = OFFER("reserve", " usd-per-system-hour='1' term-months='60' max-systems='0'",
                "<existing site='a' count='10' acquired='2026-01'/>")},
        (10 + 4.6) * YEAR},
    /* x counts from its mean load: 60 · 0.5 above 40 of idle. */
    {"the load factor leaves idle power alone",
        {.systems = SYSTEM(" idle-kw='40'", ""),
            .sites = SITE("", "1", "usd-per-mwh='10'"),
            .workloads = CHAT(" load-factor='0.5'", RATE DEMAND("4"))},
        4 * (1 + 0.7) * YEAR},

    /* Money */
    {"cash is discounted by the start of its period", {.horizon = HORIZON(" discount-rate='0.21'")},
        4 * (Q1 + Q2 * 0.953462589245592315 + Q3 * 0.909090909090909091 +
                Q4 * 0.86678417204144756)},
    {"maintenance is by the month", {.offers = OFFER("on-demand", " opex-usd-per-year='8760'", "")},
        4 * 8760},
    {"half of a two-year term is left after one year",
        {.offers = OFFER("buy", " capex-usd='1000' term-months='24'", "")}, 4 * 500},
    {"salvage is discounted to the horizon's end",
        {.horizon = HORIZON(" discount-rate='0.25'"),
            .offers = OFFER("buy", " capex-usd='1000' term-months='24'", "")},
        4 * (1000 - 500 * 0.8)},
    {"nothing is salvaged where it is not asked for",
        {.horizon = HORIZON(" salvage='none'"),
            .offers = OFFER("buy", " capex-usd='1000' term-months='24'", "")},
        4 * 1000},

    /* Demand */
    {"demand follows its dates",
        {.workloads = CHAT("", RATE "<demand from='2026-04' units-per-hour='2'/>"
                                    "<demand from='2026-09' to='2026-12' units-per-hour='3'/>")},
        2 * (Q2 + Q3) + 3 * Q4},
    {"what is not served counts by the load factor",
        {.offers = BY_QUARTER(" max-systems='0'", ""),
            .workloads = CHAT(" load-factor='0.5'", RATE DEMAND("4"))},
        20 * YEAR},
    {"a region is served from its jurisdictions",
        {.sites = TWO_SITES,
            .offers = BY_QUARTER(" sites='a'", ""),
            .workloads = CHAT("",
                RATE "<demand region='x' from='2026-01' units-per-hour='3' jurisdictions='eu'/>"
                     "<demand region='y' from='2026-01' units-per-hour='4' jurisdictions='us'/>")},
        (30 + 4) * YEAR},
    {"a region is served from where it is near",
        {.sites = TWO_SITES,
            .offers = BY_QUARTER("", ""),
            .workloads = CHAT("",
                RATE "<demand region='x' from='2026-01' units-per-hour='3' max-latency-ms='50'/>"
                     "<demand region='y' from='2026-01' units-per-hour='1' max-latency-ms='5'/>"),
            .rules = "<latency region='x' site='a' ms='50'/><latency region='x' site='b' ms='51'/>"
                     "<latency region='y' site='a' ms='6'/><latency region='y' site='b' ms='6'/>"},
        (3 + 10) * YEAR},
    /* x may use both sites, y the second alone, which holds two systems. */
    {"regions share the sites that both may use",
        {.sites = SITE_ID("a", "us", "", "0.3", FREE) SITE_ID("b", "eu", "", "0.2", FREE),
            .workloads = CHAT("",
                RATE "<demand region='x' from='2026-01' units-per-hour='3'/>"
                     "<demand region='y' from='2026-01' units-per-hour='3' jurisdictions='eu'/>")},
        (5 + 10) * YEAR},
    {"a workload keeps to its sites",
        {.sites = TWO_SITES,
            .offers = BY_QUARTER(" sites='b'", ""),
            .workloads = CHAT(" sites='a'", RATE DEMAND("4"))},
        40 * YEAR},
    /* Either site alone makes 3. */
    {"with a site lost, the others serve the share",
        {.sites = TWO_SITES, .workloads = CHAT(" survive-site='0.75'", RATE DEMAND("4"))},
        6 * YEAR},
    {"a site that nobody may lose is not served from",
        {.workloads = CHAT(" survive-site='0.5'", RATE DEMAND("4"))}, 40 * YEAR},
    /* y's two units, all at b, have nowhere to go when b is lost: none is served. */
    {"each region survives by itself",
        {.sites = TWO_SITES,
            .workloads = CHAT(" survive-site='0.5'",
                RATE "<demand region='x' from='2026-01' units-per-hour='4'/>"
                     "<demand region='y' from='2026-01' units-per-hour='2' jurisdictions='eu'/>")},
        (4 + 20) * YEAR},

    /* Training and batch */
    {"a volume is done at any time", {.workloads = TRAIN("", "8760")}, 8760},
    {"a workload has at most its systems", {.workloads = TRAIN(" max-systems='0.5'", "8760")},
        4380 + 43800},
    {"a volume is done in its window",
        {.workloads = TRAIN(" start='2026-02' end='2026-10' max-systems='1'", "8760")},
        Q2 + Q3 + 10 * (8760 - Q2 - Q3)},
    {"what is not done counts in the last period of the window",
        {.horizon = HORIZON(" discount-rate='0.21'"),
            .offers = BY_QUARTER(" max-systems='0'", ""),
            .workloads = TRAIN(" end='2026-08'", "100")},
        1000 / 1.1},
    {"the best system does the work",
        {.systems = TWO_SYSTEMS,
            .offers = BY_QUARTER("", "")
                OFFER_OF("p", "z", "on-demand", " usd-per-system-hour='3'", ""),
            .workloads = CHAT("", RATE "<rate system='z' units-per-hour='4'/>" DEMAND("4"))},
        3 * YEAR},

    /* Budgets: 2 systems of the 4 are paid for, each of 2 dollars an hour with energy. */
    {"an operating budget pays energy",
        {.sites = SITE("", "1", "usd-per-mwh='10'"),
            .rules = "<budget id='b' kind='operating' usd='35040'/>"},
        (4 + 20) * YEAR},
    {"a provider's budget pays no energy",
        {.sites = SITE("", "1", "usd-per-mwh='10'"),
            .rules = "<budget id='b' kind='operating' provider='p' usd='17520'/>"},
        (4 + 20) * YEAR},
    {"a capex budget",
        {.offers = OFFER("buy", " capex-usd='1000' term-months='12'", ""),
            .rules = "<budget id='b' kind='capex' usd='3000'/>"},
        3000 + 10 * YEAR},
    {"a total budget pays all of it",
        {.sites = SITE("", "1", "usd-per-mwh='10'"),
            .offers = OFFER("buy",
                " capex-usd='8760' term-months='12' usd-per-system-hour='1'"
                " opex-usd-per-year='8760'",
                ""),
            .rules = "<budget id='b' kind='total' usd='105120'/>"},
        (12 + 10) * YEAR},
    {"a budget has its window, and what is rented before it counts in it",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='60' to='2026-04'", ""),
            .rules = "<budget id='b' kind='operating' from='2026-04' to='2026-10' usd='8784'/>"},
        (2 + 20) * YEAR},
    {"a carbon budget caps tonnes",
        {.sites = SITE("", "1", "usd-per-mwh='0' kg-co2-per-mwh='500'"),
            .rules = "<budget id='b' kind='carbon' tonnes='876'/>"},
        (2 + 20) * YEAR},

    /* Commitments */
    {"a power commitment without a price is kept",
        {.rules = "<commitment id='k' kind='power' systems='s' mw='0.6'/>"}, 6 * YEAR},
    {"a cheap shortfall is paid",
        {.rules = "<commitment id='k' kind='power' systems='s' mw='0.6'"
                  " shortfall-usd-per-mw-month='1000'/>"},
        4 * YEAR + 0.2 * 12 * 1000},
    {"a dear shortfall is not",
        {.rules = "<commitment id='k' kind='power' systems='s' mw='0.6'"
                  " shortfall-usd-per-mw-month='10000'/>"},
        6 * YEAR},
    {"a commitment has its window",
        {.rules = "<commitment id='k' kind='power' systems='s' from='2026-04' to='2026-10'"
                  " mw='0.6'/>"},
        4 * (Q1 + Q4) + 6 * (Q2 + Q3)},
    {"what is promised to be spent is paid, taken or not",
        {.rules = "<commitment id='k' kind='spend' provider='p' usd='50000'/>"}, 50000},
    {"the rest of a spend commitment is paid in the last period of its window",
        {.horizon = HORIZON(" discount-rate='0.21'"),
            .offers = BY_QUARTER(" max-systems='0'", ""),
            .rules = "<commitment id='k' kind='spend' provider='p' to='2026-09' usd='1100'/>"},
        1000 + 40 * (Q1 + Q2 * 0.953462589245592315 + Q3 * 0.909090909090909091 +
                        Q4 * 0.86678417204144756)},

    /* Two of each, at 1 and 3 dollars. */
    {"no more than its share",
        {.systems = TWO_SYSTEMS,
            .offers = BY_QUARTER("", "")
                OFFER_OF("q", "z", "on-demand", " usd-per-system-hour='3'", ""),
            .workloads = CHAT("", RATE "<rate system='z' units-per-hour='1'/>" DEMAND("4")),
            .rules = "<limit id='l' attribute='vendor' value='v' max-share='0.5'/>"},
        8 * YEAR},
    {"a share has its window",
        {.systems = TWO_SYSTEMS,
            .offers = BY_QUARTER("", "")
                OFFER_OF("q", "z", "on-demand", " usd-per-system-hour='3'", ""),
            .workloads = CHAT("", RATE "<rate system='z' units-per-hour='1'/>" DEMAND("4")),
            .rules = "<limit id='l' attribute='stack' value='k' max-share='0' from='2026-07'/>"},
        4 * (Q1 + Q2) + 12 * (Q3 + Q4)},

    /* Existing systems */
    {"bought systems that do not pay are retired",
        {.offers = OFFER("buy",
             " capex-usd='1' term-months='60' opex-usd-per-year='8760' max-systems='0'",
             "<existing site='a' count='6' acquired='2025-01'/>")},
        4 * 8760},
    {"rented systems stay until their term ends",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='6' max-systems='0'",
             "<existing site='a' count='6' acquired='2025-10'/>")},
        6 * Q1 + 40 * (Q2 + Q3 + Q4)},
    /* Needed in the first and the last quarter: keeping one through two idle ones costs 4380, doing
     * without it in the last 22080. */
    {"a retired system does not come back",
        {.offers = OFFER("buy",
             " capex-usd='1' term-months='60' opex-usd-per-year='8760' max-systems='0'",
             "<existing site='a' count='1' acquired='2025-01'/>"),
            .workloads = CHAT("", RATE "<demand from='2026-01' to='2026-04' units-per-hour='1'/>"
                                       "<demand from='2026-10' units-per-hour='1'/>")},
        8760},
    {"existing systems may stand where their offer no longer serves",
        {.sites = TWO_SITES,
            .offers = OFFER("buy", " capex-usd='1' term-months='60' max-systems='0' sites='b'",
                "<existing site='a' count='6' acquired='2025-01'/>")},
        0},
    {"existing systems arrive when they were acquired",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='60' max-systems='0'",
             "<existing site='a' count='4' acquired='2026-05'/>")},
        40 * (Q1 + Q2) + 4 * (Q3 + Q4)},

    {"without demand nothing is done",
        {.workloads = CHAT("", RATE "<demand from='2026-01' units-per-hour='0'/>")}, 0},
    {"what is required is served at any price",
        {.offers = OFFER("on-demand", " usd-per-system-hour='100'", ""),
            .workloads = CHAT(" required='yes'", RATE DEMAND("4"))},
        400 * YEAR},
};

START_TEST(a_rule_has_its_cost)
{
    const struct rule_case *c = &CASES[_i];
    struct small_plan small = small_plan_solve(&c->pieces);

    ck_assert_msg(small.plan->status == PLAN_OPTIMAL, "%s: %s", c->rule,
        PLAN_STATUS_NAMES[small.plan->status]);
    ck_assert_msg(
        fabs(small.plan->objective_usd - c->cost_usd) <= 1e-9 * fmax(1, fabs(c->cost_usd)),
        "%s: it costs %.10g, not %.10g", c->rule, small.plan->objective_usd, c->cost_usd);
    small_plan_close(&small);
}
END_TEST

/* The reductions leave the optimum where it is. */
START_TEST(the_plain_model_has_the_same_optimum)
{
    const struct rule_case *c = &CASES[_i];
    const struct capacity_model_options plain = {.is_plain = true};
    struct scenario *scenario = small_scenario(&c->pieces);
    double optimum = small_plan_optimum(scenario, &plain);

    ck_assert_msg(fabs(optimum - c->cost_usd) <= 1e-9 * fmax(1, fabs(c->cost_usd)),
        "%s: it costs %.10g, not %.10g", c->rule, optimum, c->cost_usd);
    scenario_destroy(scenario);
}
END_TEST

struct impossible_case {
    const char *rule;
    struct small_pieces pieces;
};

static const struct impossible_case IMPOSSIBLE[] = {
    {"required demand beyond the power",
        {.sites = SITE("", "0.3", FREE), .workloads = CHAT(" required='yes'", RATE DEMAND("4"))}},
    {"a required volume beyond its window",
        {.workloads = TRAIN(" required='yes' max-systems='0.5'", "8760")}},
    {"a commitment beyond the power", {.sites = SITE("", "0.3", FREE),
                                          .rules = "<commitment id='k' kind='power' systems='s'"
                                                   " mw='0.6'/>"}},
    {"a commitment to systems that never come",
        {.systems = TWO_SYSTEMS,
            .rules = "<commitment id='k' kind='power' systems='z' mw='0.6'/>"}},
    {"existing systems that may not leave and have no power",
        {.sites = SITE("", "0.3", FREE),
            .offers = OFFER("reserve", " usd-per-system-hour='1' term-months='60'",
                "<existing site='a' count='4' acquired='2025-01'/>")}},
    {"rent that may not be paid and may not end",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='60'",
             "<existing site='a' count='4' acquired='2025-01'/>"),
            .rules = "<budget id='b' kind='operating' usd='100'/>"}},
    {"a share that existing systems exceed",
        {.offers = OFFER("reserve", " usd-per-system-hour='1' term-months='60'",
             "<existing site='a' count='4' acquired='2025-01'/>"),
            .rules = "<limit id='l' attribute='system' value='s' max-share='0.5'/>"}},
};

START_TEST(what_can_not_be_is_infeasible)
{
    struct small_plan small = small_plan_solve(&IMPOSSIBLE[_i].pieces);

    ck_assert_msg(small.plan->status == PLAN_INFEASIBLE, "%s: %s", IMPOSSIBLE[_i].rule,
        PLAN_STATUS_NAMES[small.plan->status]);
    ck_assert(!small.plan->has_plan);
    small_plan_close(&small);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/capacity_rules");
    TCase *tc = tcase_create("rules");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, a_rule_has_its_cost, 0, (int)(sizeof CASES / sizeof *CASES));
    tcase_add_loop_test(
        tc, the_plain_model_has_the_same_optimum, 0, (int)(sizeof CASES / sizeof *CASES));
    tcase_add_loop_test(
        tc, what_can_not_be_is_infeasible, 0, (int)(sizeof IMPOSSIBLE / sizeof *IMPOSSIBLE));
    suite_add_tcase(s, tc);
    return s;
}
