/*
 * seen.h
 *	  Which texts of a list have been seen before.
 *
 * src/api/seen.h
 */
#ifndef QF_API_SEEN_H
#define QF_API_SEEN_H

typedef struct QfSeen QfSeen;

extern QfSeen *qf_seen_create(MemoryContext owner);
extern bool qf_seen_add(QfSeen *seen, const char *text);

#endif							/* QF_API_SEEN_H */
