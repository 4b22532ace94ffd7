/*
 * interrupt: Ctrl-C and SIGTERM as a question that can be asked, so that long work ends cleanly.
 * The signals are blocked and polled: no handler, no global.
 */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include <stdbool.h>

/* Block SIGINT and SIGTERM for this thread and those it makes; call once, from an edge file. */
void interrupt_block(void);

/* Has one arrived since? It stays so: asking does not take it away. */
bool interrupt_pending(void);

/* Take one pending signal away, so that a second phase can be interrupted anew. */
void interrupt_take(void);

#endif
