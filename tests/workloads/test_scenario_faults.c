/*
 * What is wrong with a scenario is said with file, line, element, fault and remedy. Each case makes
 * one change to a good file; the message stands at the line of the change, or `below` lines after.
 */
#include "workloads/scenario.h"

#include "base/mem.h"
#include "base/str.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#define FULL "tests/cases/scenario/full.xml"

struct fault_case {
    const char *find, *replace;
    const char *at;      /* NULL: the message is where the change is */
    const char *message; /* what follows "full.xml:<line>: " */
};

static const struct fault_case CATALOG_CASES[] = {
    {"<chip id=\"gb300\"", "<chip id=\"trainium\"", NULL,
        "<chip id=\"trainium\">: another chip has this id; give each its own"},
    {"<system id=\"gb300-nvl72\"", "<system id=\"trn3\"", NULL,
        "<system id=\"trn3\">: another system has this id; give each its own"},
    {"chip=\"gb300\"", "chip=\"gb30\"", NULL,
        "<system id=\"gb300-nvl72\">: chip=\"gb30\": there is no such chip; did you mean gb300?"},
    {"<peak precision=\"bf16\"", "<peak precision=\"fp8\"",
        "<peak precision=\"fp8\" tflops=\"2517\"",
        "<peak precision=\"fp8\">: the chip has a peak at fp8 already; keep one of them"},
    {"power-kw=\"200\" idle-kw=\"50\"", "power-kw=\"50\" idle-kw=\"200\"", NULL,
        "<system id=\"trn3\">: idle-kw (200) is above power-kw (50); exchange them?"},
    {"power=\"0.8\"", "power=\"0.2\"", NULL,
        "<mode id=\"capped\">: power 0.2 of 200 kW is below the system's idle-kw (50); raise power "
        "or lower idle-kw"},
    {"<mode id=\"capped\"", "<mode id=\"full\"", NULL,
        "<mode id=\"full\">: another mode of the system has this id; give each its own"},
    {"says=\"hosts chips-per-host racks\"", "says=\"host chips-per-host racks\"", NULL,
        "<source>: \"host\" is no figure of a <system>; did you mean hosts?"},
    {"attribute=\"tdp-w\"", "attribute=\"colour\"", NULL,
        "<estimate>: \"colour\" is no figure of a <chip>; name an attribute"},
};

static const struct fault_case FUTURE_CASES[] = {
    {"probability=\"0.6\"", "probability=\"0.5\"", NULL,
        "<future id=\"as-planned\">: the probabilities of all futures sum to 0.9, and not to 1"},
    {"<future id=\"as-planned\"", "<future id=\"late\"", NULL,
        "<future id=\"late\">: another future has this id; give each its own"},
    {"what=\"power:oregon\"", "what=\"power:oregano\"", NULL,
        "<change>: 'power:oregano' names nothing in the scenario; did you mean oregon?"},
    {"what=\"power:oregon\"", "what=\"heat\"", NULL,
        "<change>: 'heat': what varies is power, demand, budget, supply, price, energy or "
        "available, with ':id' behind it or for all"},
    {"<change what=\"power:oregon\" months=\"6\"/>", "<change what=\"power:oregon\"/>", NULL,
        "<change>: it changes nothing; give a factor or months"},
    {"what=\"available:trn3\" months=\"12\"", "what=\"available:trn3\" factor=\"2\"", NULL,
        "<change>: factor does not go with \"available\"; leave it out"},
    {"what=\"power:oregon\" months", "what=\"price\" months", NULL,
        "<change>: months does not go with \"price\"; leave it out"},
    {"what=\"power:oregon\" months=\"6\"", "what=\"demand:pretrain\" months=\"24\"", NULL,
        "<change>: no period starts in the window of pretrain then; move it by less"},
};

static const struct fault_case TIME_CASES[] = {
    {"end=\"2027-12\" step", "end=\"2027-11\" step", NULL,
        "<horizon>: its 23 months are no whole number of quarters; `end` is the last month, so "
        "move it by 1 later or 2 earlier"},
    {"end=\"2027-12\" step", "end=\"2025-12\" step", NULL,
        "<horizon>: its end is before its start; exchange them?"},
    {"start=\"2026-01\" end=\"2027-12\" step=\"quarter\"",
        "start=\"1980-01\" end=\"2089-12\" step=\"month\"", NULL,
        "<horizon>: it has 1320 periods, and 1200 are the most; shorten it, or take longer steps"},
    {"<site id=\"oregon\"",
        "<horizon start=\"2026-01\" end=\"2026-12\" step=\"year\"/><site id=\"oregon\"", NULL,
        "<horizon>: there is a <horizon> at line 21 already; keep one of them"},
    {"<offer id=\"rent-gb300\"", "<offer id=\"rent-gb300\" from=\"2027-11\"", NULL,
        "<offer id=\"rent-gb300\">: no period starts in its window, from 2027-11, to 2028-01 "
        "(exclusive); periods start in 2026-01 and each 3 months after; widen it"},
    {"start=\"2026-04\" end=\"2027-04\"", "start=\"2026-05\" end=\"2026-07\"", NULL,
        "<workload id=\"pretrain\">: no period starts in its window, start 2026-05, end 2026-07 "
        "(exclusive)"},
    {"from=\"2026-01\" to=\"2027-01\" usd", "from=\"2028-01\" to=\"2029-01\" usd", NULL,
        "<budget id=\"capex-2026\">: no period starts in its window"},
    {"from=\"2026-01\" to=\"2028-01\" usd", "from=\"2027-01\" to=\"2026-01\" usd", NULL,
        "<commitment id=\"aws-spend\">: no period starts in its window, from 2027-01, to 2026-01"},
    {"max-share=\"0.7\" from=\"2026-04\" to=\"2027-10\"", "max-share=\"0.7\" to=\"2025-10\"", NULL,
        "<limit id=\"vendor-mix\">: no period starts in its window, from 2026-01, to 2025-10"},
};

static const struct fault_case SITE_CASES[] = {
    {"<site id=\"dublin\"", "<site id=\"oregon\"", NULL,
        "<site id=\"oregon\">: another site has this id; give each its own"},
    {"<energy from=\"2026-01\" usd-per-mwh=\"90\"/>", "", "<site id=\"dublin\"",
        "<site id=\"dublin\">: it has no <energy> and so no price; add <energy from=\"...\" "
        "usd-per-mwh=\"...\"/>"},
    {"<energy from=\"2026-01\" usd-per-mwh=\"90\"/>",
        "<energy from=\"2026-07\" usd-per-mwh=\"90\"/>", NULL,
        "<energy>: site dublin has no energy price in the period from 2026-01; add a row, or date "
        "one earlier"},
    {"<energy from=\"2026-01\" usd-per-mwh=\"90\"/>",
        "<energy from=\"2026-01\" to=\"2027-01\" usd-per-mwh=\"90\"/>", NULL,
        "<energy>: site dublin has no energy price in the period from 2027-01"},
    {"<power from=\"2026-10\"", "<power from=\"2026-01\"", NULL,
        "<power>: line 23 has a row from \"2026-01\" too; keep one of them, or change its date"},
    {"<energy from=\"2027-01\"", "<energy from=\"2025-01\"", NULL,
        "<energy>: line 25 has a row from \"2025-01\" too; keep one of them, or change its date"},
    {"<power from=\"2026-10\" to=\"2027-10\"", "<power from=\"2026-10\" to=\"2026-10\"", NULL,
        "<power>: it ends (to) no later than it starts (from=\"2026-10\"); `to` is the first month "
        "after it"},
    {"region=\"us\" site=\"oregon\" ms", "region=\"us\" site=\"oregno\" ms", NULL,
        "<latency region=\"us\">: site=\"oregno\": there is no such site; did you mean oregon?"},
    {"<latency region=\"eu\" site=\"dublin\" ms=\"15\"/>",
        "<latency region=\"eu\" site=\"dublin\" ms=\"15\"/>\n<latency region=\"eu\" "
        "site=\"dublin\" ms=\"16\"/>",
        "site=\"dublin\" ms=\"16\"",
        "<latency>: line 34 has the latency from eu to dublin too; keep one of them"},
};

static const struct fault_case OFFER_CASES[] = {
    {"<offer id=\"spot-gb300\"", "<offer id=\"rent-gb300\"", NULL,
        "<offer id=\"rent-gb300\">: another offer has this id; give each its own"},
    {"<offer id=\"buy-trn3\" system=\"trn3\"", "<offer id=\"buy-trn3\" system=\"trn4\"", NULL,
        "<offer id=\"buy-trn3\">: system=\"trn4\": there is no such system; did you mean trn3?"},
    {"sites=\"oregon dublin\"", "sites=\"oregon paris\"", NULL,
        "<offer id=\"buy-trn3\">: sites=\"paris\": there is no such site; add it, or name another"},
    {"term-months=\"60\" capex", "capex", NULL,
        "<offer id=\"buy-trn3\">: it has capex-usd and no term-months; say over how many months it "
        "is used"},
    {"<supply from=\"2026-01\" to=\"2027-07\" systems-per-month=\"40\"/>",
        "<supply from=\"2026-01\" systems-per-month=\"40\"/>\n<supply from=\"2026-01\" "
        "systems-per-month=\"41\"/>",
        "systems-per-month=\"41\"",
        "<supply>: line 36 has a row from \"2026-01\" too; keep one of them"},
    {"<existing site=\"oregon\"", "<existing site=\"dubln\"", NULL,
        "<existing>: site=\"dubln\": there is no such site; did you mean dublin?"},
};

static const struct fault_case KIND_CASES[] = {
    {"<workload id=\"chat\" kind=\"inference\"",
        "<workload id=\"chat\" sites-max=\"1\" "
        "kind=\"inference\"",
        NULL,
        "<workload id=\"chat\">: sites-max does not go with kind=\"inference\"; leave it out"},
    {"<workload id=\"chat\" kind=\"inference\"",
        "<workload id=\"chat\" start=\"2026-01\" "
        "kind=\"inference\"",
        NULL, "<workload id=\"chat\">: start does not go with kind=\"inference\"; leave it out"},
    {"<workload id=\"scoring\" kind=\"batch\"",
        "<workload id=\"scoring\" survive-site=\"0.5\" "
        "kind=\"batch\"",
        NULL,
        "<workload id=\"scoring\">: survive-site does not go with kind=\"batch\"; leave it out"},
    {"<workload id=\"pretrain\" kind=\"training\"",
        "<workload id=\"pretrain\" load-factor=\"0.5\" kind=\"training\"", NULL,
        "<workload id=\"pretrain\">: load-factor does not go with kind=\"training\"; leave it out"},
    {"<volume units=\"1e13\"/>", "", "<workload id=\"scoring\"",
        "<workload id=\"scoring\">: <volume> is missing; kind=\"batch\" needs it"},
    {"<volume units=\"1e13\"/>",
        "<volume units=\"1e13\"/><demand from=\"2026-01\" units-per-hour=\"1\"/>",
        "<workload id=\"scoring\"",
        "<workload id=\"scoring\">: <demand> does not go with kind=\"batch\"; leave it out"},
    {"kind=\"inference\" value", "kind=\"training\" value", NULL,
        "<workload id=\"chat\">: <demand> does not go with kind=\"training\"; leave it out"},
    {"kind=\"batch\" value", "kind=\"inference\" value", NULL,
        "<workload id=\"scoring\">: <demand> is missing; kind=\"inference\" needs it"},
    {" kv-bytes-per-token=\"70000\"", "", NULL,
        "<model precision=\"fp8\">: kv-bytes-per-token is missing; kind=\"inference\" needs it"},
    {"kind=\"capex\" from=\"2026-01\" to=\"2027-01\" usd=\"2.0e9\"",
        "kind=\"capex\" from=\"2026-01\" to=\"2027-01\"", NULL,
        "<budget id=\"capex-2026\">: usd is missing; kind=\"capex\" needs it"},
    {"kind=\"carbon\" tonnes", "kind=\"carbon\" usd=\"1\" tonnes", NULL,
        "<budget id=\"carbon\">: usd does not go with kind=\"carbon\"; leave it out"},
    {"kind=\"carbon\" tonnes=\"200000\"", "kind=\"carbon\"", NULL,
        "<budget id=\"carbon\">: tonnes is missing; kind=\"carbon\" needs it"},
    {"kind=\"carbon\" tonnes", "kind=\"carbon\" provider=\"cloud\" tonnes", NULL,
        "<budget id=\"carbon\">: provider does not go with kind=\"carbon\"; leave it out"},
    {"kind=\"power\" systems=\"trn3\"", "kind=\"power\"", NULL,
        "<commitment id=\"trainium-power\">: systems is missing; kind=\"power\" needs it"},
    {"mw=\"8\" shortfall", "shortfall", NULL,
        "<commitment id=\"trainium-power\">: mw is missing; kind=\"power\" needs it"},
    {"kind=\"spend\" provider=\"aws\"", "kind=\"spend\"", NULL,
        "<commitment id=\"aws-spend\">: provider is missing; kind=\"spend\" needs it"},
    {"kind=\"spend\" provider=\"aws\"", "kind=\"spend\" mw=\"3\" provider=\"aws\"", NULL,
        "<commitment id=\"aws-spend\">: mw does not go with kind=\"spend\"; leave it out"},
};

static const struct fault_case WORKLOAD_CASES[] = {
    {"<workload id=\"scoring\"", "<workload id=\"chat\"", NULL,
        "<workload id=\"chat\">: another workload has this id; give each its own"},
    {"<rate system=\"trn3\" units-per-hour=\"2e9\"/>", "", "<workload id=\"scoring\"",
        "<workload id=\"scoring\">: it has neither a <model> nor a <rate>, so no system can run "
        "it; add one"},
    {"<rate system=\"trn3\"", "<rate system=\"trn33\"", NULL,
        "<rate system=\"trn33\">: system=\"trn33\": there is no such system; did you mean trn3?"},
    {"<rate system=\"trn3\"", "<rate system=\"trn3\" units-per-hour=\"1\"/>\n<rate system=\"trn3\"",
        "<rate system=\"trn3\" units-per-hour=\"2e9\"",
        "<rate system=\"trn3\">: the workload has a rate on trn3 already; keep one of them"},
    {"<efficiency system=\"trn3\"",
        "<efficiency system=\"trn3\" mfu=\"0.5\"/>\n<efficiency system=\"trn3\"", "mfu=\"0.3\"",
        "<efficiency system=\"trn3\">: the workload has an efficiency for trn3 already; keep one "
        "of them"},
    {"<rate system=\"trn3\"", "<efficiency system=\"trn3\" mfu=\"0.5\"/><rate system=\"trn3\"",
        NULL,
        "<efficiency system=\"trn3\">: the workload has no <model>, so there is no rate to derive "
        "by it; leave it "
        "out"},
    {"<volume units=\"1e13\"/>", "<volume units=\"1e13\"/>\n<volume units=\"2e13\"/>",
        "<volume units=\"2e13\"",
        "<volume>: there is a <volume> at line 56 already; keep one of them"},
    {"<model active-params=\"37e9\" precision=\"fp8\"/>",
        "<model active-params=\"37e9\" precision=\"fp8\"/>\n<model active-params=\"38e9\" "
        "precision=\"fp8\"/>",
        "<model active-params=\"38e9\"",
        "<model precision=\"fp8\">: there is a <model> at line 44 already; keep one of them"},
    {"<porting stack=\"neuron\"",
        "<porting stack=\"neuron\" usd=\"1\"/>\n<porting "
        "stack=\"neuron\"",
        "usd=\"20000000\"", "<porting>: the workload has a porting to neuron already; keep one"},
    {"power-fraction=\"0.8\"", "power-fraction=\"0.3\"", NULL,
        "<workload id=\"chat\">: power-fraction 0.3 takes trn3 in mode capped to 48 kW, below its "
        "idle-kw of 50; raise it"},
    {"<demand region=\"us\" from=\"2027-01\"",
        "<demand region=\"us\" max-latency-ms=\"50\" from=\"2027-01\"", NULL,
        "<demand region=\"us\">: max-latency-ms differs from line 50; all rows of a region must "
        "say the same"},
    {"<demand region=\"us\" from=\"2027-01\"",
        "<demand region=\"us\" jurisdictions=\"us\" from=\"2027-01\"", NULL,
        "<demand region=\"us\">: jurisdictions differ from line 50; all rows of a region must say "
        "the same"},
    {"<demand region=\"us\" from=\"2027-01\"", "<demand region=\"us\" from=\"2026-01\"", NULL,
        "<demand>: line 50 has a row from \"2026-01\" too; keep one of them, or change its date"},
    {"<demand region=\"eu\" from=\"2026-07\"", "<demand region=\"as\" from=\"2026-07\"", NULL,
        "<demand region=\"as\">: it has max-latency-ms, but the latency from as to dublin is not "
        "listed; add <latency region=\"as\" site=\"dublin\" ms=\"...\"/>"},
    {"<demand from=\"2026-01\"", "<demand max-latency-ms=\"40\" from=\"2026-01\"", NULL,
        "<demand from=\"2026-01\">: max-latency-ms is from a region; add region=\"...\", or leave "
        "it out"},
    {"<demand from=\"2026-01\"",
        "<demand region=\"a\" from=\"2026-01\" units-per-hour=\"1\"/><demand region=\"b\" "
        "from=\"2026-01\" units-per-hour=\"1\"/><demand region=\"c\" from=\"2026-01\" "
        "units-per-hour=\"1\"/><demand region=\"d\" from=\"2026-01\" units-per-hour=\"1\"/>"
        "<demand from=\"2026-01\"",
        "<workload id=\"chat\"",
        "<workload id=\"chat\">: survive-site goes with at most 6 regions, and it has 7; join "
        "some, or split it"},
};

static const struct fault_case SERVABLE_CASES[] = {
    {"sites=\"dublin\"", "sites=\"dublin\" jurisdictions=\"us\"", NULL,
        "<workload id=\"tune\">: it is required, but no site is in its sites and jurisdictions; "
        "widen that, or drop `required`"},
    {"<volume units=\"1e12\"/>\n    <rate system=\"gb300-nvl72\" units-per-hour=\"1e9\"/>",
        "<volume units=\"1e12\"/><rate system=\"gb300-nvl72\" units-per-hour=\"0\"/>",
        "<workload id=\"tune\"",
        "<workload id=\"tune\">: it is required, but no system can run it (all its rates are 0); "
        "widen that, or drop `required`"},
    {"<volume units=\"1e12\"/>\n    <rate system=\"gb300-nvl72\" units-per-hour=\"1e9\"/>",
        "<volume units=\"1e12\"/><model active-params=\"1e9\" precision=\"int8\"/>",
        "<workload id=\"tune\"",
        "<workload id=\"tune\">: it is required, but no system can run it (the chip has no peak at "
        "the model's precision); widen that, or drop `required`"},
    {"kind=\"reserve\"", "kind=\"reserve\" sites=\"oregon\"", "<workload id=\"tune\"",
        "<workload id=\"tune\">: it is required, but no firm (not interruptible) offer brings a "
        "system that it can run on to a site that it may use; widen that, or drop `required`"},
    {"kind=\"reserve\"", "kind=\"reserve\" interruptible=\"yes\"", "<workload id=\"tune\"",
        "<workload id=\"tune\">: it is required, but no firm (not interruptible) offer brings"},
    {"kind=\"inference\" value-usd-per-unit=\"4e-6\" load-factor=\"0.55\" survive-site=\"0.7\" "
     "power-fraction=\"0.8\" jurisdictions=\"us eu\"",
        "kind=\"inference\" required=\"yes\" jurisdictions=\"us\"", "<demand region=\"eu\"",
        "<demand region=\"eu\">: the workload chat is required, but no site that it may use meets "
        "the region's latency and jurisdictions; widen one of them"},
};

static const struct fault_case LIMIT_CASES[] = {
    {"<budget id=\"cloud\"", "<budget id=\"carbon\"", "<budget id=\"carbon\" kind=\"carbon\"",
        "<budget id=\"carbon\">: another budget has this id; give each its own"},
    {"<commitment id=\"aws-spend\"", "<commitment id=\"trainium-power\"", NULL,
        "<commitment id=\"trainium-power\">: another commitment has this id; give each its own"},
    {"systems=\"trn3\"", "systems=\"trn3 tnr3\"", NULL,
        "<commitment id=\"trainium-power\">: systems=\"tnr3\": there is no such system; did you "
        "mean trn3?"},
    {"attribute=\"vendor\" value=\"nvidia\"", "attribute=\"system\" value=\"gb300-nvl27\"", NULL,
        "<limit id=\"vendor-mix\">: value=\"gb300-nvl27\": there is no such system; did you mean "
        "gb300-nvl72?"},
};

/* What reading attributes and elements by tables refuses, for all elements alike. */
static const struct fault_case VALUE_CASES[] = {
    {"power-fraction=\"0.8\"", "power-fraction=\"1.5\"", NULL,
        "<workload id=\"chat\">: attribute 'power-fraction' is '1.5'; it must be from 1e-06 to 1"},
    {"mw=\"60\"", "mw=\"-60\"", NULL,
        "<power from=\"2026-01\">: attribute 'mw' is '-60'; it can't be negative"},
    {"mw=\"60\"", "", NULL, "<power from=\"2026-01\">: attribute 'mw' is missing; write mw=\"…\""},
    {"mw=\"60\"", "mw=\"\"", NULL,
        "<power from=\"2026-01\">: attribute 'mw' is ''; that is not a finite number; write it as "
        "2.5 or 1e9"},
    {"mw=\"60\"", "mw=\"nan\"", NULL,
        "<power from=\"2026-01\">: attribute 'mw' is 'nan'; that is not a finite number; write it "
        "as 2.5 or 1e9"},
    {"mw=\"60\"", "mw=\"inf\"", NULL,
        "<power from=\"2026-01\">: attribute 'mw' is 'inf'; that is not a finite number; write it "
        "as 2.5 or 1e9"},
    {"mw=\"60\"", "mw=\"60 \"", NULL,
        "<power from=\"2026-01\">: attribute 'mw' is '60 '; that is not a finite number; write it "
        "as 2.5 or 1e9"},
    {"mw=\"60\"", "mw=\"6,5\"", NULL,
        "<power from=\"2026-01\">: attribute 'mw' is '6,5'; that is not a number; write 6.5 with a "
        "point"},
    {"mw=\"60\"", "mw=\"1e99\"", NULL,
        "<power from=\"2026-01\">: attribute 'mw' is '1e99'; it must be from 0 to 10000000"},
    {"mw=\"60\"", "mvv=\"60\"", NULL,
        "<power from=\"2026-01\">: attribute 'mvv' is not known here; known: from, to, mw, "
        "rack-positions"},
    {"pue=\"1.12\"", "pue=\"0.9\"", NULL,
        "<site id=\"oregon\">: attribute 'pue' is '0.9'; it must be from 1 to 10"},
    {"max-share=\"0.7\"", "max-share=\"1.1\"", NULL,
        "<limit id=\"vendor-mix\">: attribute 'max-share' is '1.1'; it must be from 0 to 1"},
    {"discount-rate=\"0.08\"", "discount-rate=\"-0.08\"", NULL,
        "<horizon>: attribute 'discount-rate' is '-0.08'; it can't be negative"},
    {"<power from=\"2026-01\"", "<power from=\"2026-13\"", NULL,
        "<power from=\"2026-13\">: attribute 'from' is '2026-13'; write a month as 2026-01"},
    {"<power from=\"2026-01\"", "<power from=\"2026\"", NULL,
        "<power from=\"2026\">: attribute 'from' is '2026'; write a month as 2026-01"},
    {"<power from=\"2026-01\"", "<power from=\"2026-01-01\"", NULL,
        "<power from=\"2026-01-01\">: attribute 'from' is '2026-01-01'; write a month as 2026-01"},
    {"<power from=\"2026-01\"", "<power", NULL,
        "<power>: attribute 'from' is missing; write from=\"…\""},
    {"lead-months=\"6\"", "lead-months=\"1.5\"", NULL,
        "<offer id=\"buy-trn3\">: attribute 'lead-months' is '1.5'; that is not a whole number"},
    {"term-months=\"60\"", "term-months=\"0\"", NULL,
        "<offer id=\"buy-trn3\">: attribute 'term-months' is '0'; it must be from 1 to 1200"},
    {"hosts=\"36\"", "hosts=\"0\"", NULL,
        "<system id=\"trn3\">: attribute 'hosts' is '0'; it must be from 1 to 10000"},
    {"kind=\"reserve\"", "kind=\"reservd\"", NULL,
        "<offer id=\"rent-gb300\">: attribute 'kind' is 'reservd'; it is one of buy, reserve, "
        "on-demand"},
    {"step=\"quarter\"", "step=\"quarters\"", NULL,
        "<horizon>: attribute 'step' is 'quarters'; it is one of month, quarter, year"},
    {"required=\"no\"", "required=\"false\"", NULL,
        "<workload id=\"pretrain\">: attribute 'required' is 'false'; it is one of no, yes"},
    {"precision=\"bf16\" tflops", "precision=\"bf61\" tflops", NULL,
        "<peak precision=\"bf61\">: attribute 'precision' is 'bf61'; it is one of fp32, bf16, "
        "fp16, fp8, int8, fp4, int4"},
    {"<site id=\"oregon\"", "<site id=\"ore gon\"", NULL,
        "<site id=\"ore gon\">: attribute 'id' is 'ore gon'; an id is at most 64 letters, digits, "
        "'.', '_' or '-', and starts with a letter or digit"},
    {"<site id=\"oregon\"", "<site id=\"\"", NULL,
        "<site id=\"\">: attribute 'id' is ''; an id is at most 64 letters, digits, '.', '_' or "
        "'-', and starts with a letter or digit"},
    {" provider=\"cloud\" kind=\"reserve\"", " kind=\"reserve\"", NULL,
        "<offer id=\"rent-gb300\">: attribute 'provider' is missing; write provider=\"…\""},
    {"capex-usd=\"3900000\"", "capex=\"3900000\"", NULL,
        "<offer id=\"buy-trn3\">: attribute 'capex' is not known here; known: id, system, "
        "provider, sites, kind, term-months, capex-usd, opex-usd-per-year, usd-per-system-hour, "
        "from, to, lead-months, interruptible, max-systems"},
    {"<volume units=\"1e13\"/>", "<volumes units=\"1e13\"/>", NULL,
        "<volumes>: element 'volumes' in <workload> is not known here; did you mean volume?"},
    {"<volume units=\"1e13\"/>", "<volume units=\"1e13\">much</volume>", NULL,
        "<volume>: the text 'much' stands in it; take it out"},
    {"<volume units=\"1e13\"/>", "<volume units=\"1e13\"><rate/></volume>", NULL,
        "<rate>: element 'rate' in <volume> is not known here; there can be none"},
};

/* Parse the full scenario with one change, and look for the message where it belongs. */
static void check_case(const struct fault_case *c)
{
    char *text = edit_read(FULL);
    char *edited = edit_replace(text, c->find, c->replace);
    long line = c->at != NULL ? edit_line_of(edited, c->at) : edit_line_of(text, c->find);
    struct faults faults = {0};
    struct scenario *scenario = scenario_parse(edited, strlen(edited), "full.xml", &faults);
    char *list = edit_list_faults(&faults);
    struct str expected = {0};

    str_format(&expected, "full.xml:%ld: %s", line, c->message);
    ck_assert_ptr_null(scenario);
    ck_assert_msg(edit_find_fault(&faults, str_text(&expected)) != NULL,
        "expected\n  %s\nand was told\n%s", str_text(&expected), list);
    str_fini(&expected);
    mem_free(list);
    faults_fini(&faults);
    mem_free(edited);
    mem_free(text);
}

#define FAULT_TEST(name, table)                                                                    \
    START_TEST(name)                                                                               \
    {                                                                                              \
        check_case(&(table)[_i]);                                                                  \
    }                                                                                              \
    END_TEST

FAULT_TEST(a_catalog_is_checked, CATALOG_CASES)
FAULT_TEST(horizon_and_windows_are_checked, TIME_CASES)
FAULT_TEST(futures_are_checked, FUTURE_CASES)
FAULT_TEST(sites_are_checked, SITE_CASES)
FAULT_TEST(offers_are_checked, OFFER_CASES)
FAULT_TEST(what_goes_with_a_kind_is_checked, KIND_CASES)
FAULT_TEST(workloads_are_checked, WORKLOAD_CASES)
FAULT_TEST(required_work_can_be_served, SERVABLE_CASES)
FAULT_TEST(budgets_commitments_and_limits_are_checked, LIMIT_CASES)
FAULT_TEST(values_are_checked, VALUE_CASES)

/* --- Warnings: the scenario loads, and this is told. */

static const struct fault_case WARNING_CASES[] = {
    {"provider=\"aws\" from", "provider=\"awz\" from", NULL,
        "<commitment id=\"aws-spend\">: no offer has the provider \"awz\", so nothing counts"},
    {"provider=\"cloud\" usd", "provider=\"clouds\" usd", NULL,
        "<budget id=\"cloud\">: no offer has the provider \"clouds\", so nothing counts"},
    {"<porting stack=\"neuron\"", "<porting stack=\"neuro\"", NULL,
        "<porting>: no chip of the catalog has the stack \"neuro\""},
    {"value=\"nvidia\"", "value=\"nvida\"", NULL,
        "<limit id=\"vendor-mix\">: no system of the catalog has the vendor \"nvida\""},
    {"acquired=\"2025-07\"", "acquired=\"2020-07\"", NULL,
        "<existing>: its term of 60 months ends before the horizon starts, so it does not count"},
    {"survive-site=\"0.7\"", "survive-site=\"0.7\" sites=\"dublin\"", NULL,
        "<workload id=\"chat\">: survive-site needs two sites that it may use, and it has fewer; "
        "nothing can be served so"},
    {"max-latency-ms=\"100\"", "max-latency-ms=\"10\"", NULL,
        "<demand region=\"eu\">: no site that workload chat may use meets its latency and "
        "jurisdictions; it is planned as not served"},
    {"chips=\"16\"", "chips=\"1000\"", "<workload id=\"chat\"",
        "<workload id=\"chat\">: no system can run it (a replica spans more chips than the system "
        "has); it is planned as not served"},
    {"<workload id=\"scoring\" kind=\"batch\"",
        "<workload id=\"scoring\" "
        "jurisdictions=\"jp\" kind=\"batch\"",
        NULL,
        "<workload id=\"scoring\">: no site is in its sites and jurisdictions; it is planned as "
        "not served"},
    {"kind=\"batch\" value-usd-per-unit=\"1e-6\"", "kind=\"batch\"", NULL,
        "<workload id=\"scoring\">: it has no value-usd-per-unit and is not required, so the plan "
        "will leave it unserved"},
    {"<power from=\"2026-04\" mw=\"30\"/>",
        "<power from=\"2026-02\" to=\"2026-04\" mw=\"3\"/><power from=\"2026-04\" mw=\"30\"/>",
        NULL, "<power>: no period starts between its `from` and its `to`, so it has no effect"},
    {"<demand from=\"2026-01\"",
        "<demand from=\"2027-11\" to=\"2028-02\" units-per-hour=\"1\"/><demand from=\"2026-01\"",
        NULL, "<demand>: no period starts between its `from` and its `to`, so it has no effect"},
    {"active-params=\"37e9\" total-params=\"671e9\"",
        "active-params=\"671e9\" total-params=\"37e9\"", NULL,
        "<model precision=\"fp8\">: total-params is below active-params; exchange them?"},
};

START_TEST(what_is_odd_but_allowed_is_a_warning)
{
    const struct fault_case *c = &WARNING_CASES[_i];
    char *text = edit_read(FULL);
    char *edited = edit_replace(text, c->find, c->replace);
    long line = edit_line_of(edited, c->at != NULL ? c->at : c->replace);
    struct faults faults = {0};
    struct scenario *scenario = scenario_parse(edited, strlen(edited), "full.xml", &faults);
    char *list = edit_list_faults(&faults);
    struct str expected = {0};

    str_format(&expected, "full.xml:%ld: warning: %s", line, c->message);
    ck_assert_msg(scenario != NULL, "%s", list);
    ck_assert_uint_eq(faults.error_count, 0);
    ck_assert_msg(edit_find_fault(&faults, str_text(&expected)) != NULL,
        "expected\n  %s\nand was told\n%s", str_text(&expected), list);
    scenario_destroy(scenario);
    str_fini(&expected);
    mem_free(list);
    faults_fini(&faults);
    mem_free(edited);
    mem_free(text);
}
END_TEST

START_TEST(whole_systems_need_a_supply_of_one)
{
    char *text = edit_read(FULL);
    char *scarce = edit_replace(text, "systems-per-month=\"40\"", "systems-per-month=\"0.3\"");
    struct faults faults = {0};
    struct scenario *scenario = scenario_parse(scarce, strlen(scarce), "full.xml", &faults);

    ck_assert_ptr_nonnull(scenario);
    scenario_warn_whole_systems(scenario, &faults);
    ck_assert_uint_eq(faults.warning_count, 1);
    /* 0.3 a month in quarters; it is open from 2026-07 on. */
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "<offer id=\"buy-trn3\">: its supply is 0.9 "
                                                   "systems in the period from 2026-07"));
    scenario_destroy(scenario);
    faults_fini(&faults);
    scenario = scenario_parse(text, strlen(text), "full.xml", &faults);
    scenario_warn_whole_systems(scenario, &faults);
    ck_assert_uint_eq(faults.warning_count, 0);
    scenario_destroy(scenario);
    faults_fini(&faults);
    mem_free(scarce);
    mem_free(text);
}
END_TEST

/* --- All at once, and each once */

START_TEST(all_faults_are_told_at_once)
{
    static const char TEXT[] = "<scenario xmlns=\"urn:wattyard:1\" name=\"bad\">\n"
                               "<catalog/>\n"
                               "<horizon start=\"2026-01\" end=\"2026-11\" step=\"quarter\"/>\n"
                               "<site id=\"a\" region=\"r\" jurisdiction=\"j\"/>\n"
                               "<offer id=\"o\" system=\"k\" provider=\"p\" kind=\"bye\"/>\n"
                               "<workload id=\"w\" kind=\"batch\"><volume/></workload>\n"
                               "<limit id=\"l\" attribute=\"system\" value=\"k\"/>\n"
                               "</scenario>";
    static const char *const EXPECTED[] = {"bad.xml:3: <horizon>: its 11 months",
        "bad.xml:4: <site id=\"a\">: it has no <energy>",
        "bad.xml:5: <offer id=\"o\">: attribute 'kind' is 'bye'",
        "bad.xml:5: <offer id=\"o\">: system=\"k\": there is no such system",
        "bad.xml:6: <workload id=\"w\">: it has neither a <model> nor a <rate>",
        "bad.xml:6: <volume>: ", "bad.xml:7: <limit id=\"l\">: "};
    struct faults faults = {0};

    ck_assert_ptr_null(scenario_parse(TEXT, strlen(TEXT), "bad.xml", &faults));
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        ck_assert_msg(edit_find_fault(&faults, EXPECTED[i]) != NULL, "%s", EXPECTED[i]);
    ck_assert_uint_eq(faults.error_count, sizeof EXPECTED / sizeof *EXPECTED);
    faults_fini(&faults);
}
END_TEST

START_TEST(an_empty_scenario_lacks_its_parts)
{
    static const char TEXT[] = "<scenario xmlns=\"urn:wattyard:1\" name=\"empty\"/>";
    static const char *const EXPECTED[] = {"there is no <catalog>", "it has no <horizon>",
        "there is no <site>", "there is no <offer>"};
    struct faults faults = {0};

    ck_assert_ptr_null(scenario_parse(TEXT, strlen(TEXT), "empty.xml", &faults));
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        ck_assert_msg(edit_find_fault(&faults, EXPECTED[i]) != NULL, "%s", EXPECTED[i]);
    ck_assert_uint_eq(faults.error_count, 4);
    faults_fini(&faults);
}
END_TEST

START_TEST(another_kind_of_file_is_no_scenario)
{
    static const char TEXT[] = "<fleet xmlns=\"urn:wattyard:1\" name=\"f\"/>";
    struct faults faults = {0};

    ck_assert_ptr_null(scenario_parse(TEXT, strlen(TEXT), "fleet.xml", &faults));
    ck_assert_uint_eq(faults.error_count, 1);
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "fleet.xml:1: <fleet name=\"f\">: this is no "
                                                   "scenario; its root should be <scenario"));
    faults_fini(&faults);
}
END_TEST

/* One fault in a thing does not make others out of what depends on it. */
START_TEST(a_fault_brings_no_others_with_it)
{
    static const struct fault_case CASES[] = {
        {"power-kw=\"200\"", "power-kw=\"much\"", NULL, ""},
        {"hbm-gb=\"144\"", "hbm-gb=\"-1\"", NULL, ""},
        {"end=\"2027-12\" step", "end=\"2027-11\" step", NULL, ""},
        {"pue=\"1.12\"", "pue=\"0\"", NULL, ""},
        {"jurisdiction=\"eu\"", "", NULL, ""},
        {"region=\"eu\" site=\"dublin\" ms=\"15\"", "region=\"eu\" site=\"dublin\" ms=\"x\"", NULL,
            ""},
        {"power-fraction=\"0.8\"", "power-fraction=\"8\"", NULL, ""},
        {"system=\"gb300-nvl72\" provider=\"cloud\" kind=\"reserve\"",
            "system=\"gb3\" provider=\"cloud\" kind=\"reserve\"", NULL, ""},
        {"context=\"4096\"", "context=\"0\"", NULL, ""},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char *text = edit_read(FULL);
        char *edited = edit_replace(text, CASES[i].find, CASES[i].replace);
        struct faults faults = {0};
        char *list;

        ck_assert_ptr_null(scenario_parse(edited, strlen(edited), "full.xml", &faults));
        list = edit_list_faults(&faults);
        ck_assert_msg(faults.error_count == 1, "%s", list);
        mem_free(list);
        faults_fini(&faults);
        mem_free(edited);
        mem_free(text);
    }
}
END_TEST

START_TEST(more_than_the_most_is_refused)
{
    struct str text = {0};
    struct faults faults = {0};

    str_add(&text, "<scenario xmlns=\"urn:wattyard:1\" name=\"many\">");
    for (int i = 0; i <= SCENARIO_SITES_MAX; i++)
        str_format(&text,
            "<site id=\"s%d\" region=\"r\" jurisdiction=\"j\"><energy from=\"2026-01\" "
            "usd-per-mwh=\"1\"/></site>",
            i);
    str_add(&text, "</scenario>");
    ck_assert_ptr_null(scenario_parse(str_text(&text), text.length, "many.xml", &faults));
    ck_assert_ptr_nonnull(
        edit_find_fault(&faults, "<site id=\"s1000\">: there are more than 1000 <site>"));
    str_fini(&text);
    faults_fini(&faults);
}
END_TEST

#define ADD_TABLE(tc, test, table)                                                                 \
    tcase_add_loop_test(tc, test, 0, (int)(sizeof(table) / sizeof *(table)))

Suite *suite(void)
{
    Suite *s = suite_create("workloads/scenario_faults");
    TCase *tc = tcase_create("faults");

    ADD_TABLE(tc, a_catalog_is_checked, CATALOG_CASES);
    ADD_TABLE(tc, horizon_and_windows_are_checked, TIME_CASES);
    ADD_TABLE(tc, futures_are_checked, FUTURE_CASES);
    ADD_TABLE(tc, sites_are_checked, SITE_CASES);
    ADD_TABLE(tc, offers_are_checked, OFFER_CASES);
    ADD_TABLE(tc, what_goes_with_a_kind_is_checked, KIND_CASES);
    ADD_TABLE(tc, workloads_are_checked, WORKLOAD_CASES);
    ADD_TABLE(tc, required_work_can_be_served, SERVABLE_CASES);
    ADD_TABLE(tc, budgets_commitments_and_limits_are_checked, LIMIT_CASES);
    ADD_TABLE(tc, values_are_checked, VALUE_CASES);
    ADD_TABLE(tc, what_is_odd_but_allowed_is_a_warning, WARNING_CASES);
    tcase_add_test(tc, whole_systems_need_a_supply_of_one);
    tcase_add_test(tc, all_faults_are_told_at_once);
    tcase_add_test(tc, an_empty_scenario_lacks_its_parts);
    tcase_add_test(tc, another_kind_of_file_is_no_scenario);
    tcase_add_test(tc, a_fault_brings_no_others_with_it);
    tcase_add_test(tc, more_than_the_most_is_refused);
    suite_add_tcase(s, tc);
    return s;
}
