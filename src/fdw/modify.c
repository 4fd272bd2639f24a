/*
 * modify.c
 *	  Writing is refused with 55000.
 *
 * Core refuses a write to a foreign table with that SQLSTATE if the wrapper
 * has the callbacks for it but says the table does not allow it; without the
 * callbacks it would say that no such table ever could.
 *
 * src/fdw/modify.c
 */
#include "postgres.h"

#include "utils/rel.h"

#include "fdw/modify.h"

static _Noreturn void refuse(Relation rel);

/* None of INSERT, UPDATE and DELETE. */
int
qianfanIsForeignRelUpdatable(Relation rel)
{
	return 0;
}

/* ExecForeignInsert, ExecForeignUpdate and ExecForeignDelete. */
TupleTableSlot *
qianfanRefuseModify(EState *estate, ResultRelInfo *result_rel,
					TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	refuse(result_rel->ri_RelationDesc);
}

/* Core does not ask qianfanIsForeignRelUpdatable about TRUNCATE. */
void
qianfanExecForeignTruncate(List *rels, DropBehavior behavior,
						   bool restart_seqs)
{
	refuse(linitial(rels));
}

static void
refuse(Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("foreign table \"%s\" is read-only",
					RelationGetRelationName(rel))));
}
