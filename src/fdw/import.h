/*
 * import.h
 *	  IMPORT FOREIGN SCHEMA.
 *
 * src/fdw/import.h
 */
#ifndef QF_FDW_IMPORT_H
#define QF_FDW_IMPORT_H

#include "nodes/parsenodes.h"

extern List *qianfanImportForeignSchema(ImportForeignSchemaStmt *statement,
										Oid serverid);
extern void qf_import_execute(const char *command);

#endif							/* QF_FDW_IMPORT_H */
