#include "agent/inventory_print.h"

#include "agent/inventory.h"
#include "agent/sensors.h"

static const double GB = 1e9;

/* "  memory  13.1 GB", or nothing when it is not known. */
static void print_figure(FILE *out, const char *name, double value, const char *unit)
{
    if (value >= 0)
        (void)fprintf(out, "  %s %.4g %s", name, value, unit);
}

static void print_chip(
    FILE *out, int index, const struct inventory_chip *chip, const struct chip_use *use)
{
    (void)fprintf(out, "chip %d: %s", index, chip->model);
    if (chip->pci[0] != '\0')
        (void)fprintf(out, ", PCI %s", chip->pci);
    if (chip->numa_node >= 0)
        (void)fprintf(out, ", NUMA node %d", chip->numa_node);
    if (use->uuid[0] != '\0')
        (void)fprintf(out, ", %s", use->uuid);
    (void)fputs(use->is_bad ? "\n  BAD: " : "\n", out);
    if (use->is_bad)
        (void)fprintf(out, "%s\n", use->why);
    if (use->use_frac < 0 && use->power_w < 0 && use->cap_w < 0 && use->memory_used_bytes == 0 &&
        use->memory_bytes == 0)
        return;
    print_figure(out, "use", use->use_frac < 0 ? -1 : use->use_frac * 100, "%");
    print_figure(out, "memory", (double)use->memory_used_bytes / GB, "GB");
    if (use->memory_bytes > 0)
        (void)fprintf(out, " of %.4g GB", (double)use->memory_bytes / GB);
    print_figure(out, "power", use->power_w, "W");
    print_figure(out, "limit", use->cap_w, "W");
    print_figure(out, "by default", use->default_cap_w, "W");
    (void)fputc('\n', out);
}

void inventory_print(
    const struct inventory *inventory, const struct host_use *use, bool can_cap, FILE *out)
{
    (void)fprintf(out, "processor: %s%s\n",
        inventory->processor[0] != '\0' ? inventory->processor : "not known",
        inventory->is_stored ? " (a stored topology: binding is reckoned, not applied)" : "");
    (void)fprintf(out, "cores: %d, hardware threads %d, NUMA nodes %d\n", inventory->core_count,
        inventory->thread_count, inventory->numa_count);
    (void)fprintf(out, "memory: %.4g GB, in use %.4g GB; load %.2f\n",
        (double)inventory->memory_bytes / GB, (double)use->memory_used_bytes / GB, use->load);
    if (use->power_w >= 0)
        (void)fprintf(out, "power: %.4g W\n", use->power_w);
    (void)fprintf(out, "chips: %d, power caps %s\n", inventory->chip_count,
        can_cap ? "can be set" : "can't be set");
    for (int i = 0; i < inventory->chip_count; i++)
        print_chip(out, i, &inventory->chips[i], &use->chips[i]);
}
