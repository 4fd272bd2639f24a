/*
 * reader.c
 *	  How many rows whoever reads a scan can still want.
 *
 * Calls run ahead of the rows that are returned, and a call for a row that
 * nobody comes for is wasted.  So a scan looks at the plan above itself: a
 * Limit near it, or the number of rows the executor was asked for, says how
 * many rows are wanted; a node that reads its input to the end wants all.  In
 * between there are readers that may stop early without saying when, such as
 * EXISTS, a merge join, or a cursor.  For them, a scan runs ahead by one row
 * more than it has returned, and by no more than may be in flight.
 *
 * What is found out here decides about calls only, never about rows: whoever
 * asks for more gets more.
 *
 * src/fdw/reader.c
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "base/compat.h"
#include "fdw/reader.h"
#include "fdw/start.h"

/* What is known on the way from the top of a plan to the scan. */
typedef struct Demand
{
	const Limit *limit;			/* wants no more than it says; NULL: none */
	bool		exact;			/* each row of ours is one that counts */
	bool		one_more;		/* the row behind the limit is looked at, and
								 * perhaps more, one by one */
	bool		gradual;		/* others may give the rows as well as we */
	bool		drained;		/* somebody reads us to the end */
	bool		open_ended;		/* so does who runs the plan, if it runs to
								 * its end */
	bool		direct;			/* rows of the plan need no more of ours */
} Demand;

struct QfReader
{
	ScanState  *node;
	int64		most_ahead;		/* rows, for a reader that may stop early */
	Demand		demand;
	ExprState  *count;			/* of demand.limit; NULL: none */
	ExprState  *offset;			/* likewise */
	PlanState  *root;			/* top of the plan; or NULL */
	const LimitState *state;	/* of demand.limit, if others give it rows,
								 * too */
	bool		counts_passed;	/* can we tell which rows are wanted? */
	int64		limit;			/* rows wanted since the start; -1: unknown */
	int64		skipped;		/* of them, those thrown away at the start */
	int64		returned;		/* rows since the start */
	int64		passed;			/* of them, those that passed all quals */
	uint64		run;			/* of the executor, last seen */
	bool		came_back;		/* was there one before? */
	int64		run_passed;		/* rows that passed since it began */
};

/* What the executor was asked for by the run that is going on. */
typedef struct Run
{
	EState	   *estate;			/* NULL: none is */
	uint64		number;
	uint64		count;			/* rows; 0: all */
} Run;

static Run	current_run;
static ExecutorRun_hook_type previous_hook = NULL;

/* A search for a scan in the plans of a statement. */
typedef struct Search
{
	const PlannedStmt *statement;
	const Plan *target;
	Demand		found;
} Search;

static bool find_demand(Search *search, const Plan *plan, Demand demand);

/* ExecutorRun_hook: note how many rows are asked for. */
static void
note_run(QF_COMPAT_EXECUTOR_RUN_PARAMETERS)
{
	static uint64 last_number = 0;
	Run			outer = current_run;

	current_run.estate = queryDesc->estate;
	current_run.number = ++last_number;
	current_run.count = count;
	PG_TRY();
	{
		if (previous_hook != NULL)
			previous_hook(QF_COMPAT_EXECUTOR_RUN_ARGUMENTS);
		else
			standard_ExecutorRun(QF_COMPAT_EXECUTOR_RUN_ARGUMENTS);
	}
	PG_FINALLY();
	{
		current_run = outer;
	}
	PG_END_TRY();
}

/* Install the hook; called from _PG_init(). */
void
qf_reader_init(void)
{
	previous_hook = ExecutorRun_hook;
	ExecutorRun_hook = note_run;
}

/*
 * Below a node that may need more than one row for one of its own, or rows to
 * choose among, limits above say nothing.
 */
static Demand
blur(Demand demand)
{
	if (demand.limit != NULL)
		demand.open_ended = false;
	demand.limit = NULL;
	demand.exact = false;
	demand.one_more = false;
	demand.direct = false;
	return demand;
}

/*
 * Below a node that looks at the row behind those that are wanted, to see
 * whether it is like the last of them.
 */
static Demand
look_behind(Demand demand)
{
	if (demand.limit == NULL)
		return blur(demand);
	demand.exact = false;
	demand.one_more = true;
	demand.direct = false;
	return demand;
}

/* Below a node that may stop reading at any time. */
static Demand
may_stop(Demand demand)
{
	demand = blur(demand);
	demand.drained = false;
	demand.open_ended = false;
	return demand;
}

/* Below a node that reads everything before it returns anything. */
static Demand
drain(Demand demand)
{
	demand = blur(demand);
	demand.drained = true;
	demand.gradual = false;
	return demand;
}

/* Below one that gives its input's rows as they are. */
static Demand
pass(Demand demand, const Plan *plan)
{
	ListCell   *lc;

	if (plan->qual != NIL)
		return blur(demand);
	foreach(lc, plan->targetlist)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;

		if (!IsA(expr, Var) && !IsA(expr, Const))
			demand.exact = false;
	}
	return demand;
}

/* Below a Limit. */
static Demand
stop_at(Demand demand, const Limit *plan)
{
	Demand		below = {0};

	below.limit = plan;
	below.exact = true;

	/* What stops before this Limit does is not known here. */
	below.gradual = !demand.drained && !demand.open_ended;
	if (plan->limitOption != LIMIT_OPTION_COUNT)
		return look_behind(below);
	below.direct = demand.direct && plan->limitOffset == NULL;
	below.drained = plan->limitCount == NULL && demand.drained;
	below.open_ended = plan->limitCount == NULL && demand.open_ended;
	return below;
}

/* Below one of several inputs whose rows are put together. */
static Demand
share(Demand demand, bool at_once)
{
	demand.exact = false;
	demand.gradual = demand.gradual || at_once;
	return demand;
}

/* Search a list of plans that all face this demand. */
static bool
find_in_list(Search *search, List *plans, Demand demand)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		if (find_demand(search, lfirst(lc), demand))
			return true;
	}
	return false;
}

/* Search both sides of a join. */
static bool
find_in_join(Search *search, const Plan *plan, Demand demand)
{
	const Join *join = (const Join *) plan;
	Demand		outer = blur(demand);
	Demand		inner = outer;

	if (IsA(plan, MergeJoin))
		outer = inner = may_stop(demand);
	else if (join->inner_unique || join->jointype == JOIN_SEMI ||
			 join->jointype == JOIN_ANTI)
		inner = may_stop(demand);
	return find_demand(search, outerPlan(plan), outer) ||
		find_demand(search, innerPlan(plan), inner);
}

/*
 * Search the subqueries that a node has evaluated before it runs.  An array is
 * made of all rows; of the others it is not known how far they are read.
 */
static bool
find_in_init_plans(Search *search, const Plan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->initPlan)
	{
		const SubPlan *subplan = lfirst_node(SubPlan, lc);
		Demand		demand = {0};

		demand.drained = subplan->subLinkType == ARRAY_SUBLINK;
		if (find_demand(search, list_nth(search->statement->subplans,
										 subplan->plan_id - 1), demand))
			return true;
	}
	return false;
}

/* What a node demands of its one input, its left tree. */
static Demand
demand_below(const Plan *plan, Demand demand)
{
	switch (nodeTag(plan))
	{
		case T_Limit:
			return stop_at(demand, (const Limit *) plan);
		case T_Result:
			return pass(demand, plan);
		case T_Material:
		case T_LockRows:
			return share(demand, false);
		case T_Sort:
		case T_Hash:
		case T_ModifyTable:
			return drain(demand);
		case T_Agg:
			return ((const Agg *) plan)->aggstrategy == AGG_SORTED ?
				blur(demand) : drain(demand);
		case T_WindowAgg:
			return ((const WindowAgg *) plan)->runCondition != NIL ?
				may_stop(demand) : blur(demand);
		case T_IncrementalSort:
			return look_behind(demand);
		case T_Group:
		case T_Unique:
		case T_SetOp:
		case T_ProjectSet:
			return blur(demand);
		default:
			return may_stop(demand);
	}
}

/* Search at and below a plan that faces this demand. */
static bool
find_demand(Search *search, const Plan *plan, Demand demand)
{
	if (plan == NULL)
		return false;
	if (plan == search->target)
	{
		search->found = demand;
		return true;
	}
	check_stack_depth();
	if (find_in_init_plans(search, plan))
		return true;
	switch (nodeTag(plan))
	{
		case T_Append:
			demand = share(demand, ((const Append *) plan)->nasyncplans > 1);
			return find_in_list(search, ((const Append *) plan)->appendplans,
								demand);
		case T_MergeAppend:
			return find_in_list(search,
								((const MergeAppend *) plan)->mergeplans,
								share(demand, true));
		case T_SubqueryScan:
			return find_demand(search, ((const SubqueryScan *) plan)->subplan,
							   pass(demand, plan));
		case T_CustomScan:
			return find_in_list(search,
								((const CustomScan *) plan)->custom_plans,
								blur(demand));
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			return find_in_join(search, plan, demand);
		default:
			demand = demand_below(plan, demand);
			return find_demand(search, outerPlan(plan), demand) ||
				find_demand(search, innerPlan(plan), demand);
	}
}

/* What is demanded of a node, wherever it is in the statement. */
static Demand
demand_of(const PlannedStmt *statement, const Plan *target)
{
	Search		search = {0};
	Demand		top = {0};

	search.statement = statement;
	search.target = target;
	top.open_ended = true;
	top.direct = true;
	if (!find_demand(&search, statement->planTree, top))
	{
		/* Subqueries do not say how they are read: EXISTS takes one row. */
		memset(&top, 0, sizeof(top));
		(void) find_in_list(&search, statement->subplans, top);
	}
	return search.found;
}

/* Has an expression of a Limit a value that may change, or is costly? */
static bool
is_variable(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind != PARAM_EXTERN;
	return IsA(node, SubPlan) || IsA(node, AlternativeSubPlan) ||
		expression_tree_walker(node, is_variable, context);
}

/* Prepare an expression of a Limit; false if it cannot be relied on. */
static bool
prepare(ScanState *node, Node *expr, ExprState **state)
{
	*state = NULL;
	if (expr == NULL)
		return true;
	if (contain_mutable_functions(expr) || is_variable(expr, NULL))
		return false;
	*state = ExecInitExpr((Expr *) expr, &node->ps);
	return true;
}

static bool
has_subplan(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, SubPlan) || IsA(node, AlternativeSubPlan) ||
		expression_tree_walker(node, has_subplan, context);
}

/*
 * qf_reader_find
 *		Find out who reads a scan, in the current context, which is to live as
 *		long as the scan.  Of rows that may not be wanted, most_ahead will be
 *		asked for at most.
 */
QfReader *
qf_reader_find(ScanState *node, int most_ahead)
{
	QfReader   *reader = palloc0_object(QfReader);
	Node	   *quals = (Node *) node->ps.plan->qual;

	reader->node = node;
	reader->most_ahead = most_ahead;
	reader->demand = demand_of(node->ps.state->es_plannedstmt,
							   node->ps.plan);
	if (reader->demand.limit != NULL &&
		(!prepare(node, reader->demand.limit->limitCount, &reader->count) ||
		 !prepare(node, reader->demand.limit->limitOffset, &reader->offset)))
		reader->demand = may_stop(reader->demand);
	qf_start_want_root(&reader->root);

	/* To count rows that pass is to evaluate the quals once more. */
	reader->counts_passed = !contain_volatile_functions(quals) &&
		!has_subplan(quals, NULL);
	return reader;
}

/* The value of an expression of a Limit; "missing" for NULL or none. */
static int64
evaluate(ExprState *state, ExprContext *econtext, int64 missing)
{
	bool		isnull;
	Datum		value;

	if (state == NULL)
		return missing;
	value = ExecEvalExprSwitchContext(state, econtext, &isnull);
	return isnull ? missing : Max(DatumGetInt64(value), 0);
}

/* Walker: find the node of our Limit. */
static bool
find_limit(PlanState *state, void *context)
{
	QfReader   *reader = context;

	if (state->plan != (const Plan *) reader->demand.limit)
		return planstate_tree_walker(state, find_limit, context);
	reader->state = (const LimitState *) state;
	return true;
}

/*
 * qf_reader_start
 *		The scan starts, or starts over.  A Limit above has looked at its
 *		expressions by now, and refused what it does not take.
 */
void
qf_reader_start(QfReader *reader)
{
	ExprContext *econtext = reader->node->ps.ps_ExprContext;
	int64		count = evaluate(reader->count, econtext, -1);
	int64		offset = evaluate(reader->offset, econtext, 0);

	/* Of several inputs, each one knows its own rows only. */
	if (reader->demand.limit != NULL && !reader->demand.exact &&
		reader->root != NULL && reader->state == NULL)
		(void) find_limit(reader->root, reader);
	reader->limit = -1;
	if (count >= 0 && offset < PG_INT64_MAX - count)
		reader->limit = offset + count + (reader->demand.one_more ? 1 : 0);
	reader->skipped = reader->demand.exact ? offset : 0;
	reader->returned = 0;
	reader->passed = 0;
}

/* Look whether the executor has been asked for more. */
static void
look_at_run(QfReader *reader)
{
	if (current_run.number == reader->run)
		return;
	reader->came_back = reader->run != 0;
	reader->run = current_run.number;
	reader->run_passed = 0;
}

/* Is there a bound that counts rows which have passed all quals? */
static bool
is_bounded(const QfReader *reader)
{
	return reader->counts_passed &&
		(reader->limit >= 0 ||
		 (reader->demand.direct && current_run.count > 0));
}

/*
 * qf_reader_count
 *		The scan returns a row.  Under a limit, find out whether the row passes
 *		the quals, as the executor will once more.
 */
void
qf_reader_count(QfReader *reader, TupleTableSlot *slot)
{
	ScanState  *node = reader->node;

	reader->returned++;
	if (!is_bounded(reader))
		return;
	look_at_run(reader);
	node->ps.ps_ExprContext->ecxt_scantuple = slot;
	if (node->ps.qual == NULL ||
		ExecQual(node->ps.qual, node->ps.ps_ExprContext))
	{
		reader->passed++;
		reader->run_passed++;
	}
}

/* The same for who returns no row that has not passed all quals. */
void
qf_reader_count_passed(QfReader *reader)
{
	reader->returned++;
	look_at_run(reader);
	reader->passed++;
	reader->run_passed++;
}

/* Rows that this run of the executor can still want; -1: unknown. */
static int64
wanted_by_run(const QfReader *reader)
{
	if (!reader->demand.direct || !reader->counts_passed ||
		current_run.estate != reader->node->ps.state ||
		current_run.count <= reader->run_passed)
		return -1;
	return current_run.count - reader->run_passed;
}

/*
 * qf_reader_left
 *		How many more rows a Limit above can want at most; -1: there is none.
 */
int64
qf_reader_left(const QfReader *reader)
{
	int64		left;

	if (!reader->counts_passed)
		return -1;
	left = reader->limit - reader->passed;
	if (left <= 0)
		return reader->limit >= 0 && reader->demand.one_more ? 1 : -1;
	if (reader->state != NULL)
		left = Min(left, Max(reader->limit - reader->state->position, 1));
	return left;
}

/*
 * qf_reader_wanted
 *		How many more rows it makes sense to ask for; -1: any number.
 */
int64
qf_reader_wanted(QfReader *reader)
{
	const Demand *demand = &reader->demand;
	int64		some = Min(reader->returned + 1, reader->most_ahead);
	int64		left = qf_reader_left(reader);
	int64		by_run;

	look_at_run(reader);
	if (reader->limit < 0 &&
		(demand->drained ||
		 (demand->open_ended && current_run.count == 0 &&
		  current_run.estate == reader->node->ps.state)))
		return -1;

	/* Who has come back once may do so again. */
	by_run = wanted_by_run(reader);
	if (by_run >= 0 && reader->came_back)
		by_run = Max(by_run, some);
	if (left < 0)
		return by_run >= 0 ? by_run : some;
	if (by_run >= 0)
		left = Min(left, by_run);
	return demand->gradual ? Min(left, some) : left;
}

/* Rows wanted from the start on, as far as is known; -1: any number. */
int64
qf_reader_limit(const QfReader *reader)
{
	return reader->limit;
}

/* Rows from the start on that are thrown away unseen. */
int64
qf_reader_skipped(const QfReader *reader)
{
	return reader->skipped;
}

/* Can there be such rows? */
bool
qf_reader_may_skip(const QfReader *reader)
{
	return reader->demand.exact && reader->offset != NULL;
}
