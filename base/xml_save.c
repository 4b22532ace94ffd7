/* A document back to text. */
#include "base/str.h"
#include "base/xml.h"
#include "base/xml_private.h"

void xml_save_text(const struct xml_document *document, struct str *out)
{
    xmlChar *text = NULL;
    int count = 0;

    xmlDocDumpMemoryEnc(document->files[0]->doc, &text, &count, "UTF-8");
    if (text != NULL)
        str_add_bytes(out, (const char *)text, (size_t)count);
    xmlFree(text);
}
