#include "base/units.h"

#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIGNIFICANT_DIGITS = 3, NUMBER_SIZE = 400 };

bool units_power_holds(double load_kw, double limit_kw)
{
    return load_kw <= limit_kw * (1 + UNITS_POWER_TOLERANCE_REL) + UNITS_POWER_TOLERANCE_KW;
}

bool units_near(double a, double b, double rel, double abs)
{
    return fabs(a - b) <= rel * fmax(fabs(a), fabs(b)) + abs;
}

/* A step of a scale: amounts from `from` on are shown in units of `size`. */
struct unit_step {
    double from;
    double size;
    const char *name;
};

static const struct unit_step MONEY[] = {
    {1e9, 1e9, " bn"}, {1e6, 1e6, " m"}, {1e3, 1e3, " k"}, {0, 1, ""}};
/* Megawatts to 10 GW: sites and plans are spoken of so. */
static const struct unit_step POWER[] = {
    {1e7, 1e6, " GW"}, {1e3, 1e3, " MW"}, {1, 1, " kW"}, {0, 1e-3, " W"}};
static const struct unit_step RATE[] = {{1e15, 1e15, " P"}, {1e12, 1e12, " T"}, {1e9, 1e9, " G"},
    {1e6, 1e6, " M"}, {1e3, 1e3, " k"}, {0, 1, ""}};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* How many decimals show `digits` significant ones of value >= 0. */
static int decimals_for(double value, int digits)
{
    int decimals = digits - 1;

    while (decimals > 0 && value >= 10) {
        value /= 10;
        decimals--;
    }
    return decimals;
}

/* 5.60 -> 5.6, 5.00 -> 5; without a point nothing changes. */
static void trim_zeros(char *number)
{
    size_t length = strlen(number);

    if (strchr(number, '.') == NULL)
        return;
    while (number[length - 1] == '0')
        length--;
    if (number[length - 1] == '.')
        length--;
    number[length] = '\0';
}

/* value >= 0 with three significant digits and commas. */
static void format_number(double value, char *number)
{
    if (value > 0 && value < 0.01) {
        (void)snprintf(number, NUMBER_SIZE, "%.*g", SIGNIFICANT_DIGITS, value);
        return;
    }
    (void)str_grouped(value, decimals_for(value, SIGNIFICANT_DIGITS), number, NUMBER_SIZE);
    trim_zeros(number);
}

/* The first step whose `from` the amount reaches, also when it does only by rounding: 999.96 k is
 * 1 m. */
static const struct unit_step *pick_step(const struct unit_step *steps, size_t count, double amount)
{
    for (size_t i = 0; i + 1 < count; i++) {
        double finer = steps[i + 1].size;
        double scale = pow(10, decimals_for(amount / finer, SIGNIFICANT_DIGITS));

        if (amount >= steps[i].from ||
            round(amount / finer * scale) / scale * finer >= steps[i].from)
            return &steps[i];
    }
    return &steps[count - 1];
}

static const char *format_amount(const char *sign, double amount, const struct unit_step *steps,
    size_t count, char *buffer, size_t size)
{
    double magnitude = fabs(amount);
    const struct unit_step *step = pick_step(steps, count, magnitude);
    char number[NUMBER_SIZE];

    if (!isfinite(amount)) {
        (void)snprintf(buffer, size, "-");
        return buffer;
    }
    format_number(magnitude / step->size, number);
    (void)snprintf(buffer, size, "%s%s%s%s", amount < 0 ? "-" : "", sign, number, step->name);
    return buffer;
}

const char *units_money(double usd, char *buffer, size_t size)
{
    double magnitude = fabs(usd);

    /* Small change in cents, as prices are written. */
    if (magnitude >= 0.01 && magnitude < 99.995) {
        (void)snprintf(buffer, size, "%s$%.2f", usd < 0 ? "-" : "", magnitude);
        return buffer;
    }
    return format_amount("$", usd, MONEY, LENGTH(MONEY), buffer, size);
}

const char *units_power_kw(double kw, char *buffer, size_t size)
{
    /* Nought has no magnitude to pick watts by. */
    if (kw == 0) {
        (void)snprintf(buffer, size, "0 kW");
        return buffer;
    }
    return format_amount("", kw, POWER, LENGTH(POWER), buffer, size);
}

const char *units_count(double count, char *buffer, size_t size)
{
    if (!isfinite(count)) {
        (void)snprintf(buffer, size, "-");
        return buffer;
    }
    /* Not "-0". */
    return str_grouped(fabs(count) < 0.5 ? 0 : count, 0, buffer, size);
}

const char *units_rate(double rate, char *buffer, size_t size)
{
    return format_amount("", rate, RATE, LENGTH(RATE), buffer, size);
}

const char *units_duration(double seconds, char *buffer, size_t size)
{
    static const double longest_s = 1e15;
    double whole = floor(fabs(seconds));
    long long days;
    long long rest;

    if (!isfinite(seconds) || whole > longest_s) {
        (void)snprintf(buffer, size, "-");
        return buffer;
    }
    days = (long long)whole / 86400;
    rest = (long long)whole % 86400;
    if (days > 0)
        (void)snprintf(buffer, size, "%s%lldd %02lld:%02lld", seconds < 0 ? "-" : "", days,
            rest / 3600, rest / 60 % 60);
    else
        (void)snprintf(buffer, size, "%s%lld:%02lld:%02lld", seconds < 0 && whole > 0 ? "-" : "",
            rest / 3600, rest / 60 % 60, rest % 60);
    return buffer;
}

const char *units_percent(double share, char *buffer, size_t size)
{
    double percent = share * 100;
    double magnitude = fabs(percent);
    char number[NUMBER_SIZE];
    int decimals = magnitude >= 9.95 ? 0 : magnitude >= 0.995 ? 1 : 2;

    if (!isfinite(percent)) {
        (void)snprintf(buffer, size, "-");
        return buffer;
    }
    (void)str_grouped(magnitude, decimals, number, sizeof number);
    trim_zeros(number);
    (void)snprintf(
        buffer, size, "%s%s %%", percent < 0 && strcmp(number, "0") != 0 ? "-" : "", number);
    return buffer;
}
