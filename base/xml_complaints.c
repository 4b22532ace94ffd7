/* What libxml2 finds wrong with the markup, in words that say what to do. */
#include "base/str.h"
#include "base/utf8.h"
#include "base/xml_private.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SHOWN = 60, MESSAGE_SHOWN = 160 };

/* Behind which earlier complaints it says nothing, as it comes of them. */
enum consequence { OF_NONE, OF_THE_LINE, OF_ANY };

/* {1} and {2} are the names that libxml2 tells besides, {line} the line. */
struct wording {
    int code;
    enum consequence consequence;
    const char *text;
};

static const struct wording WORDINGS[] = {
    {XML_ERR_DOCUMENT_EMPTY, OF_NONE, "no element begins here; give an XML file"},
    {XML_ERR_DOCUMENT_END, OF_ANY,
        "something stands behind the root element; take it out, or put it inside"},
    {XML_ERR_UNDECLARED_ENTITY, OF_NONE,
        "entity &{1}; is not known; only &amp; &lt; &gt; &quot; &apos; are"},
    {XML_ERR_ENTITYREF_SEMICOL_MISSING, OF_NONE, "a '&' stands alone; write &amp;"},
    {XML_ERR_NAME_REQUIRED, OF_NONE, "a '&' stands alone; write &amp;"},
    {XML_ERR_LT_IN_ATTRIBUTE, OF_NONE,
        "a '<' stands in an attribute's value; close the quotes before it, or write &lt;"},
    {XML_ERR_ATTRIBUTE_NOT_STARTED, OF_NONE,
        "an attribute's value has no quotes; write name=\"value\""},
    {XML_ERR_ATTRIBUTE_WITHOUT_VALUE, OF_NONE,
        "attribute '{1}' has no value; write it as name=\"value\""},
    {XML_ERR_ATTRIBUTE_NOT_FINISHED, OF_NONE, "an attribute's value is not closed; add the quotes"},
    {XML_ERR_ATTRIBUTE_REDEFINED, OF_NONE, "attribute '{1}' stands there twice; keep one"},
    {XML_ERR_SPACE_REQUIRED, OF_THE_LINE,
        "this is not how attributes are written; write a blank, then name=\"value\", and '>' "
        "behind the last"},
    {XML_ERR_TAG_NAME_MISMATCH, OF_NONE,
        "<{1}> of line {line} is still open where </{2}> stands; close it before"},
    {XML_ERR_TAG_NOT_FINISHED, OF_ANY, "<{1}> of line {line} is not closed; add its end tag"},
    {XML_ERR_GT_REQUIRED, OF_THE_LINE,
        "the tag <{1} of line {line} is not closed; add '>' or '/>'"},
    {XML_ERR_LTSLASH_REQUIRED, OF_THE_LINE, "an end tag is missing; add it"},
    {XML_ERR_HYPHEN_IN_COMMENT, OF_NONE, "'--' stands in a comment; take one '-' out"},
    {XML_ERR_COMMENT_NOT_FINISHED, OF_NONE, "a comment is not closed; add -->"},
    {XML_ERR_CDATA_NOT_FINISHED, OF_NONE, "a <![CDATA[ is not closed; add ]]>"},
    {XML_ERR_MISPLACED_CDATA_END, OF_NONE, "']]>' stands in text; write ]]&gt;"},
    {XML_ERR_INVALID_HEX_CHARREF, OF_NONE,
        "a '&#x' names no character; write it as &#x41;, or the character itself"},
    {XML_ERR_INVALID_DEC_CHARREF, OF_NONE,
        "a '&#' names no character; write it as &#65;, or the character itself"},
    {XML_ERR_INVALID_CHAR, OF_THE_LINE,
        "a character is named that XML has no place for; take it out"},
    {XML_ERR_RESERVED_XML_NAME, OF_NONE,
        "<?xml ...?> must be the very first of the file; move it there, or take it out"},
};

static const struct wording UNDECLARED_PREFIX = {XML_NS_ERR_UNDEFINED_NAMESPACE, OF_NONE,
    "prefix '{1}' (of {2}) is not declared; write its xmlns:...=\"...\" in the root"};
static const struct wording UNDECLARED_XINCLUDE = {XML_NS_ERR_UNDEFINED_NAMESPACE, OF_NONE,
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

static bool is_told_already(const struct xml_complaints *complaints, const xmlError *error)
{
    const struct wording *wording = find_wording(error);

    if (complaints->count == 0 || wording == NULL)
        return false;
    return wording->consequence == OF_ANY ||
           (wording->consequence == OF_THE_LINE &&
               complaints->list[complaints->count - 1].line == error->line);
}

void xml_complain(void *context, xml_libxml_error *error)
{
    struct xml_complaints *complaints = context;
    const struct wording *wording = find_wording(error);
    struct xml_complaint *complaint;
    struct str text = {0};

    if (error->level == XML_ERR_WARNING || complaints->count == XML_COMPLAINTS_MAX ||
        is_told_already(complaints, error))
        return;
    if (wording != NULL)
        add_wording(&text, wording->text, error);
    else
        add_message(&text, error->message != NULL ? error->message : "it can't be parsed");
    complaint = &complaints->list[complaints->count++];
    complaint->line = error->line;
    (void)snprintf(complaint->text, sizeof complaint->text, "%s", str_text(&text));
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
