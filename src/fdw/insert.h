/*
 * insert.h
 *	  From a row to what a new object consists of.
 *
 * src/fdw/insert.h
 */
#ifndef QF_FDW_INSERT_H
#define QF_FDW_INSERT_H

#include "executor/tuptable.h"
#include "utils/relcache.h"

#include "api/request.h"
#include "base/option.h"

typedef struct QfInsert QfInsert;

extern QfInsert *qf_insert_create(Relation rel, const QfOptions *options,
								  CommandId statement);
extern int	qf_insert_members(QfInsert *insert, TupleTableSlot *slot,
							  QfMember **members);
extern bool qf_insert_sets(const QfInsert *insert, int attnum);

#endif							/* QF_FDW_INSERT_H */
