/*
 * The schema is a net under the loader's tables: what is well formed passes both, and what is not
 * is refused by both, the tables first.
 */
#include "workloads/scenario.h"

#include "base/embed.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <ctype.h>
#include <glob.h>
#include <string.h>

#define FULL "tests/cases/scenario/full.xml"

EMBED_DECLARE(catalog_rng);
EMBED_DECLARE(scenario_rng);

static bool schema_takes(const char *text)
{
    struct faults faults = {0};
    struct xml_document *document = xml_parse(
        text, strlen(text), "full.xml", &XML_LIMITS_FILES, NULL, &faults);
    int rc;

    ck_assert_ptr_nonnull(document);
    rc = xml_check_schema(document, embed_scenario_rng, (size_t)embed_scenario_rng_bytes, &faults);
    ck_assert_int_eq(rc == 0, faults.error_count == 0);
    xml_destroy(document);
    faults_fini(&faults);
    return rc == 0;
}

START_TEST(what_loads_passes_the_schema)
{
    glob_t files;

    ck_assert_int_eq(glob("tests/cases/plan/*.xml", 0, NULL, &files), 0);
    ck_assert_int_eq(glob(FULL, GLOB_APPEND, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *text = edit_read(files.gl_pathv[i]);

        ck_assert_msg(schema_takes(text), "%s", files.gl_pathv[i]);
        mem_free(text);
    }
    globfree(&files);
}
END_TEST

START_TEST(the_shipped_catalog_passes_its_schema)
{
    struct faults faults = {0};
    struct xml_document *document = xml_load(
        "topologies/catalog.xml", &XML_LIMITS_FILES, NULL, &faults);

    ck_assert_ptr_nonnull(document);
    ck_assert_int_eq(
        xml_check_schema(document, embed_catalog_rng, (size_t)embed_catalog_rng_bytes, &faults), 0);
    xml_destroy(document);
    faults_fini(&faults);
}
END_TEST

/* All that stands below <start> in the catalog's schema. */
START_TEST(the_scenario_schema_has_all_of_the_catalog_schema)
{
    char *common = mem_copy_text(strstr(embed_catalog_rng, "</start>"));

    *strstr(common, "</grammar>") = '\0';
    ck_assert_ptr_nonnull(strstr(embed_scenario_rng, common));
    mem_free(common);
}
END_TEST

/* Where the next ` name="value"` inside a tag begins, from `at` on; NULL at the end. */
static const char *next_attribute(const char *at)
{
    for (; *at != '\0'; at++)
        if (at[0] == ' ' && islower((unsigned char)at[1])) {
            size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz-");

            if (at[1 + length] == '=' && at[2 + length] == '"')
                return at;
        }
    return NULL;
}

/* The text with the bytes [from, to) replaced. */
static char *splice(const char *text, const char *from, const char *to, const char *replace)
{
    struct str edited = {0};

    str_add_bytes(&edited, text, (size_t)(from - text));
    str_add(&edited, replace);
    str_add(&edited, to);
    return edited.text;
}

/* The faults of the tables have the label of an element, "<site id=...>: ". */
static bool tables_say(const char *text, const char *what)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_parse(text, strlen(text), "full.xml", &faults);
    bool is_said = edit_find_fault(&faults, what) != NULL;

    scenario_destroy(scenario);
    faults_fini(&faults);
    return is_said;
}

/* Take each attribute of the full scenario away: the tables miss it if the schema does. */
START_TEST(tables_and_schema_require_the_same_attributes)
{
    char *text = edit_read(FULL);
    int required_count = 0;
    int optional_count = 0;

    for (const char *at = next_attribute(text); at != NULL; at = next_attribute(at + 1)) {
        size_t length = strcspn(at + 1, "=");
        const char *end = strchr(at + 1 + length + 2, '"') + 1;
        char *edited = splice(text, at, end, "");
        char *name = mem_copy_text(at + 1);
        struct str missing = {0};

        name[length] = '\0';
        str_format(&missing, ": attribute '%s' is missing", name);
        if (!str_equal(name, "xmlns")) {
            bool is_missed = tables_say(edited, str_text(&missing));

            ck_assert_msg(is_missed == !schema_takes(edited), "%s near %.60s", name, at);
            required_count += is_missed;
            optional_count += !is_missed;
        }
        str_fini(&missing);
        mem_free(name);
        mem_free(edited);
    }
    ck_assert_int_gt(required_count, 100);
    ck_assert_int_gt(optional_count, 60);
    mem_free(text);
}
END_TEST

/* Give each attribute of the full scenario another name. */
START_TEST(tables_and_schema_know_the_same_attributes)
{
    char *text = edit_read(FULL);

    for (const char *at = next_attribute(text); at != NULL; at = next_attribute(at + 1)) {
        char *edited = splice(text, at, at + 1, " zz-");

        if (!str_starts_with(at, " xmlns")) {
            ck_assert_msg(!schema_takes(edited), "%.60s", at);
            ck_assert_msg(tables_say(edited, "zz-"), "%.60s", at);
        }
        mem_free(edited);
    }
    mem_free(text);
}
END_TEST

/* Give each element but the root another name. */
START_TEST(tables_and_schema_know_the_same_elements)
{
    char *text = edit_read(FULL);
    int count = 0;

    for (const char *at = strstr(text, "\n"); (at = strchr(at, '<')) != NULL; at++) {
        const char *close = strstr(at, "/>");
        const char *end = strchr(at, '>');
        char *edited;

        /* Elements without children, so that one change renames the whole. */
        if (!islower((unsigned char)at[1]) || close == NULL || close + 1 != end)
            continue;
        edited = splice(text, at + 1, at + 1, "zz-");
        ck_assert_msg(!schema_takes(edited), "%.60s", at);
        ck_assert_msg(tables_say(edited, "<zz-"), "%.60s", at);
        mem_free(edited);
        count++;
    }
    ck_assert_int_gt(count, 40);
    mem_free(text);
}
END_TEST

struct structure_case {
    const char *find, *replace;
};

static const struct structure_case STRUCTURE_CASES[] = {
    {"name=\"full\"", "name=\"\""},
    {"<volume units=\"1e13\"/>", "<volume units=\"1e13\">much</volume>"},
    {"<volume units=\"1e13\"/>", "<volume units=\"1e13\"><rate/></volume>"},
    {"<volume units=\"1e13\"/>", "<volume units=\"much\"/>"},
    {"<volume units=\"1e13\"/>", "<volume units=\"-1\"/>"},
    {"<volume units=\"1e13\"/>", "<volume units=\"\"/>"},
    {"step=\"quarter\"", "step=\"week\""},
    {"salvage=\"straight-line\"", "salvage=\"straight\""},
    {"kind=\"reserve\"", "kind=\"rent\""},
    {"kind=\"batch\"", "kind=\"bach\""},
    {"kind=\"carbon\"", "kind=\"CO2\""},
    {"kind=\"spend\"", "kind=\"spent\""},
    {"attribute=\"vendor\"", "attribute=\"region\""},
    {"precision=\"bf16\"", "precision=\"bf17\""},
    {"required=\"no\"", "required=\"0\""},
    {"id=\"oregon\"", "id=\"a b\""},
    {"from=\"2026-10\"", "from=\"2026-1\""},
    {"from=\"2026-10\"", "from=\"2026-13\""},
    {"from=\"2026-10\"", "from=\"October\""},
    {"hosts=\"36\"", "hosts=\"36.5\""},
    {"lead-months=\"6\"", "lead-months=\"-6\""},
    {"<site id=\"oregon\"", "<site xmlns=\"urn:other\" id=\"oregon\""},
    {"<site id=\"oregon\"", "text <site id=\"oregon\""},
    {"<energy from=\"2026-01\" usd-per-mwh=\"90\"/>", ""},
    {"<horizon start=\"2026-01\" end=\"2027-12\" step=\"quarter\" discount-rate=\"0.08\" "
     "salvage=\"straight-line\" carbon-usd-per-tonne=\"50\"/>",
        ""},
};

START_TEST(both_refuse_what_is_not_of_the_format)
{
    const struct structure_case *c = &STRUCTURE_CASES[_i];
    char *text = edit_read(FULL);
    char *edited = edit_replace(text, c->find, c->replace);

    ck_assert(!schema_takes(edited));
    ck_assert(tables_say(edited, ": <"));
    mem_free(edited);
    mem_free(text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("workloads/scenario_schema");
    TCase *tc = tcase_create("schema");

    tcase_add_test(tc, what_loads_passes_the_schema);
    tcase_add_test(tc, the_shipped_catalog_passes_its_schema);
    tcase_add_test(tc, the_scenario_schema_has_all_of_the_catalog_schema);
    tcase_add_test(tc, tables_and_schema_require_the_same_attributes);
    tcase_add_test(tc, tables_and_schema_know_the_same_attributes);
    tcase_add_test(tc, tables_and_schema_know_the_same_elements);
    tcase_add_loop_test(tc, both_refuse_what_is_not_of_the_format, 0,
        (int)(sizeof STRUCTURE_CASES / sizeof *STRUCTURE_CASES));
    suite_add_tcase(s, tc);
    return s;
}
