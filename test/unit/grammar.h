/*
 * grammar.h
 *	  Is a text JSON?
 *
 * test/unit/grammar.h
 */
#ifndef QF_TEST_GRAMMAR_H
#define QF_TEST_GRAMMAR_H

#include <stdbool.h>

extern bool is_json(const char *text);

#endif							/* QF_TEST_GRAMMAR_H */
