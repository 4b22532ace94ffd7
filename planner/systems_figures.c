#include "planner/systems_figures.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>

#define HOURS_PER_YEAR 8760.0
#define TFLOPS_PER_PFLOPS 1000.0
#define GB_PER_TB 1000.0
#define MILLION 1e6
#define JOULES_PER_KWH 3.6e6

const char *const SYSTEM_FIGURE_NAMES[FIGURE_COUNT] = {
    [FIGURE_CHIPS] = "chips",
    [FIGURE_RACKS] = "racks",
    [FIGURE_BF16_PFLOPS] = "bf16_pflops",
    [FIGURE_FP8_PFLOPS] = "fp8_pflops",
    [FIGURE_FP4_PFLOPS] = "fp4_pflops",
    [FIGURE_HBM_TB] = "hbm_tb",
    [FIGURE_HBM_TB_PER_S] = "hbm_tb_per_s",
    [FIGURE_POWER_KW] = "power_kw",
    [FIGURE_PRICE_USD] = "price_usd",
    [FIGURE_W_PER_PFLOP] = "w_per_pflop",
    [FIGURE_USD_PER_PFLOP] = "usd_per_pflop",
    [FIGURE_W_PER_GB_PER_S] = "w_per_gb_per_s",
    [FIGURE_USD_PER_GB_PER_S] = "usd_per_gb_per_s",
    [FIGURE_HOLD_USD_PER_CHIP_HOUR] = "hold_usd_per_chip_hour",
    [FIGURE_HOLD_USD_PER_HOUR] = "hold_usd_per_hour",
    [FIGURE_ENERGY_USD_PER_HOUR] = "energy_usd_per_hour",
    [FIGURE_TOTAL_USD_PER_HOUR] = "total_usd_per_hour",
    [FIGURE_USD_PER_PFLOP_HOUR] = "usd_per_pflop_hour",
    [FIGURE_TOKENS_PER_HOUR] = "tokens_per_hour",
    [FIGURE_USD_PER_MILLION_TOKENS] = "usd_per_million_tokens",
    [FIGURE_JOULES_PER_MILLION_TOKENS] = "joules_per_million_tokens",
};

static void set(struct system_figures *f, enum system_figure figure, double value, bool is_estimate)
{
    f->values[figure] = value;
    f->is_estimate[figure] = is_estimate;
}

static double peak_pflops(const struct system *system, enum precision precision)
{
    return system_chip_count(system) * system->chip->peak_tflops[precision] / TFLOPS_PER_PFLOPS;
}

static bool is_peak_estimate(const struct system *system, enum precision precision)
{
    char name[32];

    (void)snprintf(name, sizeof name, "peak-%s", PRECISION_NAMES[precision]);
    return chip_is_estimate(system->chip, name);
}

static void set_peak(struct system_figures *f, enum system_figure figure, enum precision precision)
{
    double pflops = peak_pflops(f->system, precision);

    set(f, figure, pflops > 0 ? pflops : NAN, is_peak_estimate(f->system, precision));
}

static void set_hardware(struct system_figures *f)
{
    const struct system *system = f->system;
    bool is_count_estimate = system_is_estimate(system, "hosts") ||
                             system_is_estimate(system, "chips-per-host");
    double chips = system_chip_count(system);

    set(f, FIGURE_CHIPS, chips, is_count_estimate);
    set(f, FIGURE_RACKS, system->rack_count, system_is_estimate(system, "racks"));
    set_peak(f, FIGURE_BF16_PFLOPS, PRECISION_BF16);
    set_peak(f, FIGURE_FP8_PFLOPS, PRECISION_FP8);
    set_peak(f, FIGURE_FP4_PFLOPS, PRECISION_FP4);
    set(f, FIGURE_HBM_TB, chips * system->chip->hbm_gb / GB_PER_TB,
        chip_is_estimate(system->chip, "hbm-gb"));
    set(f, FIGURE_HBM_TB_PER_S, chips * system->chip->hbm_gbps / GB_PER_TB,
        chip_is_estimate(system->chip, "hbm-gbps"));
    set(f, FIGURE_POWER_KW, system->power_kw, system_is_estimate(system, "power-kw"));
}

/* What a dollar of capital costs a year. */
static double annuity(double discount_rate, double years)
{
    if (discount_rate <= 0)
        return 1 / years;
    return discount_rate / (1 - pow(1 + discount_rate, -years));
}

static void set_money(struct system_figures *f, const struct system_price *price,
    const struct system_settings *settings)
{
    double hold = NAN;
    bool is_estimate = price != NULL && price->is_estimate;
    double energy = f->values[FIGURE_POWER_KW] * settings->pue * settings->usd_per_mwh /
                    UNITS_KWH_PER_MWH;

    if (price != NULL)
        hold = price->usd_per_hour + price->opex_usd_per_year / HOURS_PER_YEAR +
               (price->capex_usd > 0
                       ? price->capex_usd * annuity(settings->discount_rate, price->years) /
                             HOURS_PER_YEAR
                       : 0);
    set(f, FIGURE_HOLD_USD_PER_HOUR, hold, is_estimate);
    set(f, FIGURE_HOLD_USD_PER_CHIP_HOUR, hold / f->values[FIGURE_CHIPS], is_estimate);
    set(f, FIGURE_PRICE_USD, hold * HOURS_PER_YEAR * settings->years, is_estimate);
    set(f, FIGURE_ENERGY_USD_PER_HOUR, energy, f->is_estimate[FIGURE_POWER_KW]);
    set(f, FIGURE_TOTAL_USD_PER_HOUR, hold + energy,
        is_estimate || f->is_estimate[FIGURE_POWER_KW]);
}

/* The precision's own peak, which need not be one of the three that have a column. */
static void set_per_work(struct system_figures *f, const struct system_settings *settings)
{
    double gb_per_s = f->values[FIGURE_HBM_TB_PER_S] * GB_PER_TB;
    double pflops = peak_pflops(f->system, settings->precision);
    bool is_estimate = is_peak_estimate(f->system, settings->precision);

    if (pflops <= 0)
        pflops = NAN;
    set(f, FIGURE_W_PER_PFLOP, f->values[FIGURE_POWER_KW] * 1000 / pflops,
        is_estimate || f->is_estimate[FIGURE_POWER_KW]);
    set(f, FIGURE_USD_PER_PFLOP, f->values[FIGURE_PRICE_USD] / pflops,
        is_estimate || f->is_estimate[FIGURE_PRICE_USD]);
    set(f, FIGURE_USD_PER_PFLOP_HOUR, f->values[FIGURE_TOTAL_USD_PER_HOUR] / pflops,
        is_estimate || f->is_estimate[FIGURE_TOTAL_USD_PER_HOUR]);
    set(f, FIGURE_W_PER_GB_PER_S, f->values[FIGURE_POWER_KW] * 1000 / gb_per_s,
        f->is_estimate[FIGURE_POWER_KW] || f->is_estimate[FIGURE_HBM_TB_PER_S]);
    set(f, FIGURE_USD_PER_GB_PER_S, f->values[FIGURE_PRICE_USD] / gb_per_s,
        f->is_estimate[FIGURE_PRICE_USD] || f->is_estimate[FIGURE_HBM_TB_PER_S]);
}

static void set_tokens(struct system_figures *f, const struct system_work *work,
    const struct system_settings *settings)
{
    double power_frac = work == NULL ? 1 : work->power_frac;
    double tokens = work == NULL || work->units_per_hour <= 0 ? NAN : work->units_per_hour;
    double usable = tokens * f->system->availability;
    double energy_usd = f->values[FIGURE_ENERGY_USD_PER_HOUR] * power_frac;
    double meter_kw = f->values[FIGURE_POWER_KW] * power_frac * settings->pue;

    set(f, FIGURE_TOKENS_PER_HOUR, tokens, work != NULL && work->is_derived);
    set(f, FIGURE_USD_PER_MILLION_TOKENS,
        MILLION * (f->values[FIGURE_HOLD_USD_PER_HOUR] / usable + energy_usd / tokens),
        f->is_estimate[FIGURE_TOTAL_USD_PER_HOUR] || f->is_estimate[FIGURE_TOKENS_PER_HOUR]);
    set(f, FIGURE_JOULES_PER_MILLION_TOKENS, MILLION * JOULES_PER_KWH * meter_kw / tokens,
        f->is_estimate[FIGURE_POWER_KW] || f->is_estimate[FIGURE_TOKENS_PER_HOUR]);
}

struct system_figures systems_figures_reckon(const struct system *system,
    const struct system_price *price, const struct system_work *work,
    const struct system_settings *settings)
{
    struct system_figures f = {.system = system, .offer = price == NULL ? NULL : price->offer};

    set_hardware(&f);
    set_money(&f, price, settings);
    set_per_work(&f, settings);
    set_tokens(&f, work, settings);
    return f;
}

double systems_even_chip_price(const struct system_figures *figures, double usd_per_pflop_hour)
{
    const double *values = figures->values;
    double pflops = values[FIGURE_TOTAL_USD_PER_HOUR] / values[FIGURE_USD_PER_PFLOP_HOUR];

    return (usd_per_pflop_hour * pflops - values[FIGURE_ENERGY_USD_PER_HOUR]) /
           values[FIGURE_CHIPS];
}
