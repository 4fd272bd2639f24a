/*
 * start.c
 *	  What has to be done around the start of an execution: JIT is kept from
 *	  starting for round trips, and scans learn the top of their plan.
 *
 * A hook of the planner would come too late for the statement that loads this
 * library, and BeginForeignScan for expressions that are compiled before it.
 *
 * src/fdw/start.c
 */
#include "postgres.h"

#include "executor/executor.h"

#include "fdw/jit.h"
#include "fdw/start.h"

/* The start that is going on; there may be one within another. */
typedef struct Start
{
	struct Start *outer;
	List	   *roots;			/* of PlanState **, to be set at its end */
} Start;

static Start *current_start = NULL;
static ExecutorStart_hook_type previous_hook = NULL;

/*
 * ExecutorStart_hook.  The statement may be kept for further executions, so
 * its flags are put back.
 */
static void
start_execution(QueryDesc *query, int eflags)
{
	PlannedStmt *statement = query->plannedstmt;
	int			flags = statement->jitFlags;
	Start		start = {current_start, NIL};
	ListCell   *lc;

	statement->jitFlags = qf_jit_flags(statement);
	current_start = &start;
	PG_TRY();
	{
		if (previous_hook != NULL)
			previous_hook(query, eflags);
		else
			standard_ExecutorStart(query, eflags);
	}
	PG_FINALLY();
	{
		current_start = start.outer;
		statement->jitFlags = flags;
	}
	PG_END_TRY();

	foreach(lc, start.roots)
		* (PlanState **) lfirst(lc) = query->planstate;
}

/* Install the hook; called from _PG_init(). */
void
qf_start_init(void)
{
	previous_hook = ExecutorStart_hook;
	ExecutorStart_hook = start_execution;
}

/*
 * qf_start_want_root
 *		Have *root set to the topmost node of the execution, once it is there;
 *		to be called by a node that begins.
 *
 * It is not set for nodes that EvalPlanQual begins.
 */
void
qf_start_want_root(PlanState **root)
{
	if (current_start != NULL)
		current_start->roots = lappend(current_start->roots, root);
}
