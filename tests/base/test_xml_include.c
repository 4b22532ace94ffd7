/* What an xi:include brings in, and all that it must not. */
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ROOT(inside)                                                                               \
    "<a xmlns=\"urn:wattyard:1\" xmlns:xi=\"http://www.w3.org/2001/XInclude\">" inside "</a>"
#define INCLUDE(href) "<xi:include href=\"" href "\"/>"

/* A folder with a main file, which is loaded. */
struct loaded {
    char *folder, *path, *told;
    struct xml_document *document;
};

static struct loaded load_at(char *folder, const char *main_text, const char *data_folder)
{
    struct loaded l = {.folder = folder, .path = tempdir_write_text(folder, "main.xml", main_text)};
    struct faults faults = {0};

    l.document = xml_load(l.path, &XML_LIMITS_FILES, data_folder, &faults);
    l.told = edit_list_faults(&faults);
    ck_assert_int_eq(l.document == NULL, faults.error_count > 0);
    faults_fini(&faults);
    return l;
}

static void unload(struct loaded *l)
{
    xml_destroy(l->document);
    mem_free(l->told);
    mem_free(l->path);
    tempdir_remove(l->folder);
}

static void add(const char *folder, const char *name, const char *text)
{
    mem_free(tempdir_write_text(folder, name, text));
}

/* "folder/" becomes "@/", so that a message can be compared. */
static char *without_folder(const struct loaded *l)
{
    struct str text = {0};
    size_t length = strlen(l->folder);

    str_add(&text, "");
    for (const char *c = l->told; *c != '\0'; c++) {
        if (str_starts_with(c, l->folder)) {
            str_add(&text, "@");
            c += length - 1;
        } else {
            str_add_bytes(&text, c, 1);
        }
    }
    return text.text;
}

static void check_told(struct loaded *l, const char *expected)
{
    char *told = without_folder(l);

    ck_assert_str_eq(told, expected);
    mem_free(told);
}

static void check_where(const struct xml_node *node, const char *name, const char *file, long line)
{
    ck_assert_ptr_nonnull(node);
    ck_assert_str_eq(xml_name(node), name);
    ck_assert_msg(str_ends_with(xml_where(node).file, file), "%s", xml_where(node).file);
    ck_assert_int_eq(xml_where(node).line, line);
}

START_TEST(an_included_root_stands_in_its_place_with_its_own_file_and_lines)
{
    char *folder = tempdir_create();
    struct loaded l;
    const struct xml_node *node;

    add(folder, "sub/b.xml", ROOT("\n<b>\n" INCLUDE("c.xml") "</b>"));
    add(folder, "sub/c.xml", "\n\n<c xmlns=\"urn:wattyard:1\"><!-- x --></c>");
    l = load_at(folder, ROOT("\n<first/>" INCLUDE("sub/b.xml") "\n<last/>"), NULL);
    check_told(&l, "");
    check_where(xml_root(l.document), "a", "/main.xml", 1);
    node = xml_first(xml_root(l.document));
    check_where(node, "first", "/main.xml", 2);
    node = xml_next(node);
    check_where(node, "a", "/sub/b.xml", 1);
    check_where(xml_first(node), "b", "/sub/b.xml", 2);
    check_where(xml_first(xml_first(node)), "c", "/sub/c.xml", 3);
    ck_assert_ptr_null(xml_next(xml_first(xml_first(node))));
    ck_assert_ptr_eq(xml_parent(node), xml_root(l.document));
    node = xml_next(node);
    check_where(node, "last", "/main.xml", 3);
    ck_assert_ptr_null(xml_next(node));
    unload(&l);
}
END_TEST

START_TEST(one_file_may_be_included_twice_and_by_an_absolute_path)
{
    char *folder = tempdir_create();
    char cwd[4096];
    struct str text = {0};
    struct loaded l;

    ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    add(folder, "b.xml", "<b xmlns=\"urn:wattyard:1\" xml:id=\"x\" xml:lang=\"en\"/>");
    str_add(&text, "<a xmlns=\"urn:wattyard:1\" xmlns:xi=\"http://www.w3.org/2001/XInclude\">");
    str_add(&text, INCLUDE("./b.xml") "<xi:include href='b.xml' parse='xml'></xi:include>");
    str_format(&text, "<xi:include href=\"%s%s%s/b.xml\"/></a>", folder[0] == '/' ? "" : cwd,
        folder[0] == '/' ? "" : "/", folder);
    l = load_at(folder, str_text(&text), NULL);
    check_told(&l, "");
    check_where(xml_first(xml_root(l.document)), "b", "b.xml", 1);
    check_where(xml_next(xml_first(xml_root(l.document))), "b", "b.xml", 1);
    check_where(xml_next(xml_next(xml_first(xml_root(l.document)))), "b", "b.xml", 1);
    str_fini(&text);
    unload(&l);
}
END_TEST

START_TEST(a_name_alone_is_also_looked_for_in_the_data_folder)
{
    char *folder = tempdir_create();
    char *data = tempdir_path(folder, "data");
    struct loaded l;

    add(folder, "data/topologies/catalog.xml", "<catalog xmlns=\"urn:wattyard:1\"/>");
    l = load_at(mem_copy_text(folder), ROOT(INCLUDE("catalog.xml")), data);
    check_told(&l, "");
    check_where(xml_first(xml_root(l.document)), "catalog", "data/topologies/catalog.xml", 1);
    xml_destroy(l.document);
    mem_free(l.told);
    mem_free(l.path);
    mem_free(l.folder);

    /* What stands beside comes first. */
    add(folder, "catalog.xml", "\n<catalog xmlns=\"urn:wattyard:1\"/>");
    l = load_at(folder, ROOT(INCLUDE("catalog.xml")), data);
    check_told(&l, "");
    check_where(xml_first(xml_root(l.document)), "catalog", "/catalog.xml", 2);
    mem_free(data);
    unload(&l);
}
END_TEST

struct refused_case {
    const char *main_text;
    const char *told; /* "@" is the folder */
};

#define FOREIGN                                                                                    \
    "it is no Wattyard file (UTF-8 XML, no DOCTYPE, its root in namespace urn:wattyard:1)\n"
#define REFUSED(attributes, told)                                                                  \
    {                                                                                              \
        ROOT("<xi:include " attributes "/>"), "@/main.xml:1: <xi:include" told "\n"                \
    }

static const struct refused_case REFUSED_CASES[] = {
    REFUSED("href='b.xml' parse='text'",
        " href=\"b.xml\">: only XML is included, never text; leave out parse="),
    REFUSED("href='http://example.com/b.xml'",
        " href=\"http://example.com/b.xml\">: a URL is not fetched; name a local file"),
    REFUSED("href='file:///etc/passwd'",
        " href=\"file:///etc/passwd\">: a URL is not fetched; name a local file"),
    REFUSED("href='FTP:b.xml'", " href=\"FTP:b.xml\">: a URL is not fetched; name a local file"),
    REFUSED(
        "href='//host/b.xml'", " href=\"//host/b.xml\">: a URL is not fetched; name a local file"),
    REFUSED(
        "href='b.xml#x'", " href=\"b.xml#x\">: parts of files are not included; name a whole file"),
    REFUSED("href='b.xml' xpointer='x'",
        " href=\"b.xml\">: parts of files are not included; leave out xpointer="),
    REFUSED("href='b.xml' accept='x'",
        " href=\"b.xml\">: only the attribute 'href' is known here; leave out the others"),
    REFUSED("", ">: attribute 'href' is missing; name a file"),
    REFUSED("href=''", " href=\"\">: attribute 'href' is missing; name a file"),
    REFUSED("href='none.xml'", " href=\"none.xml\">: there is no file @/none.xml; mend the href"),
    REFUSED(
        "href='x/none.xml'", " href=\"x/none.xml\">: there is no file @/x/none.xml; mend the href"),
    REFUSED("href='folder'", " href=\"folder\">: @/folder is a folder; give a file"),
    REFUSED("href='pipe'", " href=\"pipe\">: @/pipe is not a regular file; give a file on disk"),
    REFUSED("href='/dev/zero'",
        " href=\"/dev/zero\">: /dev/zero is not a regular file; give a file on disk"),
    REFUSED("href='large.xml'", " href=\"large.xml\">: @/large.xml is too large: 209,715,200 "
                                "bytes, and at most 16,777,216 are read; split it"),
    {ROOT("<xi:include href='b.xml'><xi:fallback/></xi:include>"),
        "@/main.xml:1: <xi:include href=\"b.xml\">: it must be empty (a fallback is not read); "
        "take out what stands in it\n"},
    {ROOT("<xi:fallback/>"),
        "@/main.xml:1: <xi:fallback>: only <xi:include href=\"...\"/> is known; take it out\n"},
    {ROOT(INCLUDE("secret.txt")), "@/main.xml:1: <xi:include href=\"secret.txt\">: " FOREIGN},
    {ROOT(INCLUDE("secret.xml")), "@/main.xml:1: <xi:include href=\"secret.xml\">: " FOREIGN},
    {ROOT(INCLUDE("secret-bad.xml")),
        "@/main.xml:1: <xi:include href=\"secret-bad.xml\">: " FOREIGN},
    {ROOT(INCLUDE("secret-bytes")), "@/main.xml:1: <xi:include href=\"secret-bytes\">: " FOREIGN},
    {ROOT(INCLUDE("doctype.xml")), "@/main.xml:1: <xi:include href=\"doctype.xml\">: " FOREIGN},
    {ROOT(INCLUDE("empty.xml")), "@/main.xml:1: <xi:include href=\"empty.xml\">: " FOREIGN},
    {ROOT(INCLUDE("bad.xml")), "@/bad.xml:2: this is not well-formed XML: a '&' stands alone; "
                               "write &amp;\n"},
    {ROOT(INCLUDE("main.xml")), "@/main.xml:1: <xi:include href=\"main.xml\">: the files include "
                                "each other in a loop; break it\n"},
    {ROOT(INCLUDE("./folder/.././main.xml")),
        "@/main.xml:1: <xi:include href=\"./folder/.././main.xml\">: the files include each other "
        "in a loop; break it\n"},
    /* The same file under two names. */
    {ROOT(INCLUDE("loop.xml")), "@/loop.xml:1: <xi:include href=\"loop-link.xml\">: the files "
                                "include each other in a loop; break it\n"},
    {ROOT("\n" INCLUDE("none.xml") "\n" INCLUDE("http://x/") "\n" INCLUDE("empty.xml")),
        "@/main.xml:2: <xi:include href=\"none.xml\">: there is no file @/none.xml; mend the "
        "href\n@/main.xml:3: <xi:include href=\"http://x/\">: a URL is not fetched; name a local "
        "file\n@/main.xml:4: <xi:include href=\"empty.xml\">: " FOREIGN},
    {"<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"b.xml\"/>",
        "@/main.xml:1: this is no Wattyard file: its root is not in namespace urn:wattyard:1; "
        "write xmlns=\"urn:wattyard:1\" in it\n"},
};

static void add_files(const char *folder)
{
    char *large = tempdir_write_text(folder, "large.xml", "");
    char *pipe = tempdir_path(folder, "pipe");
    char *link_path = tempdir_path(folder, "loop-link.xml");

    add(folder, "b.xml", "<b xmlns=\"urn:wattyard:1\"/>");
    add(folder, "folder/x", "");
    add(folder, "empty.xml", "");
    add(folder, "secret.txt", "root:SECRET:0:0\n");
    add(folder, "secret.xml", "<config>SECRET</config>");
    add(folder, "secret-bad.xml", "<SECRET password=SECRET>&SECRET;</x>");
    mem_free(tempdir_write(folder, "secret-bytes",
        "\x7F"
        "ELF\0SECRET",
        11));
    add(folder, "doctype.xml", "<!DOCTYPE a [<!ENTITY SECRET 'x'>]><b xmlns=\"urn:wattyard:1\"/>");
    add(folder, "bad.xml", ROOT("\n<b>R & D</b>"));
    add(folder, "loop.xml", ROOT(INCLUDE("loop-link.xml")));
    ck_assert_int_eq(truncate(large, (off_t)200 << 20), 0);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert_int_eq(symlink("loop.xml", link_path), 0);
    mem_free(link_path);
    mem_free(pipe);
    mem_free(large);
}

START_TEST(what_is_no_local_wattyard_file_is_refused_and_not_echoed)
{
    const struct refused_case *c = &REFUSED_CASES[_i];
    char *folder = tempdir_create();
    struct loaded l;

    add_files(folder);
    l = load_at(folder, c->main_text, NULL);
    check_told(&l, c->told);
    ck_assert_ptr_null(strstr(l.told, "SECRET"));
    unload(&l);
}
END_TEST

START_TEST(a_missing_file_names_both_places)
{
    char *folder = tempdir_create();
    char *data = tempdir_path(folder, "data");
    struct loaded l;

    add(folder, "data/topologies/catalog.xml", "<catalog xmlns=\"urn:wattyard:1\"/>");
    l = load_at(folder, ROOT(INCLUDE("catalogue.xml") "\n" INCLUDE("../x/catalog.xml")), data);
    check_told(&l, "@/main.xml:1: <xi:include href=\"catalogue.xml\">: there is no file "
                   "@/catalogue.xml, and none of that name in @/data/topologies; mend the href\n"
                   "@/main.xml:2: <xi:include href=\"../x/catalog.xml\">: there is no file "
                   "@/../x/catalog.xml; mend the href, or write href=\"catalog.xml\" for the one "
                   "that is shipped\n");
    mem_free(data);
    unload(&l);
}
END_TEST

START_TEST(a_file_without_permission_is_told)
{
    const struct passwd *nobody = getpwnam("nobody");
    bool is_root = geteuid() == 0;
    char *folder = tempdir_create();
    char *closed = tempdir_write_text(folder, "closed.xml", ROOT(""));
    struct loaded l;

    ck_assert_int_eq(chmod(closed, 0), 0);
    add(folder, "main.xml", "");
    ck_assert_int_eq(chmod(folder, 0777), 0);
    if (is_root) {
        char *path = tempdir_path(folder, "main.xml");

        ck_assert_ptr_nonnull(nobody);
        ck_assert_int_eq(chown(path, nobody->pw_uid, nobody->pw_gid), 0);
        ck_assert_int_eq(seteuid(nobody->pw_uid), 0);
        mem_free(path);
    }
    l = load_at(folder, ROOT(INCLUDE("closed.xml")), NULL);
    if (is_root)
        ck_assert_int_eq(seteuid(0), 0);
    check_told(&l, "@/main.xml:1: <xi:include href=\"closed.xml\">: @/closed.xml can't be read: "
                   "Permission denied; allow it with chmod, or run as its owner\n");
    mem_free(closed);
    unload(&l);
}
END_TEST

START_TEST(files_may_include_files_eight_deep)
{
    for (int depth = 8; depth <= 9; depth++) {
        char *folder = tempdir_create();
        struct loaded l;

        for (int i = 1; i <= depth; i++) {
            struct str name = {0};
            struct str text = {0};

            str_format(&name, "%d.xml", i);
            str_add(&text, "<a xmlns=\"urn:wattyard:1\" "
                           "xmlns:xi=\"http://www.w3.org/2001/XInclude\">");
            if (i < depth)
                str_format(&text, "<xi:include href=\"%d.xml\"/>", i + 1);
            str_add(&text, "</a>");
            add(folder, str_text(&name), str_text(&text));
            str_fini(&name);
            str_fini(&text);
        }
        l = load_at(folder, ROOT(INCLUDE("1.xml")), NULL);
        check_told(&l, depth == 8 ? ""
                                  : "@/8.xml:1: <xi:include href=\"9.xml\">: files include files "
                                    "too deep; include it further up\n");
        unload(&l);
    }
}
END_TEST

/* Ten includes of a file with ten includes, eight times: 10^8 files, if nobody counted. */
START_TEST(a_bomb_of_includes_ends_in_a_moment)
{
    char *folder = tempdir_create();
    struct loaded l;

    for (int i = 1; i <= 8; i++) {
        struct str name = {0};
        struct str text = {0};

        str_format(&name, "%d.xml", i);
        str_add(&text, "<a xmlns=\"urn:wattyard:1\" "
                       "xmlns:xi=\"http://www.w3.org/2001/XInclude\">");
        for (int k = 0; k < 10 && i < 8; k++)
            str_format(&text, "<xi:include href=\"%d.xml\"/>", i + 1);
        str_add(&text, "</a>");
        add(folder, str_text(&name), str_text(&text));
        str_fini(&name);
        str_fini(&text);
    }
    l = load_at(folder, ROOT(INCLUDE("1.xml")), NULL);
    ck_assert_msg(
        strstr(l.told, "over 1000 files are included; write them in fewer") != NULL, "%s", l.told);
    unload(&l);
}
END_TEST

START_TEST(limits_count_what_is_included)
{
    static const char MAIN[] = ROOT("<b><c>" INCLUDE("b.xml") "</c></b>");
    static const char INCLUDED[] = "<b xmlns=\"urn:wattyard:1\"><c/></b>";
    const struct xml_limits exact = {.file_bytes = 1000,
        .total_bytes = strlen(MAIN) + strlen(INCLUDED),
        .include_depth = 1,
        .element_depth = 5,
        .element_count = 6,
        .may_include = true};
    struct xml_limits limits[] = {exact, exact, exact, exact, exact, exact};
    static const char *const EXPECTED[] = {"",
        "<xi:include href=\"b.xml\">: the input is too large", "files include files too deep",
        "elements stand over 4 deep in each other", "there are over 5 elements or attributes",
        "this input may include nothing"};
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "main.xml", MAIN);

    add(folder, "b.xml", INCLUDED);
    limits[1].total_bytes--;
    limits[2].include_depth--;
    limits[3].element_depth--;
    limits[4].element_count--;
    limits[5].may_include = false;
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct faults faults = {0};
        struct xml_document *document = xml_load(path, &limits[i], NULL, &faults);

        ck_assert_uint_eq(faults.error_count, i > 0);
        ck_assert_int_eq(document != NULL, i == 0);
        ck_assert(i == 0 || edit_find_fault(&faults, EXPECTED[i]) != NULL);
        xml_destroy(document);
        faults_fini(&faults);
    }
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_limit_that_was_reached_stays_reached)
{
    static const char MANY[] = "<b xmlns=\"urn:wattyard:1\" a='' b='' c='' d='' e='' f='' g=''/>";
    struct xml_limits limits = XML_LIMITS_FILES;
    char *folder = tempdir_create();
    char *path = tempdir_write_text(
        folder, "main.xml", ROOT(INCLUDE("b.xml") "\n" INCLUDE("c.xml")));
    struct faults faults = {0};

    add(folder, "b.xml", MANY);
    add(folder, "c.xml", MANY);
    limits.element_count = 8; /* the main file has 4 attributes */
    ck_assert_ptr_null(xml_load(path, &limits, NULL, &faults));
    ck_assert_uint_eq(faults.error_count, 2);
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "href=\"b.xml\">: there are over 8 elements"));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "href=\"c.xml\">: there are over 8 elements"));
    faults_fini(&faults);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(memory_may_include_beside_the_name_that_it_has)
{
    static const char TEXT[] = ROOT(INCLUDE("b.xml"));
    char *folder = tempdir_create();
    char *name = tempdir_path(folder, "not-on-disk.xml");
    struct faults faults = {0};
    struct xml_document *document;

    add(folder, "b.xml", "<b xmlns=\"urn:wattyard:1\"/>");
    document = xml_parse(TEXT, strlen(TEXT), name, &XML_LIMITS_FILES, NULL, &faults);
    ck_assert_ptr_nonnull(document);
    check_where(xml_root(document), "a", "/not-on-disk.xml", 1);
    check_where(xml_first(xml_root(document)), "b", "/b.xml", 1);
    xml_destroy(document);
    faults_fini(&faults);
    mem_free(name);
    tempdir_remove(folder);
}
END_TEST

START_TEST(an_href_can_not_write_lines_of_its_own)
{
    char *folder = tempdir_create();
    struct loaded l = load_at(
        folder, ROOT("<xi:include href=\"x&#10;main.xml:1: all is well&#x9B;31m\"/>"), NULL);

    check_told(&l, "@/main.xml:1: <xi:include href=\"x main.xml:1: all is well?31m\">: there is no "
                   "file @/x main.xml:1: all is well?31m; mend the href\n");
    unload(&l);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("base/xml_include");
    TCase *tcase = tcase_create("include");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, an_included_root_stands_in_its_place_with_its_own_file_and_lines);
    tcase_add_test(tcase, one_file_may_be_included_twice_and_by_an_absolute_path);
    tcase_add_test(tcase, a_name_alone_is_also_looked_for_in_the_data_folder);
    tcase_add_loop_test(
        tcase, what_is_no_local_wattyard_file_is_refused_and_not_echoed, 0, COUNT(REFUSED_CASES));
    tcase_add_test(tcase, a_missing_file_names_both_places);
    tcase_add_test(tcase, a_file_without_permission_is_told);
    tcase_add_test(tcase, files_may_include_files_eight_deep);
    tcase_add_test(tcase, a_bomb_of_includes_ends_in_a_moment);
    tcase_add_test(tcase, limits_count_what_is_included);
    tcase_add_test(tcase, a_limit_that_was_reached_stays_reached);
    tcase_add_test(tcase, memory_may_include_beside_the_name_that_it_has);
    tcase_add_test(tcase, an_href_can_not_write_lines_of_its_own);
    suite_add_tcase(suite, tcase);
    return suite;
}
