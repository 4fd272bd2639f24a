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

#endif							/* QF_FDW_IMPORT_H */
