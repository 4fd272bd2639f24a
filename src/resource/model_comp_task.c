/*
 * model_comp_task.c
 *	  Model compression tasks: DescribeModelCompTask, DescribeModelCompTasks,
 *	  CreateModelCompTask, CancelModelCompTask and DeleteModelCompTask.
 *
 * Where the documentation spells a member in two ways ("status" in its field
 * tables, "state" in its examples), the field table's name comes first: it is
 * what the vendor's own clients read from live answers.
 *
 * src/resource/model_comp_task.c
 */
#include "postgres.h"

#include "resource/resource.h"

static const QfColumn columns[] = {
	{"id", "text", {"id"}, QF_VALUE_TEXT, true,
	"identifier of the compression task"},
	{"name", "text", {"name"}, QF_VALUE_TEXT, true,
	"name of the task"},
	{"state", "text", {"status", "state"}, QF_VALUE_TEXT, true,
	"creating, running, succeeded, failed, stopping or stopped, as the API sent it"},
	{"source_model_id", "text", {"sourceModelId"}, QF_VALUE_REFERENCE, true,
	"model version that is compressed"},
	{"model_id", "text", {"modelId", "targetModelId"}, QF_VALUE_REFERENCE, true,
	"model version that was produced, once the task has succeeded"},
	{"strategy", "text", {"config.strategy"}, QF_VALUE_TEXT, false,
	"Quantization or Sparsity"},
	{"weight", "text", {"config.weight"}, QF_VALUE_TEXT, false,
	"quantization of the weights, for strategy Quantization"},
	{"sparsity_ratio", "float8", {"config.sparsityRatio"}, QF_VALUE_NUMBER, false,
	"share of weights set to zero, for strategy Sparsity"},
	{"create_time", "timestamptz", {"createTime"}, QF_VALUE_TIME, true,
	"when the task was created"},
	{"finish_time", "timestamptz", {"finishTime"}, QF_VALUE_TIME, true,
	"when the task ended"},
	{"failed_reason", "text", {"failedReason"}, QF_VALUE_REASON, false,
	"why the task failed"},
	{"description", "text", {"description"}, QF_VALUE_TEXT, true,
	"description of the task"},
	{"config", "jsonb", {"config"}, QF_VALUE_JSON, false,
	"the whole compression configuration"},
	{"model_set_id", "text", {"modelSetId"}, QF_VALUE_REFERENCE, false,
	"model that the produced version will belong to; only INSERT uses it", true},
};

static const QfFilter filters[] = {
	{"source_model_id", "sourceModelId"},
};

/* The last one is in examples only. */
static const char *const final_states[] = {
	"succeeded", "failed", "stopped", "Done", NULL
};

static const QfNewMember new_members[] = {
	{"name", true},
	{"description", false},
	{"sourceModelId", true},
	{"modelSetId", true},
	{"config", false},
	{"config.strategy", true},
	{"config.weight", false},
};

static const char *const cancelled_states[] = {
	"stopping", "stopped", NULL
};

static const QfWrites writes = {
	.create_action = "CreateModelCompTask",
	.cancel_action = "CancelModelCompTask",
	.delete_action = "DeleteModelCompTask",
	.members = new_members,
	.nmembers = lengthof(new_members),
	.name_member = "name",
	.origin_member = "sourceModelId",
	.created_member = "createTime",
	.cancelled_states = cancelled_states,
};

static const char *const good_states[] = {
	"succeeded", "Done", NULL
};

const QfResource qf_model_comp_task = {
	.name = "model_comp_tasks",
	.comment = "model compression tasks of Baidu Qianfan",
	.noun = gettext_noop("task"),
	.nouns = gettext_noop("tasks"),
	.path = "/v2/model",
	.detail_action = "DescribeModelCompTask",
	.detail_key = "modelCompTaskId",
	.list_action = "DescribeModelCompTasks",
	.list_member = "modelCompTaskList",
	.paging = &qf_paging,
	.id_field = "id",
	.state_fields = {"status", "state"},
	.final_states = final_states,
	.good_states = good_states,
	.created_column = "create_time",
	.ended_column = "finish_time",
	.columns = columns,
	.ncolumns = lengthof(columns),
	.filters = filters,
	.nfilters = lengthof(filters),
	.writes = &writes,
	.order_column = "create_time",
};
