#include "agent/sensors.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHIPS = 4 };

static const double GIB = 1024.0 * 1024 * 1024;
static const double WAIT_S = 20;

struct bench {
    char *folder;
    char *wishes; /* what the stand-in is told */
    struct inventory *inventory;
    struct sensors *sensors;
    struct host_use use;
};

static struct bench bench;

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

static void tell(const char *words)
{
    mem_free(tempdir_write_text(bench.folder, "wishes", words));
}

static void open_inventory(const char *path, const char *sysfs)
{
    struct err err = {0};

    bench.inventory = inventory_create(path, sysfs, &err);
    ck_assert_msg(bench.inventory != NULL, "%s", err.text);
}

static void set_up(void)
{
    memset(&bench, 0, sizeof bench);
    bench.folder = tempdir_create();
    bench.wishes = tempdir_path(bench.folder, "wishes");
    tell("");
    ck_assert_int_eq(setenv("WATTYARD_STANDIN", bench.wishes, 1), 0);
}

static void tear_down(void)
{
    tell("");
    sensors_destroy(bench.sensors);
    inventory_destroy(bench.inventory);
    mem_free(bench.wishes);
    tempdir_remove(bench.folder);
}

/* The library is built beside the tests. */
static void start_nvml(void)
{
    const char *build = getenv("WATTYARD_BUILD");
    struct str library = {0};

    str_format(
        &library, "./%s/tests/agent/nvml_standin.so", build == NULL ? "build/release" : build);
    open_inventory("topologies/hosts/gb300-nvl72.xml", NULL);
    bench.sensors = sensors_create(
        bench.inventory, &(struct sensors_options){.nvml_library = library.text, .patience_s = 1});
    ck_assert_str_eq(sensors_note(bench.sensors), "");
    str_fini(&library);
}

static void read_once(void)
{
    sensors_read(bench.sensors, &bench.use);
}

static void check_figures(void)
{
    ck_assert_int_eq(bench.use.chip_count, CHIPS);
    for (int i = 0; i < CHIPS; i++) {
        const struct chip_use *chip = &bench.use.chips[i];
        struct str uuid = {0};

        str_format(&uuid, "GPU-0000000%d", i);
        ck_assert_str_eq(chip->uuid, uuid.text);
        ck_assert_double_eq(chip->use_frac, 0.25 * i);
        ck_assert_double_eq((double)chip->memory_used_bytes, i * GIB);
        ck_assert_double_eq((double)chip->memory_bytes, 288 * GIB);
        ck_assert_double_eq(chip->power_w, 180.5 + 100 * i);
        ck_assert_double_eq(chip->cap_w, 1400);
        ck_assert_double_eq(chip->default_cap_w, 1400);
        ck_assert(!chip->is_bad);
        str_fini(&uuid);
    }
}

START_TEST(nvml_tells_each_chip_by_its_address)
{
    start_nvml();
    read_once();
    check_figures();
    ck_assert_int_eq(sensors_can_cap(bench.sensors), geteuid() == 0);
}
END_TEST

START_TEST(a_lost_chip_is_bad_and_the_others_are_read)
{
    start_nvml();
    tell("lost 2\n");
    read_once();
    ck_assert(bench.use.chips[2].is_bad);
    ck_assert_str_eq(bench.use.chips[2].why, "NVML: GPU is lost");
    ck_assert_double_eq(bench.use.chips[2].power_w, -1);
    ck_assert(!bench.use.chips[3].is_bad);
    ck_assert_double_eq(bench.use.chips[3].power_w, 480.5);
    tell("");
    read_once();
    check_figures();
}
END_TEST

START_TEST(figures_that_cannot_be_are_not_known)
{
    start_nvml();
    tell("mad\n");
    read_once();
    for (int i = 0; i < CHIPS; i++) {
        ck_assert_double_eq(bench.use.chips[i].use_frac, -1);
        ck_assert_double_eq(bench.use.chips[i].power_w, -1);
        ck_assert_uint_eq(bench.use.chips[i].memory_bytes, 0);
        ck_assert(!bench.use.chips[i].is_bad);
    }
}
END_TEST

START_TEST(a_cap_is_set_read_back_and_lifted)
{
    struct err err = {0};

    start_nvml();
    ck_assert_msg(sensors_cap(bench.sensors, 0x5, 0.8, &err) == 0, "%s", err.text);
    read_once();
    for (int i = 0; i < CHIPS; i++)
        ck_assert_double_eq_tol(bench.use.chips[i].cap_w, i % 2 == 0 ? 1120 : 1400, 0.001);
    ck_assert_int_eq(sensors_cap(bench.sensors, 0xf, 1, &err), 0);
    read_once();
    check_figures();
}
END_TEST

static const struct {
    const char *wish;
    double power_frac;
    uint64_t chips;
    const char *expected;
} REFUSED[] = {
    {"refuse\n", 0.8, 1, "chip 0 can't be capped: No permission"},
    {"deaf\n", 0.5, 2, "chip 1 can't be capped at 700 W: it stands at 1400 W"},
    {"lost 3\n", 0.5, 8, "chip 3 can't be capped: NVML: GPU is lost"},
    {"", 0.1, 1, "chip 0 can't be capped at 140 W: 200 W is its least"},
    {"", 0, 1, "0 is no part of a chip's power"},
    {"", 1.5, 1, "1.5 is no part of a chip's power"},
};

START_TEST(a_cap_that_cannot_be_set_says_why)
{
    struct err err = {0};

    start_nvml();
    tell(REFUSED[_i].wish);
    ck_assert_int_eq(
        sensors_cap(bench.sensors, REFUSED[_i].chips, REFUSED[_i].power_frac, &err), -1);
    ck_assert_str_eq(err.text, REFUSED[_i].expected);
}
END_TEST

/* Reads until the first chip is bad or good, as told. */
static void wait_until(bool is_bad)
{
    double until_s = clock_monotonic_s() + WAIT_S;

    do {
        double before_s = clock_monotonic_s();

        read_once();
        ck_assert_double_lt(clock_monotonic_s() - before_s, 1);
        ck_assert_double_lt(clock_monotonic_s(), until_s);
        pause_ms(20);
    } while (bench.use.chips[0].is_bad != is_bad);
}

START_TEST(a_call_that_hangs_makes_chips_bad_and_holds_nobody)
{
    struct err err = {0};

    start_nvml();
    tell("hang\n");
    wait_until(true);
    ck_assert_str_eq(bench.use.chips[0].why, "NVML has not answered for 1 s");
    ck_assert_int_eq(sensors_cap(bench.sensors, 1, 0.8, &err), -1);
    ck_assert_str_eq(err.text, "NVML does not answer");
    tell("");
    wait_until(false);
    check_figures();
}
END_TEST

START_TEST(a_library_that_crashes_is_started_again)
{
    start_nvml();
    tell("crash\n");
    wait_until(true);
    tell("");
    wait_until(false);
    check_figures();
}
END_TEST

START_TEST(a_library_that_is_not_there_leaves_figures_unknown)
{
    struct err err = {0};

    open_inventory("topologies/hosts/gb300-nvl72.xml", NULL);
    bench.sensors = sensors_create(
        bench.inventory, &(struct sensors_options){.nvml_library = "libnothing-ml.so.1"});
    read_once();
    ck_assert(str_starts_with(sensors_note(bench.sensors), "NVML can't be opened: libnothing"));
    for (int i = 0; i < CHIPS; i++) {
        ck_assert(!bench.use.chips[i].is_bad);
        ck_assert_double_eq(bench.use.chips[i].power_w, -1);
    }
    ck_assert(!sensors_can_cap(bench.sensors));
    ck_assert_int_eq(sensors_cap(bench.sensors, 1, 0.5, &err), -1);
}
END_TEST

START_TEST(a_library_of_another_kind_is_not_used)
{
    open_inventory("topologies/hosts/gb300-nvl72.xml", NULL);
    bench.sensors = sensors_create(
        bench.inventory, &(struct sensors_options){.nvml_library = "libm.so.6"});
    ck_assert_str_eq(sensors_note(bench.sensors), "NVML is of another kind, it lacks: nvmlInit_v2");
}
END_TEST

START_TEST(a_stored_topology_is_not_read_on_the_machine_it_is_opened_on)
{
    open_inventory("topologies/hosts/gb300-nvl72.xml", NULL);
    bench.sensors = sensors_create(bench.inventory, &(struct sensors_options){0});
    read_once();
    ck_assert_int_eq(bench.use.chip_count, CHIPS);
    ck_assert(!bench.use.chips[0].is_bad);
    ck_assert_double_eq(bench.use.chips[0].use_frac, -1);
    ck_assert_double_ge(bench.use.load, 0);
    ck_assert_uint_gt(bench.use.memory_used_bytes, 1000 * 1000);
    ck_assert_str_eq(sensors_note(bench.sensors), "");
}
END_TEST

static void put(const char *name, const char *text)
{
    mem_free(tempdir_write_text(bench.folder, name, text));
}

static void put_neuron(int device, const char *name, const char *text)
{
    struct str path = {0};

    str_format(&path, "class/neuron_device/neuron%d/%s", device, name);
    put(path.text, text);
    str_fini(&path);
}

static void start_neuron(void)
{
    for (int i = 0; i < CHIPS; i++) {
        put_neuron(i, "info/architecture/device_name", "Trainium2\n");
        put_neuron(i, "info/serial_number", i == 0 ? "ab12\n" : "cd34\n");
        put_neuron(i, "neuron_core0/stats/memory_usage/device_mem/total", "1000\n");
        put_neuron(i, "neuron_core3/stats/memory_usage/device_mem/total", "500\n");
        put_neuron(i, "stats/hardware/mem_ecc_uncorrected/total", "0\n");
    }
    open_inventory(NULL, bench.folder);
    ck_assert_int_eq(bench.inventory->chip_count, CHIPS);
    bench.sensors = sensors_create(
        bench.inventory, &(struct sensors_options){.sysfs = bench.folder});
}

START_TEST(neuron_memory_power_and_faults_are_read_from_sysfs)
{
    start_neuron();
    put_neuron(1, "stats/power/utilization", "POWER_STATUS_VALID,1732147200,10.00,80.00,42.50\n");
    put_neuron(2, "stats/hardware/mem_ecc_uncorrected/total", "3\n");
    put_neuron(3, "stats/hardware/sram_ecc_uncorrected", "1\n");
    read_once();
    ck_assert_str_eq(bench.use.chips[0].uuid, "ab12");
    ck_assert_uint_eq(bench.use.chips[0].memory_used_bytes, 1500);
    ck_assert_double_eq(bench.use.chips[0].power_w, -1);
    ck_assert_double_eq(bench.use.chips[1].power_w, 212.5);
    ck_assert(!bench.use.chips[1].is_bad);
    ck_assert_str_eq(bench.use.chips[2].why, "uncorrectable errors in its memory");
    ck_assert_str_eq(bench.use.chips[3].why, "uncorrectable errors in its SRAM");
    ck_assert(bench.use.chips[2].is_bad && bench.use.chips[3].is_bad);
    ck_assert(!sensors_can_cap(bench.sensors));
}
END_TEST

static const char *const NO_POWER[] = {"POWER_STATUS_NO_DATA,0,0.00,0.00,0.00",
    "POWER_STATUS_VALID,1,2,3", "POWER_STATUS_VALID,1,2,3,400", "POWER_STATUS_VALID,1,2,3,x", ""};

START_TEST(neuron_power_that_says_nothing_is_not_known)
{
    start_neuron();
    put_neuron(0, "stats/power/utilization", NO_POWER[_i]);
    read_once();
    ck_assert_double_eq(bench.use.chips[0].power_w, -1);
}
END_TEST

START_TEST(a_neuron_device_that_goes_is_bad)
{
    char *from, *to;

    start_neuron();
    from = tempdir_path(bench.folder, "class/neuron_device/neuron1");
    to = tempdir_path(bench.folder, "gone");
    ck_assert_int_eq(rename(from, to), 0);
    read_once();
    ck_assert(bench.use.chips[1].is_bad);
    ck_assert(!bench.use.chips[2].is_bad);
    mem_free(from);
    mem_free(to);
}
END_TEST

static void start_linux(void)
{
    open_inventory("topologies/hosts/trn4.xml", NULL);
    bench.sensors = sensors_create(
        bench.inventory, &(struct sensors_options){.sysfs = bench.folder, .procfs = bench.folder});
}

START_TEST(load_and_memory_come_from_proc)
{
    put("loadavg", "12.25 3.00 1.00 5/900 4242\n");
    put("meminfo", "MemTotal:        1000 kB\nMemFree:   100 kB\nMemAvailable:     400 kB\n");
    start_linux();
    read_once();
    ck_assert_double_eq(bench.use.load, 12.25);
    ck_assert_uint_eq(bench.use.memory_used_bytes, 600 * 1024);
    ck_assert_double_eq(bench.use.power_w, -1);
}
END_TEST

/* Two packages and memory, one counter of which starts again; cores are part of a package. */
START_TEST(counters_of_energy_give_mean_power)
{
    static const char *const NAMES[] = {"package-0", "package-1", "dram", "core"};
    double from_s, to_s, joules = 30 + 20 + 10;

    for (int i = 0; i < 4; i++) {
        struct str path = {0};

        str_format(&path, "class/powercap/intel-rapl:%d/name", i);
        put(path.text, NAMES[i]);
        str_clear(&path);
        str_format(&path, "class/powercap/intel-rapl:%d/max_energy_range_uj", i);
        put(path.text, "100000000\n");
        str_clear(&path);
        str_format(&path, "class/powercap/intel-rapl:%d/energy_uj", i);
        put(path.text, "90000000\n");
        str_fini(&path);
    }
    start_linux();
    read_once();
    from_s = clock_monotonic_s();
    ck_assert_double_eq(bench.use.power_w, -1);
    put("class/powercap/intel-rapl:0/energy_uj", "20000000\n");
    put("class/powercap/intel-rapl:1/energy_uj", "10000000\n");
    put("class/powercap/intel-rapl:2/energy_uj", "100000000\n");
    put("class/powercap/intel-rapl:3/energy_uj", "99000000\n");
    pause_ms(300);
    read_once();
    to_s = clock_monotonic_s();
    ck_assert_double_ge(bench.use.power_w, joules / (to_s - from_s) * 0.9);
    ck_assert_double_le(bench.use.power_w, joules / 0.3 * 1.1);
}
END_TEST

START_TEST(a_board_with_meters_is_read_where_there_is_no_rapl)
{
    put("class/hwmon/hwmon0/name", "power_meter\n");
    put("class/hwmon/hwmon0/device/power1_oem_info", "Grace Power Socket 0\n");
    put("class/hwmon/hwmon0/device/power1_average", "120000000\n");
    put("class/hwmon/hwmon1/name", "power_meter\n");
    put("class/hwmon/hwmon1/device/power1_oem_info", "CPU Power Socket 0\n");
    put("class/hwmon/hwmon1/device/power1_average", "80000000\n");
    put("class/hwmon/hwmon2/name", "power_meter\n");
    put("class/hwmon/hwmon2/power1_average", "5500000\n");
    put("class/hwmon/hwmon3/name", "nvme\n");
    put("class/hwmon/hwmon3/power1_average", "7000000\n");
    start_linux();
    read_once();
    ck_assert_double_eq(bench.use.power_w, 125.5);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("sensors");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, nvml_tells_each_chip_by_its_address);
    tcase_add_test(t, a_lost_chip_is_bad_and_the_others_are_read);
    tcase_add_test(t, figures_that_cannot_be_are_not_known);
    tcase_add_test(t, a_cap_is_set_read_back_and_lifted);
    tcase_add_loop_test(t, a_cap_that_cannot_be_set_says_why, 0, sizeof REFUSED / sizeof *REFUSED);
    tcase_add_test(t, a_call_that_hangs_makes_chips_bad_and_holds_nobody);
    tcase_add_test(t, a_library_that_crashes_is_started_again);
    tcase_add_test(t, a_library_that_is_not_there_leaves_figures_unknown);
    tcase_add_test(t, a_library_of_another_kind_is_not_used);
    tcase_add_test(t, a_stored_topology_is_not_read_on_the_machine_it_is_opened_on);
    tcase_add_test(t, neuron_memory_power_and_faults_are_read_from_sysfs);
    tcase_add_loop_test(
        t, neuron_power_that_says_nothing_is_not_known, 0, sizeof NO_POWER / sizeof *NO_POWER);
    tcase_add_test(t, a_neuron_device_that_goes_is_bad);
    tcase_add_test(t, load_and_memory_come_from_proc);
    tcase_add_test(t, counters_of_energy_give_mean_power);
    tcase_add_test(t, a_board_with_meters_is_read_where_there_is_no_rapl);
    suite_add_tcase(s, t);
    return s;
}
