/*
 * instant.h
 *	  Which instant does a text name?
 *
 * src/base/instant.h
 */
#ifndef QF_BASE_INSTANT_H
#define QF_BASE_INSTANT_H

extern bool qf_instant_read(const char *text, int64 *seconds);

#endif							/* QF_BASE_INSTANT_H */
