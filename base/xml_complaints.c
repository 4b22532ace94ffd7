/* What libxml2 finds wrong with the markup, in words that say what to do. */
#include "base/str.h"
#include "base/utf8.h"
#include "base/xml_private.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SHOWN = 60, MESSAGE_SHOWN = 160 };

/* {1} and {2} are the names that libxml2 tells besides, {line} the line. */
struct wording {
    int code;
    bool is_consequence; /* follows from an earlier one, and says nothing then */
    const char *text;
};

static const struct wording WORDINGS[] = {
    {XML_ERR_DOCUMENT_EMPTY, false, "no element begins here; give an XML file"},
    {XML_ERR_DOCUMENT_END, true,
        "something stands behind the root element; take it out, or put it inside"},
    {XML_ERR_UNDECLARED_ENTITY, false,
        "entity &{1}; is not known; only &amp; &lt; &gt; &quot; &apos; are"},
    {XML_ERR_ENTITYREF_SEMICOL_MISSING, false, "a '&' stands alone; write &amp;"},
    {XML_ERR_NAME_REQUIRED, false, "a '&' stands alone; write &amp;"},
    {XML_ERR_LT_IN_ATTRIBUTE, false,
        "a '<' stands in an attribute's value; close the quotes before it, or write &lt;"},
    {XML_ERR_ATTRIBUTE_NOT_STARTED, false,
        "an attribute's value has no quotes; write name=\"value\""},
    {XML_ERR_ATTRIBUTE_WITHOUT_VALUE, false,
        "attribute '{1}' has no value; write it as name=\"value\""},
    {XML_ERR_ATTRIBUTE_NOT_FINISHED, false, "an attribute's value is not closed; add the quotes"},
    {XML_ERR_ATTRIBUTE_REDEFINED, false, "attribute '{1}' stands there twice; keep one"},
    {XML_ERR_SPACE_REQUIRED, true,
        "this is not how attributes are written; write a blank, then name=\"value\""},
    {XML_ERR_TAG_NAME_MISMATCH, false,
        "<{1}> of line {line} is still open where </{2}> stands; close it before"},
    {XML_ERR_TAG_NOT_FINISHED, true, "<{1}> of line {line} is not closed; add its end tag"},
    {XML_ERR_GT_REQUIRED, true, "the tag <{1} of line {line} is not closed; add '>' or '/>'"},
    {XML_ERR_LTSLASH_REQUIRED, true, "an end tag is missing; add it"},
    {XML_ERR_HYPHEN_IN_COMMENT, false, "'--' stands in a comment; take one '-' out"},
    {XML_ERR_COMMENT_NOT_FINISHED, false, "a comment is not closed; add -->"},
    {XML_ERR_CDATA_NOT_FINISHED, false, "a <![CDATA[ is not closed; add ]]>"},
    {XML_ERR_MISPLACED_CDATA_END, false, "']]>' stands in text; write ]]&gt;"},
    {XML_ERR_INVALID_CHAR, false, "a character stands here that XML has no place for; take it out"},
    {XML_ERR_INVALID_CHARREF, false,
        "a character is named by a number that is none; write &#65; or the like"},
    {XML_ERR_RESERVED_XML_NAME, false,
        "<?xml ...?> must be the very first of the file; move it there, or take it out"},
};

static const struct wording UNDECLARED_PREFIX = {XML_NS_ERR_UNDEFINED_NAMESPACE, false,
    "prefix '{1}' (of {2}) is not declared; write its xmlns:...=\"...\" in the root"};
static const struct wording UNDECLARED_XINCLUDE = {XML_NS_ERR_UNDEFINED_NAMESPACE, false,
    "prefix 'xi' is not declared; write xmlns:xi=\"" XML_XINCLUDE_NAMESPACE "\" in the root"};

static const struct wording *find_wording(const xmlError *error)
{
    if (error->domain == XML_FROM_NAMESPACE && error->code == XML_NS_ERR_UNDEFINED_NAMESPACE)
        return str_equal(error->str1, "xi") ? &UNDECLARED_XINCLUDE : &UNDECLARED_PREFIX;
    if (error->domain != XML_FROM_PARSER)
        return NULL;
    for (size_t i = 0; i < sizeof WORDINGS / sizeof *WORDINGS; i++)
        if (WORDINGS[i].code == error->code)
            return &WORDINGS[i];
    return NULL;
}

static void add_name(struct str *text, const char *name)
{
    if (name != NULL)
        str_add_bytes(text, name, utf8_cut(name, NAME_SHOWN));
}

static void add_wording(struct str *text, const char *wording, const xmlError *error)
{
    for (const char *c = wording; *c != '\0'; c++) {
        if (str_starts_with(c, "{1}"))
            add_name(text, error->str1);
        else if (str_starts_with(c, "{2}"))
            add_name(text, error->str2);
        else if (str_starts_with(c, "{line}"))
            str_format(text, "%d", error->int1);
        else
            str_add_bytes(text, c, 1);
        if (*c == '{')
            c = strchr(c, '}');
    }
}

/* libxml2's own words, where we have none. */
static void add_message(struct str *text, const char *message)
{
    size_t length = utf8_cut(message, MESSAGE_SHOWN);

    while (length > 0 && (message[length - 1] == '\n' || message[length - 1] == ' '))
        length--;
    str_add_bytes(text, message, length);
    str_add(text, "; mend the markup here or just before");
}

void xml_complain(void *context, xml_libxml_error *error)
{
    struct xml_complaints *complaints = context;
    const struct wording *wording = find_wording(error);
    struct xml_complaint *complaint = &complaints->list[complaints->count];
    struct str text = {0};

    if (error->level == XML_ERR_WARNING || complaints->count == XML_COMPLAINTS_MAX ||
        (wording != NULL && wording->is_consequence && complaints->count > 0))
        return;
    if (wording != NULL)
        add_wording(&text, wording->text, error);
    else
        add_message(&text, error->message != NULL ? error->message : "it can't be parsed");
    complaint->line = error->line;
    (void)snprintf(complaint->text, sizeof complaint->text, "%s", str_text(&text));
    complaints->count++;
    str_fini(&text);
}

int xml_tell_complaints(
    const struct xml_complaints *complaints, const char *file, struct faults *faults)
{
    for (size_t i = 0; i < complaints->count; i++)
        (void)faults_error(faults, (struct where){file, complaints->list[i].line},
            "this is not well-formed XML: %s", complaints->list[i].text);
    return complaints->count > 0 ? -1 : 0;
}
