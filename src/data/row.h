/*
 * row.h
 *	  From a task object to the columns of a table.
 *
 * src/data/row.h
 */
#ifndef QF_DATA_ROW_H
#define QF_DATA_ROW_H

#include "nodes/bitmapset.h"
#include "utils/relcache.h"

#include "base/credential.h"
#include "data/json.h"
#include "data/field.h"
#include "resource/resource.h"

typedef struct QfRow QfRow;

extern QfRow *qf_row_create(Relation rel, const QfResource *resource,
							Bitmapset *needed);
extern void qf_row_set_credential(QfRow *row, const QfCredential *credential);
extern void qf_row_fill(QfRow *row, const QfJson *object, const char *id,
						Datum *values, bool *isnull);
extern bool qf_row_lacks_member(const QfRow *row, const QfJson *object);

#endif							/* QF_DATA_ROW_H */
