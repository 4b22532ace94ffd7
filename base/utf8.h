/*
 * utf8: is text UTF-8, and where may it be cut. What comes from files and networks may be anything.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character that starts at bytes, of which count > 0 can be read: how many bytes it takes (1 to
 * 4), and its code point in *code. 0, with *code untouched, when these bytes are no UTF-8: broken,
 * longer than need be, a surrogate or past U+10FFFF (RFC 3629).
 */
size_t utf8_decode(const char *bytes, size_t count, uint32_t *code);

/* How many of the bytes, from the start, are UTF-8: count when all are. */
size_t utf8_valid_bytes(const char *bytes, size_t count);

/* The longest start of text that is at most max_bytes and ends between two characters. */
size_t utf8_cut(const char *text, size_t max_bytes);

#endif
