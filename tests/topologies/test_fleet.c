#include "topologies/fleet.h"

#include "base/faults.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/agree.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CATALOG                                                                                    \
    "<catalog><chip id=\"c\" vendor=\"v\" stack=\"s\" hbm-gb=\"1\" hbm-gbps=\"1\" mfu=\"0.4\" "    \
    "bw-efficiency=\"0.5\"/>"                                                                      \
    "<system id=\"big\" chip=\"c\" hosts=\"18\" chips-per-host=\"4\" power-kw=\"140\" "            \
    "idle-kw=\"26\"/>"                                                                             \
    "<system id=\"small\" chip=\"c\" hosts=\"4\" chips-per-host=\"16\" power-kw=\"48\" "           \
    "idle-kw=\"12\"/></catalog>"

/* Line by line, so that a test can say where a fault stands. */
static const char GOOD[] = "<fleet xmlns=\"urn:wattyard:1\" name=\"oregon-1\">" CATALOG "\n"
                           "<site id=\"oregon\" region=\"us-west\" jurisdiction=\"us\" "
                           "power-kw=\"30000\" pue=\"1.12\" usd-per-mwh=\"48\">\n"
                           "<hall id=\"h1\" power-kw=\"15000\">\n"
                           "<feed id=\"f[01-10]\" power-kw=\"1500\" reclaim-share=\"0.5\">\n"
                           "<rack id=\"r[01-09]\" system=\"big\" usd-per-hour=\"430\"/>\n"
                           "</feed></hall>\n"
                           "<hall id=\"h2\"><feed id=\"a\">\n"
                           "<rack id=\"r[1,3]\" system=\"small\" power-kw=\"40\"/>\n"
                           "</feed></hall></site>\n"
                           "<tenant id=\"research\" share=\"0.6\" usd-per-hour=\"20000\"/>\n"
                           "<tenant id=\"product\" share=\"0.4\"/>\n"
                           "<user name=\"ann\" roles=\"view operate\" tenants=\"research product\" "
                           "priority-max=\"700\"/>\n"
                           "<user name=\"bob\"/>\n"
                           "</fleet>\n";

static struct fleet *load_good(void)
{
    struct faults faults = {0};
    struct fleet *fleet = fleet_parse(GOOD, strlen(GOOD), "fleet.xml", &faults);

    ck_assert_msg(fleet != NULL, "%s", faults.count > 0 ? faults.list[0].text : "no fault");
    ck_assert_uint_eq(faults.count, 0);
    faults_fini(&faults);
    return fleet;
}

START_TEST(ranges_make_the_floor)
{
    struct fleet *fleet = load_good();

    ck_assert_str_eq(fleet->name, "oregon-1");
    ck_assert_str_eq(fleet->path, "fleet.xml");
    ck_assert_int_eq(fleet->site_count, 1);
    ck_assert_int_eq(fleet->hall_count, 2);
    ck_assert_int_eq(fleet->feed_count, 11);
    ck_assert_int_eq(fleet->rack_count, 92);
    ck_assert_int_eq(fleet->host_count, 90 * 18 + 2 * 4);
    ck_assert_str_eq(fleet->feeds[2].id, "f03");
    ck_assert_str_eq(fleet->racks[2 * 9 + 6].id, "r07");
    ck_assert_str_eq(fleet->racks[90].id, "r1");
    ck_assert_str_eq(fleet->racks[91].id, "r3");
    fleet_destroy(fleet);
}
END_TEST

START_TEST(limits_and_prices_are_read_and_default)
{
    struct fleet *fleet = load_good();

    ck_assert_double_eq(fleet->sites[0].power_kw, 30000);
    ck_assert_double_eq(fleet->sites[0].pue, 1.12);
    ck_assert_double_eq(fleet->sites[0].usd_per_mwh, 48);
    ck_assert_str_eq(fleet->sites[0].region, "us-west");
    ck_assert_double_eq(fleet->halls[0].power_kw, 15000);
    ck_assert(isinf(fleet->halls[1].power_kw));
    ck_assert_double_eq(fleet->feeds[9].power_kw, 1500);
    ck_assert_double_eq(fleet->feeds[9].reclaim_share, 0.5);
    ck_assert(isinf(fleet->feeds[10].power_kw));
    ck_assert_double_eq(fleet->feeds[10].reclaim_share, 0);
    ck_assert_double_eq(fleet->racks[0].power_kw, 140); /* the system's */
    ck_assert_double_eq(fleet->racks[0].usd_per_hour, 430);
    ck_assert_double_eq(fleet->racks[90].power_kw, 40);
    ck_assert_double_eq(fleet->racks[90].usd_per_hour, 0);
    ck_assert_double_eq(fleet->default_wall_minutes, 10080);
    ck_assert(!fleet->allow_root);
    ck_assert_str_eq(fleet_rack_system(fleet, 90)->id, "small");
    fleet_destroy(fleet);
}
END_TEST

START_TEST(people_are_read)
{
    struct fleet *fleet = load_good();

    ck_assert_int_eq(fleet->tenant_count, 2);
    ck_assert_double_eq(fleet->tenants[0].share, 0.6);
    ck_assert_double_eq(fleet->tenants[0].usd_per_hour, 20000);
    ck_assert(isinf(fleet->tenants[1].usd_per_hour));
    ck_assert_int_eq(fleet_find_tenant(fleet, "product"), 1);
    ck_assert_int_eq(fleet_find_tenant(fleet, "nobody"), -1);
    ck_assert_int_eq(fleet->user_count, 2);
    ck_assert_uint_eq(fleet->users[0].roles, FLEET_ROLE_VIEW | FLEET_ROLE_OPERATE);
    ck_assert_uint_eq(fleet->users[0].tenant_count, 2);
    ck_assert_str_eq(fleet->users[0].tenants[1], "product");
    ck_assert_int_eq(fleet->users[0].priority_max, 700);
    ck_assert_uint_eq(fleet->users[1].roles, FLEET_ROLE_VIEW | FLEET_ROLE_SUBMIT);
    ck_assert_ptr_null(fleet->users[1].tenants);
    ck_assert_int_eq(fleet->users[1].priority_max, 1000);
    fleet_destroy(fleet);
}
END_TEST

/* The runs of children cover each array once, in order, and the backward indices agree. */
static void check_tree(const struct fleet *fleet)
{
    int hall = 0;
    int feed = 0;
    int rack = 0;
    int host = 0;

    for (int s = 0; s < fleet->site_count; s++) {
        ck_assert_int_eq(fleet->sites[s].first_hall, hall);
        for (int h = 0; h < fleet->sites[s].hall_count; h++, hall++) {
            ck_assert_int_eq(fleet->halls[hall].site, s);
            ck_assert_int_eq(fleet->halls[hall].first_feed, feed);
            for (int f = 0; f < fleet->halls[hall].feed_count; f++, feed++) {
                ck_assert_int_eq(fleet->feeds[feed].hall, hall);
                ck_assert_int_eq(fleet->feeds[feed].site, s);
                ck_assert_int_eq(fleet->feeds[feed].first_rack, rack);
                for (int r = 0; r < fleet->feeds[feed].rack_count; r++, rack++) {
                    ck_assert_int_eq(fleet->racks[rack].feed, feed);
                    ck_assert_int_eq(fleet->racks[rack].hall, hall);
                    ck_assert_int_eq(fleet->racks[rack].site, s);
                    ck_assert_int_eq(fleet->racks[rack].first_host, host);
                    for (int t = 0; t < fleet->racks[rack].host_count; t++, host++)
                        ck_assert_int_eq(fleet->host_rack[host], rack);
                }
            }
        }
    }
    ck_assert_int_eq(hall, fleet->hall_count);
    ck_assert_int_eq(feed, fleet->feed_count);
    ck_assert_int_eq(rack, fleet->rack_count);
    ck_assert_int_eq(host, fleet->host_count);
}

START_TEST(the_tree_is_whole)
{
    struct fleet *fleet = load_good();

    check_tree(fleet);
    fleet_destroy(fleet);
}
END_TEST

START_TEST(hosts_are_named_by_where_they_stand)
{
    struct fleet *fleet = load_good();
    char name[FLEET_NAME_SIZE];
    int host = fleet->racks[2 * 9 + 6].first_host + 11;

    ck_assert_str_eq(fleet_host_name(fleet, host, name), "oregon-h1-f03-r07-t12");
    ck_assert_int_eq(fleet_find_host(fleet, "oregon-h1-f03-r07-t12"), host);
    ck_assert_str_eq(fleet_rack_path(fleet, 2 * 9 + 6, name), "oregon/h1/f03/r07");
    ck_assert_str_eq(fleet_feed_path(fleet, 2, name), "oregon/h1/f03");
    ck_assert_str_eq(fleet_hall_path(fleet, 1, name), "oregon/h2");
    for (int i = 0; i < fleet->host_count; i++)
        ck_assert_int_eq(fleet_find_host(fleet, fleet_host_name(fleet, i, name)), i);
    fleet_destroy(fleet);
}
END_TEST

static const char *const NO_HOSTS[] = {"", "t01", "-t01", "oregon", "oregon-h1-f03-r07",
    "oregon-h1-f03-r07-t", "oregon-h1-f03-r07-t0", "oregon-h1-f03-r07-t00", "oregon-h1-f03-r07-t19",
    "oregon-h1-f03-r07-t1", "oregon-h1-f03-r07-t012", "oregon-h1-f03-r07-t+2",
    "oregon-h1-f03-r07-t-1", "oregon-h1-f03-r07-t99999999999999999999", "oregon-h1-f03-r17-t12",
    "oregon-h1-f13-r07-t12", "oregon-h1-f03-r07-t12 ", "Oregon-h1-f03-r07-t12",
    "oregon-h1-f03-r07-x12"};

START_TEST(what_is_no_host_is_not_found)
{
    struct fleet *fleet = load_good();

    ck_assert_int_eq(fleet_find_host(fleet, NO_HOSTS[_i]), -1);
    fleet_destroy(fleet);
}
END_TEST

START_TEST(ids_may_hold_dashes_and_hosts_are_still_found)
{
    static const char text[] =
        "<fleet xmlns=\"urn:wattyard:1\" name=\"n\">" CATALOG
        "<site id=\"a\"><hall id=\"b-c\"><feed id=\"d\"><rack id=\"r-t01\" system=\"small\"/>"
        "</feed></hall><hall id=\"b\"><feed id=\"c-e\"><rack id=\"r-t01\" system=\"small\"/>"
        "</feed></hall></site></fleet>";
    struct faults faults = {0};
    struct fleet *fleet = fleet_parse(text, strlen(text), "n.xml", &faults);
    char name[FLEET_NAME_SIZE];

    ck_assert_ptr_nonnull(fleet);
    ck_assert_str_eq(fleet->sites[0].region, "a"); /* its id */
    for (int i = 0; i < fleet->host_count; i++)
        ck_assert_int_eq(fleet_find_host(fleet, fleet_host_name(fleet, i, name)), i);
    ck_assert_int_eq(fleet_find_host(fleet, "a-b-c-d-r-t01-t01"), 0);
    fleet_destroy(fleet);
    faults_fini(&faults);
}
END_TEST

/* One change to GOOD, and the fault that must come of it, with its line in GOOD. */
struct bad_input {
    const char *find, *replace;
    long line;
    const char *fault;
};

static const struct bad_input BAD[] = {
    {" name=\"oregon-1\"", "", 1, "attribute 'name' is missing"},
    {" name=\"oregon-1\"", " name=\"oregon-1\" default-wall-minutes=\"0\"", 1,
        "attribute 'default-wall-minutes' is '0'; it must be from 1"},
    {" name=\"oregon-1\"", " name=\"oregon-1\" allow-root=\"maybe\"", 1,
        "attribute 'allow-root' is 'maybe'; it is one of no, yes"},
    {"<site id=\"oregon\"", "<site id=\"oregon\" powr-kw=\"1\"", 2,
        "attribute 'powr-kw' is not known here; did you mean power-kw?"},
    {"power-kw=\"30000\"", "power-kw=\"-1\"", 2,
        "<site id=\"oregon\">: attribute 'power-kw' is '-1'; it can't be negative"},
    {"pue=\"1.12\"", "pue=\"0.9\"", 2, "attribute 'pue' is '0.9'; it must be from 1 to 10"},
    {"usd-per-mwh=\"48\"", "usd-per-mwh=\"4,8\"", 2,
        "attribute 'usd-per-mwh' is '4,8'; that is not a number; write 4.8 with a point"},
    {"<site id=\"oregon\" ", "<site ", 2, "attribute 'id' is missing"},
    {"<hall id=\"h1\"", "<hall id=\"h[1\"", 3, "attribute 'id': a bracket is not closed"},
    {"<hall id=\"h1\"", "<hall id=\"h[2-1]\"", 3, "attribute 'id': the range 2-1 runs backwards"},
    {"<hall id=\"h1\"", "<hall id=\"h[1-900000000]\"", 3, "attribute 'id': it makes over"},
    {"<hall id=\"h1\"", "<hall id=\"h 1\"", 3, "attribute 'id': "},
    {"<hall id=\"h1\"",
        "<hall id=\"h12345678901234567890123456789012345678901234567890123456789012345\"", 3,
        "is longer than 64 letters"},
    {"<hall id=\"h2\"", "<hall id=\"h1\"", 7,
        "<hall id=\"h1\">: there is one of that id in the same place, in line 3"},
    {"<feed id=\"f[01-10]\"", "<feed id=\"f[1,2,1]\"", 4,
        "<feed id=\"f1\">: there is one of that id in the same place, in line 4"},
    {"reclaim-share=\"0.5\"", "reclaim-share=\"1.5\"", 4,
        "attribute 'reclaim-share' is '1.5'; it must be from 0 to 1"},
    {"<feed id=\"f[01-10]\"", "<feed usd-per-hour=\"3\" id=\"f[01-10]\"", 4,
        "attribute 'usd-per-hour' is not known here"},
    {"system=\"big\"", "system=\"bigg\"", 5,
        "<rack id=\"r[01-09]\">: there is no system 'bigg'; did you mean big?"},
    {"system=\"big\"", "system=\"quite-other\"", 5,
        "there is no system 'quite-other'; include a catalog that has it"},
    {" system=\"big\"", "", 5, "attribute 'system' is missing"},
    {"usd-per-hour=\"430\"", "usd-per-hour=\"1e400\"", 5,
        "attribute 'usd-per-hour' is '1e400'; that is no number, or too large"},
    {"<rack id=\"r[1,3]\"", "<rack id=\"r[1,1]\"", 8,
        "<rack id=\"r1\">: hosts of this rack and of the one in line 8 would both be named "
        "oregon-h2-a-r1-t01"},
    {"<rack id=\"r[1,3]\"", "<blade/><rack id=\"r[1,3]\"", 8,
        "element 'blade' in <feed> is not known here"},
    {"</feed></hall></site>", "stray</feed></hall></site>", 7, "the text 'stray' stands in it"},
    {"share=\"0.4\"", "share=\"0.5\"", 1, "the tenants' shares sum to 1.1; they may sum to 1"},
    {"share=\"0.4\"", "share=\"-0.4\"", 11, "attribute 'share' is '-0.4'; it can't be negative"},
    {"<tenant id=\"product\"", "<tenant id=\"research\"", 11,
        "<tenant id=\"research\">: there is a tenant of that id already, in line 10"},
    {"<tenant id=\"product\"", "<tenant id=\"pro duct\"", 11, "attribute 'id' is 'pro duct'"},
    {"tenants=\"research product\"", "tenants=\"research prodct\"", 12,
        "tenants=\"prodct\": there is no such tenant; did you mean product?"},
    {"roles=\"view operate\"", "roles=\"view rule\"", 12,
        "<user name=\"ann\">: role 'rule' is not known; roles are view, submit and operate"},
    {"roles=\"view operate\"", "roles=\" \"", 12, "roles are one or more of view, submit, operate"},
    {"roles=\"view operate\"", "roles=\"view view view view\"", 12, "roles are one or more of"},
    {"priority-max=\"700\"", "priority-max=\"1001\"", 12,
        "attribute 'priority-max' is '1001'; it must be from 0 to 1000"},
    {"priority-max=\"700\"", "priority-max=\"7.5\"", 12, "that is not a whole number"},
    {"<user name=\"bob\"", "<user name=\"ann\"", 13,
        "<user name=\"ann\">: there is a user of that name already, in line 12"},
    {"<user name=\"bob\"/>", "<site id=\"oregon\"/>", 13,
        "<site id=\"oregon\">: there is one of that id in the same place, in line 2"},
    {"<user name=\"bob\"/>", "<rack id=\"x\" system=\"big\"/>", 13,
        "element 'rack' in <fleet> is not known here"},
    {"chips-per-host=\"16\"", "chips-per-host=\"65\"", 8,
        "system small has 65 chips a host; at most 64 are handled"},
    {"<rack id=\"r[01-09]\"", "<rack id=\"r[1-200000]\"", 5, "the fleet has over 1000000 hosts"},
    {"</fleet>", "", 15, "not well-formed XML"},
};

START_TEST(each_fault_is_told_with_its_line)
{
    const struct bad_input *bad = &BAD[_i];
    char *text = edit_replace(GOOD, bad->find, bad->replace);
    struct faults faults = {0};
    struct fleet *fleet = fleet_parse(text, strlen(text), "fleet.xml", &faults);
    const char *found = edit_find_fault(&faults, bad->fault);
    char *all = edit_list_faults(&faults);
    char place[40];

    (void)snprintf(place, sizeof place, "fleet.xml:%ld: ", bad->line);
    ck_assert_ptr_null(fleet);
    ck_assert_uint_gt(faults.error_count, 0);
    ck_assert_msg(found != NULL, "no '%s' in:\n%s", bad->fault, all);
    ck_assert_msg(str_starts_with(found, place), "not in line %ld: %s", bad->line, found);
    mem_free(all);
    mem_free(text);
    faults_fini(&faults);
}
END_TEST

START_TEST(another_root_is_no_fleet)
{
    static const char text[] = "<jobs xmlns=\"urn:wattyard:1\"/>";
    struct faults faults = {0};

    ck_assert_ptr_null(fleet_parse(text, strlen(text), "n.xml", &faults));
    ck_assert_str_eq(faults.list[0].text, "n.xml:1: <jobs>: this is no <fleet>; give a fleet file");
    faults_fini(&faults);
}
END_TEST

START_TEST(a_fleet_without_racks_is_a_fault)
{
    static const char text[] =
        "<fleet xmlns=\"urn:wattyard:1\" name=\"n\">" CATALOG
        "<site id=\"s\"><hall id=\"h\"><feed id=\"f\"/></hall></site></fleet>";
    struct faults faults = {0};

    ck_assert_ptr_null(fleet_parse(text, strlen(text), "n.xml", &faults));
    ck_assert_ptr_nonnull(
        edit_find_fault(&faults, "n.xml:1: <fleet name=\"n\">: the fleet has no racks"));
    faults_fini(&faults);
}
END_TEST

START_TEST(all_faults_are_told_at_once)
{
    static const char text[] = "<fleet xmlns=\"urn:wattyard:1\" name=\"n\">" CATALOG "\n"
                               "<site id=\"s[\" pue=\"0\">\n"
                               "<hall id=\"h\" power-kw=\"x\">\n"
                               "<feed>\n"
                               "<rack id=\"r[1-9]\" system=\"none\"/>\n"
                               "</feed></hall></site>\n"
                               "<tenant id=\"t\" share=\"7\"/>\n"
                               "<user name=\"u\" tenants=\"t\" roles=\"king\"/>\n"
                               "</fleet>";
    static const char *const expected[] = {"n.xml:2: <site id=\"s[\">: attribute 'pue'",
        "n.xml:2: <site id=\"s[\">: attribute 'id'", "n.xml:3: <hall id=\"h\">: attribute 'power",
        "n.xml:4: <feed>: attribute 'id' is missing", "n.xml:5: <rack id=\"r[1-9]\">: there is no",
        "n.xml:7: <tenant id=\"t\">: attribute 'share'", "n.xml:8: <user name=\"u\">: role 'king'"};
    struct faults faults = {0};
    char *all;

    ck_assert_ptr_null(fleet_parse(text, strlen(text), "n.xml", &faults));
    all = edit_list_faults(&faults);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_msg(edit_find_fault(&faults, expected[i]), "no '%s' in:\n%s", expected[i], all);
    ck_assert_msg(faults.count == sizeof expected / sizeof *expected, "more than these:\n%s", all);
    mem_free(all);
    faults_fini(&faults);
}
END_TEST

START_TEST(limits_below_what_stands_idle_are_warned_of)
{
    struct faults faults = {0};
    char *text = edit_replace(GOOD, "power-kw=\"1500\"", "power-kw=\"233\"");
    struct fleet *fleet = fleet_parse(text, strlen(text), "fleet.xml", &faults);

    ck_assert_ptr_nonnull(fleet);
    ck_assert_uint_eq(faults.warning_count, 1); /* once, and not for each of the ten */
    ck_assert_str_eq(faults.list[0].text,
        "fleet.xml:4: warning: <feed>: power-kw is 233, and what stands there draws 234 kW when "
        "idle: no job can start on it");
    fleet_destroy(fleet);
    mem_free(text);
    faults_fini(&faults);
}
END_TEST

/* Sites, halls and rows that would each make as many names as a file may have. */
static const char *const HUGE[] = {
    "<site id=\"s[1-100000]\"><hall id=\"h[1-100000]\"><feed id=\"f[1-100000]\"/></hall></site>",
    "<site id=\"s\"><hall id=\"h\"><feed id=\"f[1-1000]\"><rack id=\"r[1-200]\" system=\"big\"/>"
    "</feed></hall></site>",
    "<site id=\"s[1-1000][1-1000]\"/><site id=\"t[1-1000][1-1000]\"/>",
};

START_TEST(sizes_are_limited_before_memory_is)
{
    struct str text = {0};
    struct faults faults = {0};

    str_add(&text, "<fleet xmlns=\"urn:wattyard:1\" name=\"n\">" CATALOG);
    for (int i = 0; i < 500; i++)
        str_add(&text, HUGE[_i]);
    str_add(&text, "</fleet>");
    ck_assert_ptr_null(fleet_parse(text.text, text.length, "n.xml", &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "over"));
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

START_TEST(many_of_one_kind_load_fast)
{
    struct str text = {0};
    struct faults faults = {0};
    struct fleet *fleet;

    str_add(&text, "<fleet xmlns=\"urn:wattyard:1\" name=\"n\">" CATALOG "<site id=\"s\">");
    for (int i = 0; i < 20000; i++)
        str_format(&text,
            "<hall id=\"h%d\"><feed id=\"f\"><rack id=\"r\" system=\"small\"/></feed></hall>", i);
    str_add(&text, "</site>");
    for (int i = 0; i < 5000; i++)
        str_format(&text, "<tenant id=\"t%d\"/><user name=\"u%d\" tenants=\"t%d t0\"/>", i, i, i);
    str_add(&text, "</fleet>");
    fleet = fleet_parse(text.text, text.length, "n.xml", &faults);
    ck_assert_ptr_nonnull(fleet);
    ck_assert_int_eq(fleet->rack_count, 20000);
    ck_assert_int_eq(fleet->user_count, 5000);
    check_tree(fleet);
    fleet_destroy(fleet);
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

START_TEST(a_fleet_in_memory_may_include_nothing)
{
    static const char text[] =
        "<fleet xmlns=\"urn:wattyard:1\" xmlns:xi=\"http://www.w3.org/2001/XInclude\" name=\"n\">"
        "<xi:include href=\"topologies/catalog.xml\"/></fleet>";
    struct faults faults = {0};

    ck_assert_ptr_null(fleet_parse(text, strlen(text), "n.xml", &faults));
    ck_assert_uint_gt(faults.error_count, 0);
    faults_fini(&faults);
}
END_TEST

/* What the comments of the shipped fleets say of them. */
static const struct {
    const char *path;
    int site_count, rack_count, host_count, chip_count, kind_count;
    double site_limits_mw, site_draw_mw; /* at the meter */
} SHIPPED[] = {
    {"topologies/fleets/one-row.xml", 1, 6, 144, 576, 2, 1.120, 1.079},
    {"topologies/fleets/mixed-30mw.xml", 2, 194, 3856, 17632, 5, 30.0, 30.302},
    {"topologies/fleets/one-gigawatt.xml", 4, 5288, 146792, 599072, 5, 1000.0, 1034.172},
};

START_TEST(the_shipped_fleets_are_what_they_say)
{
    struct faults faults = {0};
    struct fleet *fleet = fleet_load(SHIPPED[_i].path, NULL, &faults);
    bool is_there[64] = {false};
    int chip_count = 0;
    int kind_count = 0;
    double limits_kw = 0;
    double draw_kw = 0;

    ck_assert_msg(fleet != NULL, "%s", faults.count > 0 ? faults.list[0].text : "no fault");
    ck_assert_uint_eq(faults.count, 0);
    check_tree(fleet);
    for (int r = 0; r < fleet->rack_count; r++) {
        chip_count += system_chip_count(fleet_rack_system(fleet, r));
        kind_count += !is_there[fleet->racks[r].system];
        is_there[fleet->racks[r].system] = true;
        draw_kw += fleet_rack_system(fleet, r)->power_kw * fleet->sites[fleet->racks[r].site].pue;
        ck_assert_double_gt(fleet->racks[r].usd_per_hour, 0);
    }
    for (int i = 0; i < fleet->site_count; i++)
        limits_kw += fleet->sites[i].power_kw;
    ck_assert_int_eq(fleet->site_count, SHIPPED[_i].site_count);
    ck_assert_int_eq(fleet->rack_count, SHIPPED[_i].rack_count);
    ck_assert_int_eq(fleet->host_count, SHIPPED[_i].host_count);
    ck_assert_int_eq(chip_count, SHIPPED[_i].chip_count);
    ck_assert_int_eq(kind_count, SHIPPED[_i].kind_count);
    ck_assert_double_eq_tol(limits_kw, SHIPPED[_i].site_limits_mw * 1000, 0.5);
    ck_assert_double_eq_tol(draw_kw, SHIPPED[_i].site_draw_mw * 1000, 0.5);
    fleet_destroy(fleet);
    faults_fini(&faults);
}
END_TEST

static bool loads(const char *text, size_t count, struct faults *faults)
{
    struct fleet *fleet = fleet_parse(text, count, "fleet.xml", faults);

    fleet_destroy(fleet);
    return fleet != NULL;
}

START_TEST(tables_schema_and_page_agree)
{
    agree_check(loads, GOOD, "catalog", "topologies/fleet.rng", "topologies/pages/fleet-file.txt");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_a_fault)
{
    struct faults faults = {0};

    ck_assert_ptr_null(fleet_load("topologies/fleets/none.xml", NULL, &faults));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "topologies/fleets/none.xml"));
    faults_fini(&faults);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("topologies/fleet");
    TCase *tc = tcase_create("fleet");
    TCase *bad = tcase_create("bad input");

    tcase_add_test(tc, ranges_make_the_floor);
    tcase_add_test(tc, limits_and_prices_are_read_and_default);
    tcase_add_test(tc, people_are_read);
    tcase_add_test(tc, the_tree_is_whole);
    tcase_add_test(tc, hosts_are_named_by_where_they_stand);
    tcase_add_loop_test(
        tc, what_is_no_host_is_not_found, 0, (int)(sizeof NO_HOSTS / sizeof *NO_HOSTS));
    tcase_add_test(tc, ids_may_hold_dashes_and_hosts_are_still_found);
    tcase_add_loop_test(
        tc, the_shipped_fleets_are_what_they_say, 0, (int)(sizeof SHIPPED / sizeof *SHIPPED));
    tcase_add_test(tc, tables_schema_and_page_agree);
    tcase_add_test(tc, a_file_that_is_not_there_is_a_fault);
    suite_add_tcase(s, tc);
    tcase_add_loop_test(bad, each_fault_is_told_with_its_line, 0, (int)(sizeof BAD / sizeof *BAD));
    tcase_add_test(bad, another_root_is_no_fleet);
    tcase_add_test(bad, a_fleet_without_racks_is_a_fault);
    tcase_add_test(bad, all_faults_are_told_at_once);
    tcase_add_test(bad, limits_below_what_stands_idle_are_warned_of);
    tcase_add_loop_test(
        bad, sizes_are_limited_before_memory_is, 0, (int)(sizeof HUGE / sizeof *HUGE));
    tcase_add_test(bad, many_of_one_kind_load_fast);
    tcase_add_test(bad, a_fleet_in_memory_may_include_nothing);
    tcase_set_timeout(bad, 30);
    suite_add_tcase(s, bad);
    return s;
}
